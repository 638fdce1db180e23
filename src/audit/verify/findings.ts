/** Something that an auditor should know, and where it is. */
export interface Finding {
  /** The name of a file in the directory, or what else was looked at. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** The id of a record. */
  readonly record?: string;
  readonly message: string;
}

/** Beyond this many, more of them tell nothing new. */
const MOST_FAULTS = 100;

/** Gathers what verification finds: faults, which break the proof, and notes, which do not. */
export class Findings {
  readonly faults: Finding[] = [];
  readonly notes: Finding[] = [];
  /** Faults that were found and are not listed. */
  unlisted = 0;

  fault(finding: Finding): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(finding);
    else this.unlisted += 1;
  }

  note(finding: Finding): void {
    this.notes.push(finding);
  }
}
