import { writeSync } from 'node:fs';
import type { Change } from '../../src/core/change.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

/**
 * Commits to the store at the path given, and prints each revision acknowledged, until it is killed. Revision n sets
 * the row `last` and twenty rows `n/…` to n, so that half a commit shows.
 */
const [, , path = ''] = process.argv;
const store = openSqliteStore(path);
for (;;) {
  const next = store.revision + 1;
  const row = (key: string): Change => ({
    kind: 'entity',
    key,
    value: { entity: `document:${key}`, roles: [], attributes: { revision: next }, suspended: false, deleted: false },
  });
  const changes = [row('last'), ...Array.from({ length: 20 }, (_, n) => row(`${next}/${n}`))];
  const revision = store.commit({ at: next, by: 'writer', act: 'write', changes });
  writeSync(1, `${store.epoch} ${revision}\n`);
}
