import type { StoredDecision } from '../../audit/log.ts';
import type { RecordRange, RecordSource } from '../../audit/records/record-source.ts';
import type { Caller } from '../../callers/caller.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { noBundle } from '../bundles/no-bundle.ts';
import { type Failure, failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { PageTime, Turns } from '../turns.ts';
import { drawPlaces, isWithin, type Period, placesOf } from './choose.ts';
import { History } from './history.ts';
import { addTotals, NOTHING_REPLAYED, type ReplayTotals, replayRecords } from './replay-records.ts';

/** Which records are replayed: all of a period, or so many of it. */
export interface ReplayRequest extends Period {
  /** How many are drawn; absent: all. */
  readonly sample?: number | undefined;
  /** What they are drawn by; absent: the hash of the last record. */
  readonly seed?: string | undefined;
}

export interface ReplayPage {
  readonly totals: ReplayTotals;
  /** How many records the whole replay looks at, and how many it has looked at with this page. */
  readonly of: number;
  readonly looked: number;
  readonly seed?: string;
  /** Where the next page goes on; absent where this was the last one. */
  readonly next?: string;
}

/** What all pages of one replay have in common, and how far the last one came. */
interface Position {
  readonly range: RecordRange;
  readonly sample?: number;
  readonly seed?: string;
  readonly looked: number;
}

export const MOST_DRAWN = 100_000;
/** Milliseconds that a state of the past is kept for the next page. */
const KEPT_MS = 60_000;
/** Records that are read at a time, some milliseconds of work: between them it is looked whether the time is over. */
const RECORDS_PER_READ = 16;

/** Replays on a server that answers checks meanwhile: page by page, in turns, one at a time. */
export class Replays {
  private readonly ledger: Ledger;
  private readonly records: RecordSource;
  private readonly turns = new Turns();
  private last: Promise<unknown> = Promise.resolve();
  private history: History | undefined;
  private forget: NodeJS.Timeout | undefined;

  constructor(ledger: Ledger, records: RecordSource) {
    this.ledger = ledger;
    this.records = records;
  }

  /**
   * One page of a replay, which takes `LIMITS.searchPageMs` or a little more.
   *
   * @param token the `next` of the page before; the request must be the same
   */
  async page(request: ReplayRequest, token: string | undefined, caller: Caller): Promise<Result<ReplayPage, Failure>> {
    const permitted = requireRole(caller, 'audit', 'administer');
    if (!permitted.ok) return permitted;
    const begun = token === undefined ? this.begin(request) : resume(token);
    if (!begun.ok) return begun;
    // One at a time: they share the states of the past.
    const replayed = this.last.then(() => this.replay(request, begun.value));
    this.last = replayed.catch(() => undefined);
    return ok(await replayed);
  }

  private begin(request: ReplayRequest): Result<Position, Failure> {
    const { from, to, sample, seed } = request;
    if (from !== undefined && to !== undefined && from >= to) {
      const message = 'from must be before to';
      return err(failure('invalid', message, [{ field: 'from', message }]));
    }
    const range = placesOf(this.records, request);
    if (sample === undefined) return ok({ range, looked: 0 });
    return ok({ range, sample, seed: seed ?? this.records.at(range.last)?.hash ?? '', looked: 0 });
  }

  private async replay(period: Period, position: Position): Promise<ReplayPage> {
    const { range, sample, seed, looked: before } = position;
    const drawn = sample === undefined ? undefined : drawPlaces(range, sample, seed ?? '');
    const of = drawn?.length ?? Math.max(0, range.last - range.first + 1);
    const time = new PageTime(this.turns);
    const pause = (): Promise<void> | undefined => (time.isTurnOver ? time.nextTurn() : undefined);
    const history = this.keptHistory(pause);
    let totals = NOTHING_REPLAYED;
    let looked = before;
    while (looked < of && (looked === before || !time.isPageOver)) {
      const count = Math.min(RECORDS_PER_READ, of - looked);
      const read: readonly StoredDecision[] =
        drawn === undefined
          ? [...this.records.between(range.first + looked, range.first + looked + count - 1)]
          : drawn.slice(looked, looked + count).flatMap((place) => this.records.at(place) ?? []);
      const asked = read.filter(({ at }) => isWithin(at, period));
      totals = addTotals(totals, await replayRecords(asked, history, { pause }));
      looked += count;
    }
    this.keep(history);
    return {
      totals,
      of,
      looked,
      ...(seed === undefined ? undefined : { seed }),
      ...(looked < of ? { next: toToken({ ...position, looked }) } : undefined),
    };
  }

  private keptHistory(pause: () => Promise<void> | undefined): History {
    clearTimeout(this.forget);
    const { store } = this.ledger;
    return this.history?.pausing(pause) ?? new History({ store, fallback: noBundle(), from: 'rows', pause });
  }

  private keep(history: History): void {
    this.history = history;
    this.forget = setTimeout(() => {
      this.history = undefined;
    }, KEPT_MS);
    this.forget.unref();
  }
}

function toToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** A token seals nothing: whoever may ask may replay any record. It only has to be one. */
function resume(token: string): Result<Position, Failure> {
  try {
    const { range, sample, seed, looked } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Position;
    const isDrawn = isCount(sample) && sample <= MOST_DRAWN && typeof seed === 'string';
    if (isCount(range.first) && isCount(range.last) && isCount(looked) && (sample === undefined || isDrawn)) {
      return ok({ range, looked, ...(sample === undefined ? undefined : { sample, seed: seed ?? '' }) });
    }
  } catch {
    // It is said below.
  }
  const message = 'after: this is no next of a page: begin again without it';
  return err(failure('invalid', message, [{ field: 'after', message }]));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
