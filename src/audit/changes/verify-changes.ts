import { type ChangeLink, NO_CHANGE } from '../../core/change-line.ts';
import { linesFrom } from '../records/lines.ts';
import { withFile } from '../segments/segment.ts';
import { type ChangeFile, checkChangeLine, listChangeFiles } from './change-files.ts';

/** What is wrong with the mirror of the change log, or to be known of it, and where. */
export interface ChangeFinding {
  /** The name of a file in the directory. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  readonly message: string;
}

export interface VerifiedChanges {
  /** The last change; undefined where there is none, or none that can be read. */
  readonly head: ChangeLink | undefined;
  readonly changes: number;
  readonly faults: readonly ChangeFinding[];
  readonly notes: readonly ChangeFinding[];
}

/**
 * Checks the mirror of the change log in a log directory, from its files alone: each change against its own hash, the
 * one before and its place, from revision 1 on. It may be written to meanwhile: a last line that is not ended is noted.
 *
 * @param visit hears of each change that is what it says it is, in order
 * @throws where files cannot be read
 */
export function verifyChanges(directory: string, visit: (change: ChangeLink) => void = () => {}): VerifiedChanges {
  const check = new ChangeCheck(visit);
  const files = listChangeFiles(directory);
  for (const [index, file] of files.entries()) check.take(file, index === files.length - 1);
  const { head, changes, faults, notes } = check;
  return { head, changes, faults, notes };
}

class ChangeCheck {
  head: ChangeLink | undefined;
  changes = 0;
  readonly faults: ChangeFinding[] = [];
  readonly notes: ChangeFinding[] = [];
  private readonly visit: (change: ChangeLink) => void;
  /** What the next one follows; undefined behind a line that cannot be read. */
  private last: Pick<ChangeLink, 'revision' | 'sha256'> | undefined = { revision: 0, sha256: NO_CHANGE };

  constructor(visit: (change: ChangeLink) => void) {
    this.visit = visit;
  }

  take(file: ChangeFile, isLast: boolean): void {
    let line = 0;
    withFile(file.path, (fd) => {
      for (const { bytes, complete } of linesFrom(fd, 0, file.length)) {
        line += 1;
        if (complete) this.check(bytes, file, line);
        else if (isLast) this.notes.push({ file: file.name, line, message: 'the last line is not ended' });
        else this.faults.push({ file: file.name, line, message: 'the last line is not ended, though a file follows' });
      }
    });
    if (line === 0 && !isLast) this.faults.push({ file: file.name, message: 'is empty, though a file follows' });
  }

  private check(bytes: Buffer, file: ChangeFile, line: number): void {
    const fault = (message: string): void => void this.faults.push({ file: file.name, line, message });
    const link = checkChangeLine(bytes);
    if (!link.ok) {
      fault(link.error);
      this.last = undefined;
      return;
    }
    const { revision, previous } = link.value;
    const { last } = this;
    if (line === 1 && revision !== file.first) fault(`begins with revision ${revision}, not with the one in its name`);
    if (last !== undefined && revision !== last.revision + 1) {
      fault(`revision ${revision} stands where ${last.revision + 1} follows`);
    } else if (last !== undefined && previous !== last.sha256) {
      fault(`the change of revision ${revision} does not follow the one before it: its "previous" is another hash`);
    }
    this.last = link.value;
    this.head = link.value;
    this.changes += 1;
    this.visit(link.value);
  }
}
