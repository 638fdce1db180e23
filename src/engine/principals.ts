import { type EntityId, typeOf } from '../core/entity.ts';
import type { Snapshot } from '../core/snapshot.ts';

/**
 * Whether an entity can be on a path, so that suspending it has an effect: it is of a type of agents, a `user`, of a type
 * that the model lets stand for itself in relationships, or delegations name it. Sets (`group`) and resources are none.
 */
export function isPrincipal(entity: EntityId, snapshot: Snapshot): boolean {
  const type = typeOf(entity);
  const { model, settings, policies } = snapshot.bundle;
  if (type === 'user' || settings.agentTypes.includes(type)) return true;
  if (!isEmpty(snapshot.delegations.to(entity)) || !isEmpty(snapshot.delegations.from(entity))) return true;
  const own = model?.types.get(type);
  if (own !== undefined && own.relations.size === 0 && !policies.kinds.has(type)) return true;
  return model !== undefined && standsForItself(type, model);
}

type Model = NonNullable<Snapshot['bundle']['model']>;

/** Some relation takes the type as it is, not a set of it (`group#member`) nor all of it (`user:*`). */
function standsForItself(type: string, { types }: Model): boolean {
  for (const { relations } of types.values()) {
    for (const { directTypes } of relations.values()) {
      if (directTypes.some((one) => one.type === type && one.relation === undefined && !one.wildcard)) return true;
    }
  }
  return false;
}

function isEmpty(some: Iterable<unknown>): boolean {
  for (const _one of some) return false;
  return true;
}
