import { closeSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { err, ok, type Result } from '../../core/result.ts';
import { linesFrom } from '../records/lines.ts';
import { withFile } from '../segments/segment.ts';
import { type ChangeFile, checkChangeLine, lineStartBefore, listChangeFiles } from './change-files.ts';
import type { ChangeSource, MirroredChange, RecoveredChanges } from './change-mirror.ts';

/** Bytes at the end that are looked at: more than a crash can have damaged, which is what was written last. */
const LOOKED_BYTES = 4 * 1024 * 1024;

/**
 * Finds where the mirror of the change log in a directory ends, and cuts off what a crash left of a line. Lines at the
 * very end that are not what they say are cut off as well: they were being written, and the store still has them. All
 * before is for `audit verify` to look at.
 *
 * Nothing is touched, and it is an error, where the mirror holds changes that the store has not: then the store was
 * restored from a backup, or is another one.
 */
export function recoverChanges(directory: string, source: ChangeSource): Result<RecoveredChanges, string> {
  const files = listChangeFiles(directory);
  const current = files.at(-1);
  if (current === undefined) return ok({ last: undefined, file: undefined });
  const end = endOf(current, source);
  if (!end.ok) return err(`${directory}: ${end.error}`);
  let { last } = end.value;
  // A file that was only just begun: the one before it says how far it got.
  const before = files.at(-2);
  if (last === undefined && before !== undefined) {
    const earlier = endOf(before, source);
    if (!earlier.ok) return err(`${directory}: ${earlier.error}`);
    if (earlier.value.end !== before.length) return err(`${directory}: ${damaged(before)}`);
    last = earlier.value.last;
  }
  if (end.value.last === undefined && current.first !== (last?.revision ?? 0) + 1) {
    return err(`${directory}: ${damaged(current)}`);
  }
  const file = { path: current.path, length: end.value.end };
  if (file.length === current.length) return ok({ last, file });
  truncate(file);
  return ok({ last, file, ...(end.value.damaged ? { damagedFrom: (last?.revision ?? 0) + 1 } : undefined) });
}

interface FileEnd {
  /** The last change that is whole. */
  readonly last: MirroredChange | undefined;
  /** Where it ends. */
  readonly end: number;
  /** What follows is more than a line that was not ended. */
  readonly damaged: boolean;
}

/** Where a file ends; or why it is not the store's. */
function endOf(file: ChangeFile, source: ChangeSource): Result<FileEnd, string> {
  const start = lineStartBefore(file.path, Math.max(0, file.length - LOOKED_BYTES));
  return withFile(file.path, (fd) => {
    let last: MirroredChange | undefined;
    let end = start;
    let isDamaged = false;
    for (const { bytes, complete } of linesFrom(fd, start, file.length)) {
      const link = complete ? checkChangeLine(bytes) : err('not ended');
      if (!link.ok) {
        isDamaged = complete;
        break;
      }
      const foreign = foreignFault(link.value, source);
      if (foreign !== undefined) return err(foreign);
      last = link.value;
      end += bytes.length + 1;
    }
    return last === undefined && start > 0 ? err(damaged(file)) : ok({ last, end, damaged: isDamaged });
  });
}

function foreignFault({ revision, sha256 }: MirroredChange, source: ChangeSource): string | undefined {
  if (source.sha256(revision) === sha256) return undefined;
  return `the changes here, from revision ${revision} on, are not those of the store, which ends at revision ${source.head.revision}: the store was restored from a backup, or is another one. What is here is evidence and is not overwritten. Serve the store that it belongs to; or keep this directory as it is and begin another one: move it away, or name a new one with --log`;
}

function damaged({ name }: ChangeFile): string {
  return `${name} is damaged beyond what a crash does to it: behalf audit verify says where. Moved away, all files changes-*.jsonl are written anew from the store`;
}

function truncate({ path, length }: { readonly path: string; readonly length: number }): void {
  const fd = openSync(path, 'r+');
  try {
    ftruncateSync(fd, length);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
