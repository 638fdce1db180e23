import type { Findings } from './findings.ts';
import type { CheckedRecord } from './record-chain.ts';

/** Where the record of a decision stands. */
interface Place {
  readonly file: string;
  readonly line: number;
}

interface Demand extends Place {
  readonly record: string;
  readonly sequence: number;
  readonly revision: number;
}

/**
 * Follows the revisions that decisions were taken at: within one opening of the store they never decrease, and each
 * is one of the change log. Results of a search are taken at the revision of its first page, so they may be older.
 */
export class RevisionCheck {
  private readonly findings: Findings;
  private readonly latest = new Map<string, number>();
  /** The first record, by sequence, that needs each higher revision than all before it. */
  private readonly demands: Demand[] = [];

  constructor(findings: Findings) {
    this.findings = findings;
  }

  take({ id, sequence, revision, search }: CheckedRecord, place: Place): void {
    if (revision === undefined) {
      this.findings.fault({
        ...place,
        record: id,
        message: `record ${id} does not say at which revision it was decided`,
      });
      return;
    }
    const point = revision.lastIndexOf('.');
    const epoch = revision.slice(0, Math.max(0, point));
    const number = Number(revision.slice(point + 1));
    const latest = this.latest.get(epoch) ?? 0;
    if (number > (this.demands.at(-1)?.revision ?? 0)) {
      this.demands.push({ ...place, record: id, sequence, revision: number });
    }
    if (search) return;
    if (number < latest) {
      const message = `record ${id} was decided at revision ${number}, after others at revision ${latest}`;
      this.findings.fault({ ...place, record: id, message });
    }
    this.latest.set(epoch, Math.max(latest, number));
  }

  /**
   * Says which decisions rest on changes that the change log does not have.
   *
   * @param revision the last one of the change log
   * @param covered the records that a checkpoint was made of, before which the change log was written
   */
  close(revision: number, covered: number): void {
    const beyond = this.demands.find((demand) => demand.revision > revision);
    if (beyond === undefined) return;
    const { record, sequence, file, line } = beyond;
    const message = `record ${record} was decided at revision ${beyond.revision}, and the change log ends at ${revision}`;
    if (sequence <= covered) this.findings.fault({ file, line, record, message });
    else this.findings.note({ file, line, record, message: `${message}: it may not have been written yet` });
  }
}
