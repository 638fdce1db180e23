import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { openChangeMirror } from '../../src/audit/change-mirror.ts';
import { openFileEvidence } from '../../src/audit/file-evidence.ts';
import { openFileLog } from '../../src/audit/file-log.ts';
import { aroundChanges, changeLine, NO_CHANGE } from '../../src/core/change-line.ts';
import { decisionEntry } from './decision-entry.ts';

export const NODE = 'node-1';
export const EPOCH = '6885dd08-cfeb-4caa-90bb-e392ea523036';

/** A log with all that belongs to it, as a server leaves it behind: segments, changes, checkpoints, key, tree. */
export interface AuditedLog {
  readonly directory: string;
  readonly keyPath: string;
}

export interface AuditedLogOptions {
  readonly records: number;
  readonly segmentBytes?: number;
  /** Checkpoints are made after these many records, and at the end. */
  readonly checkpoints?: readonly number[];
}

/** Makes one below `root`, by the code that servers run. Each ten records a change was made. */
export async function auditedLog(root: string, options: AuditedLogOptions): Promise<AuditedLog> {
  const place = mkdtempSync(join(root, 'audited-'));
  const directory = join(place, 'log');
  const keyPath = join(place, 'audit.key');
  const { records, segmentBytes = 5000, checkpoints = [] } = options;
  const log = openFileLog(directory, NODE, { segmentBytes });
  const changes = changeSource();
  const mirror = openChangeMirror(directory, changes);
  let now = Date.parse('2030-01-01T00:00:00Z');
  const evidence = openFileEvidence({
    directory,
    node: NODE,
    keyPath,
    head: () => log.state.last,
    changes: {
      get revision() {
        return changes.head.revision;
      },
      mirrored: async () => {
        await mirror.upTo(changes.head.revision);
        return mirror.head;
      },
    },
    pushTo: {},
    clock: () => now,
    every: { records: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY },
  });
  for (let n = 1; n <= records; n += 1) {
    if (n % 10 === 1) changes.change(`change ${n}`);
    await log.append({ ...decisionEntry({ at: now, decision: { revision: changes.head.revision } }), epoch: EPOCH });
    now += 1000;
    if (checkpoints.includes(n)) await evidence.checkpoint();
  }
  await evidence.close();
  await mirror.close();
  await log.close();
  return { directory, keyPath };
}

/** A change log in memory, written as the store writes its own. */
export function changeSource() {
  const lines: { revision: number; sha256: string; epoch: string; text: string }[] = [];
  return {
    get head() {
      return lines.at(-1) ?? { revision: 0, sha256: NO_CHANGE };
    },
    sha256: (revision: number) => (revision === 0 ? NO_CHANGE : lines[revision - 1]?.sha256),
    lines: (after: number) => lines.slice(after),
    change(by: string): void {
      const revision = lines.length + 1;
      const previous = lines.at(-1)?.sha256 ?? NO_CHANGE;
      const around = aroundChanges({ act: 'grant', at: revision, by, epoch: EPOCH, previous, revision });
      const sha256 = createHash('sha256').update(around.join('[]')).digest('hex');
      lines.push({ revision, sha256, epoch: EPOCH, text: changeLine(around, '[]', sha256) });
    },
  };
}
