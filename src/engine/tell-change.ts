import type { Change } from '../core/change.ts';
import type { Delegation } from '../core/delegation/delegation.ts';
import type { EntityId } from '../core/entity.ts';
import type { Ledger } from './ledger.ts';

/** What was done to one row, for a person to read and a program to look into. */
export interface ToldChange {
  readonly kind: Change['kind'];
  readonly key: string;
  readonly did:
    | 'granted'
    | 'revoked'
    | 'withdrawn'
    | 'opened'
    | 'closed'
    | 'set'
    | 'suspended'
    | 'resumed'
    | 'deleted'
    | 'published'
    | 'added'
    | 'removed'
    | 'written';
  /** The delegation that it is about. */
  readonly delegation?: Pick<Delegation, 'id' | 'name' | 'parent' | 'from' | 'to' | 'origin'>;
  /** For whom it was withdrawn, or a session opened or closed. */
  readonly origin?: EntityId;
  readonly reason?: string;
  /** Of an entity or a caller. */
  readonly roles?: readonly string[];
  /** Of a bundle. */
  readonly digest?: string;
  /** One line that says all of it. */
  readonly text: string;
}

/** @param act of its commit */
export function tellChange(change: Change, act: string, ledger: Ledger): ToldChange {
  const { kind, key } = change;
  switch (change.kind) {
    case 'delegation':
      return { kind, key, did: 'granted', ...about(change.value, (delegation) => `granted ${delegation}`) };
    case 'revocation': {
      const { delegation: id, origin, reason } = change.value;
      const told = about(delegationOf(id, ledger), (delegation) =>
        origin === undefined ? `revoked ${delegation}: ${reason}` : `withdrawn for ${origin}: ${delegation}: ${reason}`,
      );
      const did = origin === undefined ? 'revoked' : 'withdrawn';
      return { kind, key, did, ...told, ...(origin === undefined ? undefined : { origin }), reason };
    }
    case 'activation': {
      const activation = change.value ?? ledger.store.versions('activation', key)[0]?.value;
      const did = change.value === null ? 'closed' : 'opened';
      if (activation === undefined) return { kind, key, did, text: `${did} the session ${key}` };
      const { origin, delegation: id, expires_at } = activation;
      const end = change.value === null ? '' : ` until ${new Date(expires_at).toISOString()}`;
      const told = about(
        delegationOf(id, ledger),
        (delegation) => `${did} a session for ${origin}${end}: ${delegation}`,
      );
      return { kind, key, did, ...told, origin };
    }
    case 'entity': {
      const { entity, roles, deleted } = change.value;
      const did = deleted ? 'deleted' : act === 'suspend' ? 'suspended' : act === 'resume' ? 'resumed' : 'set';
      const has = did === 'set' ? `${roles.length === 0 ? '' : `, roles ${roles.join(', ')}`}` : '';
      return { kind, key, did, roles, text: `${did} ${entity}${has}` };
    }
    case 'bundle': {
      const { digest, files } = change.value;
      return { kind, key, did: 'published', digest, text: `published ${digest}, ${files.length} file(s)` };
    }
    case 'caller': {
      if (change.value === null) return { kind, key, did: 'removed', text: `removed the caller ${key} and its key` };
      const roles = rolesOf(change.value);
      return { kind, key, did: 'added', roles, text: `added the caller ${key}, roles ${roles.join(', ')}` };
    }
    case 'relationship': {
      const did = change.value === null ? 'removed' : 'written';
      const condition = change.value?.condition === undefined ? '' : ` with ${change.value.condition.name}`;
      return { kind, key, did, text: `${did} ${key}${condition}` };
    }
  }
}

function about(
  delegation: Delegation | undefined,
  tell: (delegation: string) => string,
): Pick<ToldChange, 'delegation' | 'text'> {
  if (delegation === undefined) return { text: tell('a delegation that is not there') };
  const { id, name, parent, from, to, origin } = delegation;
  const called = name === undefined ? id : `${id} "${name}"`;
  const only = origin === undefined ? '' : ` for ${origin}`;
  return {
    delegation: {
      id,
      ...(name === undefined ? undefined : { name }),
      ...(parent === undefined ? undefined : { parent }),
      from,
      to,
      ...(origin === undefined ? undefined : { origin }),
    },
    text: tell(`${called} from ${from} to ${to}${only}`),
  };
}

/** Delegations stay in the forest, whatever becomes of them. */
function delegationOf(id: string, ledger: Ledger): Delegation | undefined {
  return ledger.snapshot.delegations.get(id)?.delegation;
}

function rolesOf(row: { readonly [field: string]: unknown }): readonly string[] {
  return Array.isArray(row.roles) ? row.roles.filter((role) => typeof role === 'string') : [];
}
