import { createHash } from 'node:crypto';
import { type Canonical, canonicalJson } from '../../core/canonical-json.ts';
import type { Change } from '../../core/change.ts';
import { CHANGE_SEAL_BYTES, CHANGE_TAIL_BYTES, NO_CHANGE, readChangeLink } from '../../core/change-line.ts';
import type { Store } from '../../store/store.ts';

const BYTES_PER_READ = 1024 * 1024;
/** Beyond so many, more of them tell nothing new. */
const MOST = 20;

/**
 * Rows of the store, as they are in force, that its own change log does not make: what somebody wrote into the tables,
 * and no commit did. The server decides by the rows; the change log is what is sealed. Each commit is held against its
 * hash and the one before.
 *
 * @param without rows that nothing is decided by, because they come from elsewhere
 * @returns one line each, at most 20; none where rows and change log agree
 */
export function rowFaults(store: Pick<Store, 'lines' | 'rows'>, without?: 'relationship'): readonly string[] {
  const faults: string[] = [];
  const made = rowsMade(store, faults, without);
  for (const { kind, key, value, created_revision: created } of store.rows(undefined, without)) {
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

function rowsMade(store: Pick<Store, 'lines'>, faults: string[], without?: 'relationship'): Map<string, Made> {
  const made = new Map<string, Made>();
  let previous = NO_CHANGE;
  for (let after = 0; ; ) {
    const lines = store.lines(after, BYTES_PER_READ);
    if (lines.length === 0) return made;
    for (const { revision, sha256, text } of lines) {
      const line = [...text].join('');
      if (faults.length < MOST && !isSealed(line, previous)) {
        faults.push(`the commit of revision ${revision} in the change log is another one than was made`);
      }
      previous = sha256;
      after = revision;
      if (without !== undefined && isAllOf(line, without)) continue;
      const { changes } = JSON.parse(line) as { readonly changes: readonly Change[] };
      for (const { kind, key, value } of changes) {
        if (kind === without) continue;
        if (value === null) made.delete(`${kind} ${key}`);
        else made.set(`${kind} ${key}`, { revision, digest: digestOf(value) });
      }
    }
  }
}

/** Whether a line has the hash that it says, and follows the one before it. */
function isSealed(line: string, previous: string): boolean {
  const link = readChangeLink(line.slice(-CHANGE_TAIL_BYTES));
  if (!link.ok || link.value.previous !== previous) return false;
  const sealed = `${line.slice(0, -CHANGE_SEAL_BYTES)}}`;
  return createHash('sha256').update(sealed).digest('hex') === link.value.sha256;
}

/** Whether a commit changed nothing but this kind of row, told without reading it; at worst it is read for nothing. */
function isAllOf(line: string, kind: string): boolean {
  return line.split('"kind":').length === line.split(`"kind":"${kind}"`).length;
}

/** Short, because there may be millions; nobody can choose what it is held against. */
function digestOf(value: Change['value']): string {
  return createHash('sha256')
    .update(canonicalJson(value as unknown as Canonical))
    .digest('base64')
    .slice(0, 22);
}
