import { isSet } from '../../core/delegation/delegation.ts';
import type { DelegationNode } from '../../core/delegation/node.ts';
import { actionFault, typeOfPattern } from '../../core/delegation/patterns.ts';
import { type EntityId, typeOf } from '../../core/entity.ts';
import type { Snapshot } from '../../core/snapshot.ts';

/** What searches range over at one state. What nothing names cannot be found, though a check of it may allow. */

/** Sorting many names takes longer than a turn, so it is done once for a state; states are never changed but replaced. */
const lists = new WeakMap<Snapshot, Map<string, readonly string[]>>();

/**
 * The entities of a type that are known: registered in the directory, named by relationships, the ends of
 * delegations, or exact resources of their capabilities. In the order of their text.
 */
export function knownEntities(snapshot: Snapshot, type: string): readonly EntityId[] {
  return remembered(snapshot, `entities ${type}`, () => {
    const known = new Set<EntityId>(snapshot.tuples.named(type));
    for (const { entity } of snapshot.registered()) if (typeOf(entity) === type) known.add(entity);
    for (const node of snapshot.delegations.all()) {
      for (const entity of namedBy(node)) if (typeOf(entity) === type) known.add(entity);
    }
    return known;
  });
}

/**
 * The actions that are known for resources of a type: `can_<action>` of the model, and those that policies and
 * capabilities name without a star. In the order of their text.
 */
export function knownActions(snapshot: Snapshot, type: string): readonly string[] {
  return remembered(snapshot, `actions ${type}`, () => {
    const known = new Set<string>();
    for (const name of snapshot.bundle.model?.types.get(type)?.relations.keys() ?? []) {
      if (name.startsWith('can_')) known.add(name.slice('can_'.length));
    }
    for (const name of snapshot.bundle.policies.actionsOf(type)) known.add(name);
    for (const { delegation } of snapshot.delegations.all()) {
      for (const { actions, resources } of delegation.capabilities) {
        if (!resources.some((pattern) => typeOfPattern(pattern) === type)) continue;
        for (const action of actions) if (!action.endsWith('*')) known.add(action);
      }
    }
    // What no request can name is no candidate.
    return [...known].filter((action) => actionFault(action) === undefined);
  });
}

/** Types of entities that can be somebody: agents, whoever the model lets be related, whoever is in a delegation. */
export function principalTypes(snapshot: Snapshot): readonly string[] {
  return remembered(snapshot, 'principal types', () => {
    const { model, settings } = snapshot.bundle;
    const types = new Set<string>(settings.agentTypes);
    for (const { relations } of model?.types.values() ?? []) {
      for (const { directTypes } of relations.values()) {
        for (const direct of directTypes) if (direct.relation === undefined) types.add(direct.type);
      }
    }
    if (model === undefined) types.add('user');
    for (const { delegation } of snapshot.delegations.all()) {
      for (const end of [delegation.from, delegation.to]) if (!end.includes('#')) types.add(typeOf(end));
    }
    return types;
  });
}

function* namedBy({ delegation, activations }: DelegationNode): Iterable<EntityId> {
  if (!isSet(delegation.from)) yield delegation.from;
  yield delegation.to;
  if (delegation.origin !== undefined) yield delegation.origin;
  yield* activations.keys();
  for (const { resources } of delegation.capabilities) {
    for (const resource of resources) if (!resource.endsWith('*')) yield resource;
  }
}

function remembered(snapshot: Snapshot, name: string, collect: () => Iterable<string>): readonly string[] {
  let named = lists.get(snapshot);
  if (named === undefined) {
    named = new Map();
    lists.set(snapshot, named);
  }
  let list = named.get(name);
  if (list === undefined) {
    list = [...collect()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    named.set(name, list);
  }
  return list;
}

/** Where the candidates after `name` begin in a sorted list; all are after the empty name. */
export function placeAfter(list: readonly string[], name: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? '') <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}
