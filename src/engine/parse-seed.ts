import type { Attributes } from '../core/entity.ts';
import type { Problem } from '../core/problem.ts';
import type { Relationship } from '../core/relationships/membership.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Place, readYaml, type YamlValue } from '../core/yaml-value.ts';
import type { FieldError } from './failure.ts';
import type { Seed } from './seed.ts';

/** A seed as its file states it. */
export interface SeedFile extends Seed {
  /** Where `entities/3` or `tuples/7` stands. */
  readonly places: ReadonlyMap<string, Place>;
}

/**
 * Reads a seed: `entities: [{entity, roles?, attributes?}]` and `tuples: [{user, relation, object, condition?}]`, these
 * as OpenFGA writes them. Or everything that is wrong with its form.
 */
export function parseSeed(file: {
  readonly path: string;
  readonly text: string;
}): Result<SeedFile, readonly Problem[]> {
  const problems: Problem[] = [];
  const fields = readYaml(file, problems)?.fields(['entities', 'tuples']);
  const seed = readSeed(fields ?? new Map());
  return problems.length > 0 ? err(problems) : ok(seed);
}

/** The same of a map that was opened; what is wrong with it has been reported where it was found. */
export function readSeed(fields: ReadonlyMap<string, YamlValue>): SeedFile {
  const places = new Map<string, Place>();
  const once = new Set<string>();
  const read = <T>(
    key: 'entities' | 'tuples',
    parse: (item: YamlValue) => { key: string; value: T } | undefined,
  ): T[] => {
    const items = fields.get(key)?.items() ?? [];
    return items.flatMap((item, index) => {
      places.set(`${key}/${index}`, item.place);
      const parsed = parse(item);
      if (parsed === undefined) return [];
      if (once.has(parsed.key)) item.fail(`${parsed.key} is in the file twice`, { expected: 'once' });
      once.add(parsed.key);
      return [parsed.value];
    });
  };
  return { entities: read('entities', parseEntityEntry), tuples: read('tuples', parseTuple), places };
}

/** What a bundle has against a seed, with its places in the file. */
export function seedProblems(file: SeedFile, faults: readonly FieldError[]): readonly Problem[] {
  return faults.map(({ field, message }) => ({ ...file.places.get(field), message }));
}

function parseEntityEntry(item: YamlValue): { key: string; value: Seed['entities'][number] } | undefined {
  const fields = item.fields(['entity', 'roles', 'attributes'], ['entity']);
  const entity = fields?.get('entity')?.string('an entity, like user:alice');
  const roles = fields?.get('roles')?.strings('a list of roles') ?? [];
  const attributes = fields?.get('attributes');
  const value = attributes?.json() ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) return attributes?.mistyped('a map of names to values');
  if (entity === undefined) return undefined;
  const content = { entity, roles: roles.map(({ text }) => text), attributes: value as Attributes };
  return { key: entity, value: content };
}

function parseTuple(item: YamlValue): { key: string; value: Relationship } | undefined {
  const required = ['user', 'relation', 'object'] as const;
  const fields = item.fields([...required, 'condition'], required);
  const [user, relation, object] = required.map((name) => fields?.get(name)?.string());
  const condition = fields?.get('condition');
  const named = condition?.fields(['name', 'context'], ['name']);
  const name = named?.get('name')?.string('the name of a condition of the model');
  const context = named?.get('context');
  const value = context?.json() ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) return context?.mistyped('a map of names to values');
  if (user === undefined || relation === undefined || object === undefined) return undefined;
  if (condition !== undefined && name === undefined) return undefined;
  const tuple = {
    user,
    relation,
    object,
    ...(name === undefined ? undefined : { condition: { name, context: value as { [key: string]: unknown } } }),
  };
  return { key: `${object}#${relation}@${user}`, value: tuple };
}
