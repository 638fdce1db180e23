import { listChangeFiles } from '../changes/change-files.ts';
import { verifyChanges } from '../changes/verify-changes.ts';
import type { Findings } from './findings.ts';
import type { KnownCheckpoint } from './tree-check.ts';

/** What the mirror of the change log was found to be. */
export interface CheckedChanges {
  readonly files: boolean;
  readonly changes: number;
  /** The last one. */
  readonly revision: number;
}

/** Checks the mirror of the change log, and holds it against what checkpoints say of it. */
export function checkChanges(
  directory: string,
  checkpoints: readonly KnownCheckpoint[],
  findings: Findings,
): CheckedChanges {
  const files = listChangeFiles(directory).length > 0;
  const wanted = new Map<number, KnownCheckpoint[]>();
  for (const known of checkpoints) {
    const { revision } = known.checkpoint.changes ?? {};
    if (revision !== undefined) wanted.set(revision, [...(wanted.get(revision) ?? []), known]);
  }
  // An empty change log is of revision 0.
  wanted.delete(0);
  const { head, changes, faults, notes } = verifyChanges(directory, ({ revision, sha256 }) => {
    for (const { checkpoint, file, line } of wanted.get(revision) ?? []) {
      if (checkpoint.changes?.sha256 === sha256) continue;
      const message = `the change of revision ${revision} is another one than this checkpoint says: it, or one before it, was changed since`;
      findings.fault({ file, line, message });
    }
    wanted.delete(revision);
  });
  for (const fault of faults) findings.fault(fault);
  for (const note of notes) findings.note(note);
  const revision = head?.revision ?? 0;
  for (const { checkpoint, file, line } of [...wanted.values()].flat()) {
    const last = checkpoint.changes?.revision ?? 0;
    if (last <= revision) continue;
    const message = `the change log ends at revision ${revision}, where this checkpoint says that it went up to ${last}: changes are missing`;
    findings.fault({ file, line, message });
  }
  if (!files) findings.note({ file: 'changes-*.jsonl', message: 'are missing: revisions cannot be compared' });
  return { files, changes, revision };
}
