import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { recordId } from '../records/record.ts';
import type { Frontier } from '../tree/frontier.ts';
import { levelFileName } from '../tree/level-files.ts';
import { type Hash, recordLeaf } from '../tree/merkle-hash.ts';
import type { Findings } from './findings.ts';
import { LevelCheck } from './level-check.ts';

/** A checkpoint that its signature proved, and where it stands. */
export interface KnownCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly file: string;
  readonly line: number;
}

/** How many checkpoints the records were compared with, and the newest that they agree with. */
export interface ComparedCheckpoints {
  readonly verified: number;
  readonly newest?: Checkpoint;
}

/**
 * Builds the Merkle tree of the records as they come, and holds it against every checkpoint at its size, and against
 * the files of its hashes.
 */
export class TreeCheck {
  private readonly frontier: Frontier;
  private readonly checkpoints: readonly KnownCheckpoint[];
  private readonly levels: LevelCheck;
  private readonly findings: Findings;
  private readonly base: number;
  private next = 0;
  private verified = 0;
  private newest: Checkpoint | undefined;
  private firstWrong: KnownCheckpoint | undefined;
  private wrong = 0;

  /** @param base the frontier of what was removed before the oldest segment, and the hash of the last record there */
  constructor(
    directory: string,
    base: { readonly frontier: Frontier; readonly last: Hash },
    checkpoints: readonly KnownCheckpoint[],
    findings: Findings,
  ) {
    this.frontier = base.frontier.copy();
    this.base = base.frontier.size;
    this.findings = findings;
    this.levels = new LevelCheck(directory, this.base, findings);
    this.checkpoints = checkpoints.toSorted((one, other) => one.checkpoint.size - other.checkpoint.size);
    const older = this.checkpoints.filter(({ checkpoint }) => checkpoint.size < this.base).length;
    this.next = older;
    if (older > 0) {
      const message = `${older} of the checkpoints are of records that were removed with their segments: signatures are checked, hashes cannot be`;
      findings.note({ file: 'checkpoints', message });
    }
    this.compare(base.last);
  }

  get root(): Hash {
    return this.frontier.root();
  }

  add(sha256: Hash): void {
    this.frontier.append(recordLeaf(sha256), this.levels.take);
    if (this.checkpoints[this.next]?.checkpoint.size === this.frontier.size) this.compare(sha256);
  }

  /** Says what the comparison showed, `unbroken` unless records were missing, after which nothing can be compared. */
  close(node: string, unbroken: boolean): ComparedCheckpoints {
    const { size } = this.frontier;
    const wrongNodes = this.levels.close(unbroken);
    if (this.firstWrong !== undefined) this.explain(node, this.firstWrong);
    for (const { level, index, count } of wrongNodes) {
      const id = recordId(index * 2 ** level + 1, node);
      const more = count > 1 ? ` and for ${count - 1} more` : '';
      this.findings.fault({
        file: levelFileName(level),
        record: id,
        message: `has another hash for ${level === 0 ? `record ${id}` : `the ${2 ** level} records from ${id} on`}${more}: either was changed`,
      });
    }
    const rest = this.checkpoints.slice(this.next);
    if (unbroken) {
      for (const { checkpoint, file, line } of rest) {
        this.findings.fault({
          file,
          line,
          record: recordId(size + 1, node),
          message: `the checkpoint of ${new Date(checkpoint.at).toISOString()} says that there were ${checkpoint.size} records, and the log ends at ${size}: ${missing(size + 1, checkpoint.size, node)}`,
        });
      }
    } else if (rest.length > 0) {
      const message = `${rest.length} of the checkpoints could not be compared, as records before them are missing or unreadable`;
      this.findings.note({ file: 'checkpoints', message });
    }
    return { verified: this.verified, ...(this.newest === undefined ? undefined : { newest: this.newest }) };
  }

  private compare(last: Hash): void {
    const root = this.frontier.root();
    for (;;) {
      const known = this.checkpoints[this.next];
      if (known?.checkpoint.size !== this.frontier.size) return;
      this.next += 1;
      if (known.checkpoint.root === root && known.checkpoint.last === last) {
        this.verified += 1;
        this.newest = known.checkpoint;
      } else {
        this.firstWrong ??= known;
        this.wrong += 1;
      }
    }
  }

  private explain(node: string, { checkpoint, file, line }: KnownCheckpoint): void {
    const first = Math.max(this.base, this.newest === undefined ? 0 : this.newest.size) + 1;
    const between = first > checkpoint.size ? 'the records' : `one of ${span(first, checkpoint.size, node)}`;
    const others = this.wrong > 1 ? `; ${this.wrong - 1} more checkpoints do not agree` : '';
    this.findings.fault({
      file,
      line,
      message: `the log does not agree with the checkpoint of ${new Date(checkpoint.at).toISOString()} (${checkpoint.size} records): ${between} was changed, removed or added since${others}`,
    });
  }
}

function span(first: number, last: number, node: string): string {
  return first === last
    ? `the record ${recordId(first, node)}`
    : `the records ${recordId(first, node)} to ${recordId(last, node)}`;
}

function missing(first: number, last: number, node: string): string {
  return `${span(first, last, node)} ${first === last ? 'is' : 'are'} missing`;
}
