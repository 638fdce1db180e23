import type { Caller } from '../callers/caller.ts';
import { admitInput } from '../core/cel/admit-input.ts';
import { type Change, relationshipKey } from '../core/change.ts';
import { type Attributes, type EntityId, parseEntity, typeOf } from '../core/entity.ts';
import type { Relationship } from '../core/relationships/membership.ts';
import { validateTuple } from '../core/relationships/validate-tuple.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type Failure, type FieldError, failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { requireRole } from './permissions.ts';

/** What an empty store begins with. */
export interface Seed {
  readonly entities: readonly {
    readonly entity: EntityId;
    readonly roles: readonly string[];
    readonly attributes: Attributes;
  }[];
  readonly tuples: readonly Relationship[];
}

/** Whether a store holds anything that decisions read besides a bundle. */
export function isEmpty(ledger: Ledger): boolean {
  for (const { kind } of ledger.store.rows()) {
    if (kind !== 'bundle' && kind !== 'caller') return false;
  }
  return true;
}

/** Everything that a bundle has against a seed: `entities/3` and `tuples/7` say where. */
export function seedFaults(seed: Seed, { bundle }: Pick<Snapshot, 'bundle'>): readonly FieldError[] {
  const faults: FieldError[] = [];
  seed.entities.forEach(({ entity, roles, attributes }, index) => {
    const field = `entities/${index}`;
    const parsed = parseEntity(entity);
    if (!parsed.ok) faults.push({ field, message: parsed.error });
    else if (!bundle.types.has(typeOf(entity))) {
      faults.push({ field, message: `the type of ${entity} is in neither the model nor a policy` });
    }
    const typeRole = roles.find((role) => bundle.types.has(role));
    if (typeRole !== undefined) {
      faults.push({ field, message: `"${typeRole}" is the name of a type, which every entity of it has as a role` });
    }
    const admitted = admitInput(attributes);
    if (!admitted.ok) faults.push({ field, message: admitted.error });
  });
  seed.tuples.forEach((tuple, index) => {
    const { model } = bundle;
    const message =
      model === undefined ? 'there is no model: relationships need one' : validateTuple(tuple, model)?.message;
    if (message !== undefined) faults.push({ field: `tuples/${index}`, message });
  });
  return faults;
}

/** Writes a seed in one revision, all or nothing. */
export function seed(ledger: Ledger, content: Seed, caller: Caller): Result<{ readonly revision: string }, Failure> {
  const permitted = requireRole(caller, 'administer');
  if (!permitted.ok) return permitted;
  return ledger.write(caller, ({ revision, snapshot }) => {
    const faults = seedFaults(content, snapshot);
    if (faults.length > 0) return err(failure('unprocessable', 'the seed cannot be written', faults));
    const changes: readonly Change[] = [
      ...content.entities.map(({ entity, roles, attributes }): Change => {
        const value = { entity, roles: [...new Set(roles)].sort(), attributes, suspended: false, deleted: false };
        return { kind: 'entity', key: entity, value };
      }),
      ...content.tuples.map((tuple): Change => ({ kind: 'relationship', key: relationshipKey(tuple), value: tuple })),
    ];
    return ok({
      act: 'seed',
      changes,
      answer: { revision: ledger.token(changes.length === 0 ? undefined : revision) },
    });
  });
}
