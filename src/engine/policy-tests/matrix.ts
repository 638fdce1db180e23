import type { ReasonCode } from '../../core/decision.ts';
import { type Json, parseEntity } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { CerbosPrincipal, CerbosResource } from '../cerbos.ts';
import { type Effect, type Fixtures, type Named, NO_FIXTURES, type Suite, type TestTable } from './suite.ts';

/** One combination that a test asks about, with what it expects of each action. */
export interface Element {
  readonly principal: string;
  readonly origin?: string;
  readonly resource: string;
  readonly expected: Expected;
}

export interface Expected {
  /** What is not named here is expected to be denied. */
  readonly actions: ReadonlyMap<string, Effect>;
  readonly outputs: ReadonlyMap<string, ReadonlyMap<string, Json>>;
  readonly reasons: ReadonlyMap<string, ReasonCode>;
}

type MutableExpected = {
  readonly [K in keyof Expected]: Expected[K] extends ReadonlyMap<string, infer V> ? Map<string, V> : never;
};

/** Where a suite's names lead: its own fixtures first, then the shared ones; in a world entities go by their own name. */
export class Names {
  private readonly own: Fixtures;
  private readonly shared: Fixtures;
  private readonly inWorld: boolean;

  constructor(suite: Suite, shared: Fixtures = NO_FIXTURES) {
    this.own = suite.fixtures;
    this.shared = shared;
    this.inWorld = suite.world !== undefined;
  }

  principal(name: string): Result<CerbosPrincipal, string> {
    const fixture = this.own.principals.get(name) ?? this.shared.principals.get(name);
    if (fixture !== undefined) return ok(fixture);
    return this.isEntity(name) ? ok({ id: name, roles: [] }) : err(`the principal "${name}" is not there`);
  }

  resource(name: string): Result<CerbosResource, string> {
    const fixture = this.own.resources.get(name) ?? this.shared.resources.get(name);
    if (fixture !== undefined) return ok(fixture);
    if (!this.isEntity(name)) return err(`the resource "${name}" is not there`);
    const colon = name.indexOf(':');
    return ok({ kind: name.slice(0, colon), id: name.slice(colon + 1) });
  }

  auxData(name: string): Result<Fixtures['auxData'] extends ReadonlyMap<string, infer V> ? V : never, string> {
    const found = this.own.auxData.get(name) ?? this.shared.auxData.get(name);
    return found === undefined ? err(`the aux data "${name}" are not there`) : ok(found);
  }

  /** The names by themselves, then those of the groups, each once. */
  expand(kind: 'principal' | 'resource', { names, groups }: Named): Result<readonly string[], string> {
    const all = new Set(names);
    for (const group of groups) {
      const members = this.own[`${kind}Groups`].get(group) ?? this.shared[`${kind}Groups`].get(group);
      if (members === undefined) return err(`the group of ${kind}s "${group}" is not there`);
      for (const member of members) all.add(member);
    }
    return ok([...all]);
  }

  private isEntity(name: string): boolean {
    return this.inWorld && parseEntity(name).ok;
  }
}

/** Every combination of a test, in the order of its lists; or what is wrong with its names or expectations. */
export function toMatrix(table: TestTable, names: Names): Result<readonly Element[], string> {
  const lookup = expectations(table, names);
  if (!lookup.ok) return lookup;
  const principals = names.expand('principal', table.principals);
  if (!principals.ok) return principals;
  const resources = names.expand('resource', table.resources);
  if (!resources.ok) return resources;
  const origins = table.onBehalfOf === undefined ? [undefined] : table.onBehalfOf.names;
  const elements: Element[] = [];
  const left = new Map(lookup.value);
  for (const principal of principals.value) {
    const known = names.principal(principal);
    if (!known.ok) return known;
    for (const origin of origins) {
      if (origin !== undefined) {
        const person = names.principal(origin);
        if (!person.ok) return person;
      }
      for (const resource of resources.value) {
        const thing = names.resource(resource);
        if (!thing.ok) return thing;
        const key = keyOf(principal, origin, resource);
        const expected = left.get(key) ?? DENIED;
        left.delete(key);
        elements.push({ principal, ...(origin === undefined ? undefined : { origin }), resource, expected });
      }
    }
  }
  const [unmet] = left.keys();
  if (unmet === undefined) return ok(elements);
  const [principal, origin, resource] = unmet.split('\0');
  const forWhom = origin === '' ? '' : ` for "${origin}"`;
  return err(`something is expected of "${principal}"${forWhom} and "${resource}", which the input does not name`);
}

const DENIED: Expected = { actions: new Map(), outputs: new Map(), reasons: new Map() };

function keyOf(principal: string, origin: string | undefined, resource: string): string {
  return [principal, origin ?? '', resource].join('\0');
}

function expectations(table: TestTable, names: Names): Result<ReadonlyMap<string, Expected>, string> {
  const lookup = new Map<string, MutableExpected>();
  for (const expectation of table.expected) {
    const stated = [...expectation.actions.keys(), ...expectation.outputs.keys(), ...expectation.reasons.keys()];
    const unknown = [...new Set(stated)].filter((action) => !table.actions.includes(action)).sort();
    if (unknown.length > 0)
      return err(`something is expected of actions that the input does not name: ${unknown.join(', ')}`);
    if (expectation.onBehalfOf !== undefined && table.onBehalfOf === undefined) {
      return err('an expectation names an origin (onBehalfOf), and the input does not');
    }
    const principals = names.expand('principal', expectation.principals);
    if (!principals.ok) return principals;
    const resources = names.expand('resource', expectation.resources);
    if (!resources.ok) return resources;
    const origins = (expectation.onBehalfOf ?? table.onBehalfOf)?.names ?? [undefined];
    for (const principal of principals.value) {
      for (const origin of origins) {
        for (const resource of resources.value) {
          const key = keyOf(principal, origin, resource);
          const target = lookup.get(key) ?? { actions: new Map(), outputs: new Map(), reasons: new Map() };
          lookup.set(key, target);
          const whose = `"${principal}" and "${resource}"`;
          const conflict =
            merge(target.actions, expectation.actions) ??
            merge(target.reasons, expectation.reasons) ??
            mergeOutputs(target.outputs, expectation.outputs);
          if (conflict !== undefined) return err(`two expectations of ${whose} contradict each other: ${conflict}`);
        }
      }
    }
  }
  return ok(lookup);
}

/** Adds what is not there; answers the first name for which something else is. */
function merge<V>(target: Map<string, V>, source: ReadonlyMap<string, V>): string | undefined {
  for (const [name, value] of source) {
    const known = target.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(value)) return name;
    target.set(name, value);
  }
  return undefined;
}

function mergeOutputs(target: Map<string, ReadonlyMap<string, Json>>, source: Expected['outputs']): string | undefined {
  for (const [action, entries] of source) {
    const merged = new Map(target.get(action));
    const conflict = merge(merged, entries);
    if (conflict !== undefined) return conflict;
    target.set(action, merged);
  }
  return undefined;
}
