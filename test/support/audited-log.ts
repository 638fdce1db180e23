import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { openChangeMirror } from '../../src/audit/changes/change-mirror.ts';
import { openFileEvidence } from '../../src/audit/checkpoints/file-evidence.ts';
import { openFileLog } from '../../src/audit/file-log.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { decisionEntry } from './decision-entry.ts';

export const NODE = 'node-1';

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
  const store = openSqliteStore(join(place, 'store.db'));
  const mirror = openChangeMirror(directory, store);
  let now = Date.parse('2030-01-01T00:00:00Z');
  const evidence = openFileEvidence({
    directory,
    node: NODE,
    keyPath,
    head: () => log.state.last,
    changes: {
      sha256: (revision) => store.sha256(revision),
      get revision() {
        return store.revision;
      },
      mirrored: async () => {
        await mirror.upTo(store.revision);
        return mirror.head;
      },
    },
    pushTo: {},
    clock: () => now,
    every: { records: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY },
  });
  for (let n = 1; n <= records; n += 1) {
    if (n % 10 === 1) {
      const value = { user: `user:u${n}`, relation: 'viewer', object: 'document:d' };
      const key = `${value.object}#${value.relation}@${value.user}`;
      store.commit({ at: now, by: `change ${n}`, act: 'write', changes: [{ kind: 'relationship', key, value }] });
    }
    const { revision, epoch } = store;
    await log.append({ ...decisionEntry({ at: now, decision: { revision } }), epoch });
    now += 1000;
    if (checkpoints.includes(n)) await evidence.checkpoint();
  }
  await evidence.close();
  await mirror.close();
  await log.close();
  store.close();
  return { directory, keyPath };
}
