import type { Evidence } from '../../audit/checkpoints/evidence.ts';
import type { RecordSource } from '../../audit/records/record-source.ts';
import type { Caller } from '../../callers/caller.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { PageTime, Turns } from '../turns.ts';
import { collectReport, type ReportOptions } from './report.ts';
import type { AuditReport, ChainResult } from './report-data.ts';

export type ReportRequest = Omit<ReportOptions, 'looked'>;

/** Reports on a server that answers checks meanwhile: in turns, one at a time. */
export class Reports {
  private readonly ledger: Ledger;
  private readonly records: RecordSource;
  private readonly evidence: Evidence | undefined;
  private readonly turns = new Turns();
  private isMaking = false;

  constructor(ledger: Ledger, records: RecordSource, evidence: Evidence | undefined) {
    this.ledger = ledger;
    this.records = records;
    this.evidence = evidence;
  }

  /** @param signal aborts it: nobody waits for the report any more */
  async report(request: ReportRequest, caller: Caller, signal: AbortSignal): Promise<Result<AuditReport, Failure>> {
    const permitted = requireRole(caller, 'audit', 'administer');
    if (!permitted.ok) return permitted;
    if (this.isMaking) return err(failure('conflict', 'another report is being made: try again when it is done'));
    this.isMaking = true;
    const time = new PageTime(this.turns);
    const pause = (): Promise<void> | undefined => {
      signal.throwIfAborted();
      return time.isTurnOver ? time.nextTurn() : undefined;
    };
    try {
      const { store } = this.ledger;
      const chain = await this.chain();
      return ok(await collectReport({ store, records: this.records, statesFrom: 'rows', pause }, request, chain));
    } finally {
      this.isMaking = false;
    }
  }

  private async chain(): Promise<ChainResult> {
    const none = { verified: 'not_verified', faults: [], notes: [] } as const;
    if (this.evidence === undefined) return none;
    const { checkpoint, note } = await this.evidence.checkpoint();
    const { size, at, root } = checkpoint;
    return { ...none, checkpoint: { size, time: new Date(at).toISOString(), root, note } };
  }
}
