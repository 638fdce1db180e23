import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { runAndKill } from '../../support/kill.ts';

const KILLS = 25;

test(`after kill -9 at any moment every acknowledged commit is there, whole (${KILLS} times)`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-kill-'));
  const path = join(directory, 'store.db');
  let checked = 0;
  for (let run = 0; run < KILLS; run++) {
    // Every fifth time while it starts: opening, recovering the log of the last kill, beginning its epoch.
    const from = run % 5 === 4 ? 'start' : 'output';
    const lines = await runAndKill('store-writer.ts', path, {
      from,
      afterMs: Math.random() * (from === 'start' ? 200 : 60),
    });
    const acknowledged = lines.map((line) => line.split(' '));
    const store = openSqliteStore(path);

    const [epoch, last] = acknowledged.at(-1) ?? [];
    if (epoch !== undefined) {
      // At most one more: the commit that was durable and not yet told.
      expect(store.revision - Number(last)).toBeOneOf([0, 1]);
      expect(store.contains(epoch, Number(last))).toBe(true);
    }
    expect(acknowledged.map(([, revision]) => Number(revision))).toEqual(acknowledged.map((_, n) => checked + 1 + n));

    const commits = store.changes(checked, 1_000_000);
    expect(commits.map(({ revision }) => revision)).toEqual(commits.map((_, n) => checked + 1 + n));
    for (const { revision, changes } of commits) {
      expect(changes).toHaveLength(21);
      expect(JSON.stringify(changes[20])).toContain(`"attributes":{"revision":${revision}}`);
    }
    const rows = [...store.rows()];
    expect(rows).toHaveLength(store.revision === 0 ? 0 : 20 * store.revision + 1);
    if (store.revision > 0) {
      expect(rows.find(({ key }) => key === 'last')?.value).toMatchObject({ attributes: { revision: store.revision } });
    }
    expect(store.latestTime).toBe(store.revision);
    checked = store.revision;
    store.close();
  }
  expect(checked).toBeGreaterThan(KILLS);
  rmSync(directory, { recursive: true });
});
