import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openChangeMirror } from '../../src/audit/changes/change-mirror.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

/**
 * Commits to a store in the directory given and mirrors its changes there, in small files, until it is killed. Prints
 * each revision that the mirror promised to have.
 */
const [, , directory = ''] = process.argv;
const store = openSqliteStore(join(directory, 'store.db'));
const mirror = openChangeMirror(directory, store, { fileBytes: 20_000 });
for (;;) {
  const at = store.revision + 1;
  const value = {
    entity: 'document:q3',
    roles: [],
    attributes: { text: 'x'.repeat(1 + ((at * 37) % 3000)) },
    suspended: false,
    deleted: false,
  };
  for (let n = 0; n < 1 + (at % 3); n++) {
    store.commit({ at, by: 'writer', act: 'write', changes: [{ kind: 'entity', key: value.entity, value }] });
    mirror.wake();
  }
  const { revision } = store;
  await mirror.upTo(revision);
  writeSync(1, `${revision}\n`);
}
