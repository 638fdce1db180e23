import { createHash } from 'node:crypto';
import { type Canonical, canonicalJson } from '../../core/canonical-json.ts';
import type { Change } from '../../core/change.ts';
import type { Store } from '../../store/store.ts';

const BYTES_PER_READ = 1024 * 1024;
/** Beyond so many, more of them tell nothing new. */
const MOST = 20;

/**
 * Rows of the store, as they are in force, that its own change log does not make: what somebody wrote into the tables,
 * and no commit did. The server decides by the rows; the change log is what is sealed.
 *
 * @returns one line each, at most 20; none where rows and change log agree
 */
export function rowFaults(store: Pick<Store, 'lines' | 'rows'>): readonly string[] {
  const made = rowsMade(store);
  const faults: string[] = [];
  for (const { kind, key, value, created_revision: created } of store.rows()) {
    const name = `${kind} ${key}`;
    const row = made.get(name);
    made.delete(name);
    if (faults.length >= MOST) break;
    if (row === undefined) faults.push(`the row ${name} is in the store, and no commit made it`);
    else if (row.digest !== digestOf(value) || row.revision !== created) {
      faults.push(`the row ${name} is another one than the commit of revision ${row.revision} made`);
    }
  }
  for (const [name, { revision }] of made) {
    if (faults.length >= MOST) break;
    faults.push(`the row ${name}, which the commit of revision ${revision} made, is not in the store`);
  }
  return faults;
}

interface Made {
  readonly revision: number;
  readonly digest: string;
}

function rowsMade(store: Pick<Store, 'lines'>): Map<string, Made> {
  const made = new Map<string, Made>();
  for (let after = 0; ; ) {
    const lines = store.lines(after, BYTES_PER_READ);
    if (lines.length === 0) return made;
    for (const { revision, text } of lines) {
      after = revision;
      const { changes } = JSON.parse([...text].join('')) as { readonly changes: readonly Change[] };
      for (const { kind, key, value } of changes) {
        if (value === null) made.delete(`${kind} ${key}`);
        else made.set(`${kind} ${key}`, { revision, digest: digestOf(value) });
      }
    }
  }
}

/** Short, because there may be millions; nobody can choose what it is held against. */
function digestOf(value: Change['value']): string {
  return createHash('sha256')
    .update(canonicalJson(value as unknown as Canonical))
    .digest('base64')
    .slice(0, 22);
}
