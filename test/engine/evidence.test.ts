import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openChangeMirror } from '../../src/audit/changes/change-mirror.ts';
import { openFileEvidence } from '../../src/audit/checkpoints/file-evidence.ts';
import { openFileLog } from '../../src/audit/file-log.ts';
import { recordId } from '../../src/audit/records/record.ts';
import { pruneLog } from '../../src/audit/segments/prune.ts';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { proveDecision } from '../../src/engine/evidence.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { auditedLog, NODE } from '../support/audited-log.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-evidence-'));
afterAll(() => rmSync(root, { recursive: true }));

test('a decision is proven; one whose record was removed is told apart from one that never was', async () => {
  const { directory, keyPath } = await auditedLog(root, { records: 30, checkpoints: [20] });
  const before = Date.parse('2030-01-01T00:00:15Z');
  const { first } = pruneLog(directory, { before, uncovered: false, dryRun: false });
  expect(first).toBeGreaterThan(1);
  const log = openFileLog(directory, NODE);
  const store = openSqliteStore(join(directory, '..', 'store.db'));
  const mirror = openChangeMirror(directory, store);
  const evidence = openFileEvidence({
    directory,
    node: NODE,
    keyPath,
    head: () => log.state.last,
    changes: {
      revision: store.revision,
      sha256: (at) => store.sha256(at),
      mirrored: () => Promise.resolve(mirror.head),
    },
    pushTo: {},
    clock: () => before,
    every: { records: 1000, ms: 10_000 },
  });
  const prove = (id: string) => proveDecision(log, evidence, id, DEV_CALLER);
  expect(await prove(recordId(first, NODE))).toMatchObject({ ok: true });
  expect(await prove(recordId(first - 1, NODE))).toMatchObject({
    error: { code: 'not_found', message: expect.stringContaining('was removed') },
  });
  expect(await prove(recordId(99, NODE))).toMatchObject({
    error: { code: 'not_found', message: `there is no decision ${recordId(99, NODE)}` },
  });
  expect(await proveDecision(log, evidence, recordId(first, NODE), { ...DEV_CALLER, roles: ['check'] })).toMatchObject({
    error: { code: 'forbidden' },
  });
  await evidence.close();
  await mirror.close();
  store.close();
  await log.close();
});
