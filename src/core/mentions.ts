import type { Change } from './change.ts';
import { LIMITS } from './limits.ts';

type Value<K extends Change['kind']> = NonNullable<Extract<Change, { kind: K }>['value']>;

/** What a row held before the commit. */
export type FindRow = <K extends 'delegation' | 'activation'>(kind: K, key: string) => Value<K> | undefined;

/**
 * Whom and what a change is about, by the names that an auditor asks with: "all grants and revocations of U". What
 * concerns a delegation concerns everybody and every delegation on its chain, up to the root, whose authority it is.
 * Relationships are about nobody here: they are read by the OpenFGA API, and there may be millions in one commit.
 */
export function mentionsOf(change: Change, find: FindRow): ReadonlySet<string> {
  const names = new Set<string>();
  switch (change.kind) {
    case 'delegation':
      addChain(change.value, find, names);
      break;
    case 'revocation':
      names.add(change.value.delegation);
      if (change.value.origin !== undefined) names.add(change.value.origin);
      addChain(find('delegation', change.value.delegation), find, names);
      break;
    case 'activation': {
      const activation = change.value ?? find('activation', change.key);
      names.add(change.key);
      if (activation === undefined) break;
      names.add(activation.origin);
      addChain(find('delegation', activation.delegation), find, names);
      break;
    }
    case 'entity':
    case 'caller':
      names.add(change.key);
      break;
    case 'bundle':
      names.add(change.value.digest);
      break;
    case 'relationship':
      break;
  }
  return names;
}

function addChain(leaf: Value<'delegation'> | undefined, find: FindRow, names: Set<string>): void {
  if (leaf?.name !== undefined) names.add(leaf.name);
  let hop = leaf;
  for (let depth = 0; hop !== undefined && depth < LIMITS.chainDepth; depth++) {
    names.add(hop.id).add(hop.from).add(hop.to);
    // A set is asked for by the group that it belongs to as well.
    const hash = hop.from.indexOf('#');
    if (hash > 0) names.add(hop.from.slice(0, hash));
    if (hop.origin !== undefined) names.add(hop.origin);
    hop = hop.parent === undefined ? undefined : find('delegation', hop.parent);
  }
}
