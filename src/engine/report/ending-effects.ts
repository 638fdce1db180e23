import type { StoredDecision } from '../../audit/log.ts';
import type { ChainTrace, Step } from '../../core/path/trace.ts';
import type { Ending } from './endings.ts';
import type { RecordPlace, RevocationFigures } from './report-data.ts';

/** What became of the decisions around an ending. */
export interface Effect {
  readonly lastAllow: RecordPlace | undefined;
  readonly firstDenial: RecordPlace | undefined;
  readonly allowsAfter: number;
}

interface Watched {
  readonly ending: Ending;
  lastAllow?: RecordPlace;
  firstDenial?: RecordPlace;
  allowsAfter: number;
}

/** Beyond so many, more of them tell nothing new. */
const MOST_VIOLATIONS = 100;

/**
 * Holds decisions against everything that had ended: the last one before that was allowed through it, the first after
 * that was denied because of it, and those that were allowed through it all the same, of which there must be none
 * (invariants 15, 31 and 36). Before and after go by revisions, which have one order, and not by clocks.
 */
export class EndingEffects {
  readonly violations: RevocationFigures['violations'][number][] = [];
  violationCount = 0;
  private readonly bySubject = new Map<string, Watched[]>();

  constructor(endings: readonly Ending[]) {
    for (const ending of endings) {
      const watched = this.bySubject.get(ending.subject);
      const one: Watched = { ending, allowsAfter: 0 };
      if (watched === undefined) this.bySubject.set(ending.subject, [one]);
      else watched.push(one);
    }
  }

  add(record: StoredDecision): void {
    const { chain, others, allowed } = record.decision;
    if (allowed) {
      if (chain !== undefined) this.addAllow(record, chain);
      return;
    }
    for (const tried of chain === undefined ? others : [chain, ...others]) {
      for (const step of tried.steps) this.addDenial(record, step);
    }
  }

  of(ending: Ending): Effect {
    const watched = this.bySubject.get(ending.subject)?.find((one) => one.ending === ending);
    return {
      lastAllow: watched?.lastAllow,
      firstDenial: watched?.firstDenial,
      allowsAfter: watched?.allowsAfter ?? 0,
    };
  }

  private addAllow(record: StoredDecision, { steps }: ChainTrace): void {
    const { revision } = record.decision;
    for (const step of steps) {
      for (const watched of this.watchedBy(step, record.request.origin)) {
        const { ending } = watched;
        if (revision < ending.revision) watched.lastAllow = placeOf(record);
        else if (ending.until === undefined || revision < ending.until) {
          watched.allowsAfter += 1;
          this.violate(record, ending.subject, `it was ${ending.kind} at revision ${ending.revision}`);
        }
      }
      if (step.kind === 'edge' && step.expires_at !== undefined && record.at >= step.expires_at) {
        this.violate(record, step.delegation, `it ended ${new Date(step.expires_at).toISOString()}`);
      }
    }
  }

  private addDenial(record: StoredDecision, step: Step): void {
    for (const watched of this.watchedBy(step, record.request.origin)) {
      const { ending } = watched;
      if (watched.firstDenial !== undefined || record.decision.revision < ending.revision) continue;
      if (ending.until !== undefined && record.decision.revision >= ending.until) continue;
      if (step.reasons.includes(ending.kind)) watched.firstDenial = placeOf(record);
    }
  }

  private watchedBy(step: Step, origin: string): readonly Watched[] {
    const subject = step.kind === 'edge' ? step.delegation : step.principal;
    const watched = this.bySubject.get(subject) ?? [];
    return watched.filter(({ ending }) => ending.origin === undefined || ending.origin === origin);
  }

  private violate(record: StoredDecision, subject: string, why: string): void {
    this.violationCount += 1;
    if (this.violations.length >= MOST_VIOLATIONS) return;
    this.violations.push({ record: record.id, at: new Date(record.at).toISOString(), subject, why });
  }
}

function placeOf({ id, at, decision }: StoredDecision): RecordPlace {
  return { record: id, at: new Date(at).toISOString(), revision: decision.revision };
}
