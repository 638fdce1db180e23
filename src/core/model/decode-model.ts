import { LIMITS } from '../limits.ts';
import type { Problem } from '../problem.ts';
import type { DirectType, ParameterType, Rewrite } from './model.ts';
import type { Places, SourceCondition, SourceModel, SourceRelation, SourceType } from './source-model.ts';

type Fields = { readonly [key: string]: unknown };

const PARAMETER_TYPES: ReadonlySet<string> = new Set<ParameterType['name']>([
  'any',
  'bool',
  'string',
  'int',
  'uint',
  'double',
  'duration',
  'timestamp',
  'map',
  'list',
  'ipaddress',
  'bytes',
]);

/**
 * Reads the JSON form of an authorization model (OpenFGA API, message AuthorizationModel), which is also what the
 * DSL becomes. Only the shape is checked here: an unreadable part is reported and left out, the rest is read.
 */
export function decodeModel(json: unknown, places: Places): { model: SourceModel; problems: readonly Problem[] } {
  const decoder = new Decoder(places);
  const model = decoder.model(json);
  return { model, problems: decoder.problems };
}

class Decoder {
  readonly problems: Problem[] = [];
  private readonly places: Places;

  constructor(places: Places) {
    this.places = places;
  }

  model(json: unknown): SourceModel {
    const fields = this.fields(json, 'the model');
    const definitions = this.list(fields.type_definitions, 'type_definitions');
    const conditions = this.fields(fields.conditions ?? {}, 'conditions');
    return {
      types: definitions.map((definition) => this.type(definition)).filter((type) => type !== undefined),
      conditions: Object.entries(conditions).map(([name, condition]) => this.condition(name, condition)),
    };
  }

  private type(json: unknown): SourceType | undefined {
    const fields = this.fields(json, 'a type definition');
    const name = fields.type;
    if (typeof name !== 'string') {
      this.report('a type definition has no type', name, 'a name');
      return undefined;
    }
    const relations = this.fields(fields.relations ?? {}, `the relations of type "${name}"`);
    const metadata = this.fields(fields.metadata ?? {}, `the metadata of type "${name}"`);
    const infos = this.fields(metadata.relations ?? {}, `the metadata of the relations of type "${name}"`);
    for (const orphan of Object.keys(infos)) {
      if (!Object.hasOwn(relations, orphan)) {
        this.report(`type "${name}" has metadata for "${orphan}", which is not one of its relations`);
      }
    }
    return {
      name,
      place: this.places.type(name),
      relations: Object.entries(relations).map(([relation, rewrite]) =>
        this.relation(name, relation, rewrite, Object.hasOwn(infos, relation) ? infos[relation] : undefined),
      ),
    };
  }

  private relation(type: string, name: string, rewrite: unknown, info: unknown): SourceRelation {
    const what = `${type}#${name}`;
    const fields = this.fields(info ?? {}, `the metadata of ${what}`);
    const types = this.list(fields.directly_related_user_types, `the type restrictions of ${what}`);
    return {
      name,
      rewrite: this.rewrite(rewrite, what),
      directTypes: types.map((one) => this.directType(one, what)).filter((one) => one !== undefined),
      place: this.places.relation(type, name),
      find: (word, phrase) => this.places.word(type, name, word, phrase),
    };
  }

  private directType(json: unknown, what: string): DirectType | undefined {
    const fields = this.fields(json, `a type restriction of ${what}`);
    const { type, relation, wildcard, condition } = fields;
    if (typeof type !== 'string') {
      this.report(`a type restriction of ${what} has no type`, type, 'a name');
      return undefined;
    }
    // Protobuf's JSON writes an empty string for a name that is not set.
    return {
      type,
      wildcard: wildcard !== undefined && wildcard !== null,
      ...(typeof relation === 'string' && relation !== '' ? { relation } : {}),
      ...(typeof condition === 'string' && condition !== '' ? { condition } : {}),
    };
  }

  private rewrite(json: unknown, what: string, depth = 0): Rewrite | undefined {
    if (depth > LIMITS.relationshipDepth) {
      this.report(
        `the definition of ${what} is nested too deep`,
        undefined,
        `at most ${LIMITS.relationshipDepth} levels`,
      );
      return undefined;
    }
    const fields = this.fields(json, `the definition of ${what}`);
    const kinds = Object.keys(fields);
    const kind = kinds[0];
    if (kind === undefined || kinds.length > 1) {
      this.report(`the definition of ${what} is not one rewrite`, kinds.join(', '), REWRITES);
      return undefined;
    }
    const value = fields[kind];
    switch (kind) {
      case 'this':
        return { kind: 'direct' };
      case 'computedUserset':
        return this.named(value, what, (relation) => ({ kind: 'computed', relation }));
      case 'tupleToUserset':
        return this.tupleToUserset(value, what);
      case 'union':
      case 'intersection':
        return this.children(value, kind, what, depth);
      case 'difference':
        return this.difference(value, what, depth);
      default:
        this.report(`the definition of ${what} has an unknown rewrite`, kind, REWRITES);
        return undefined;
    }
  }

  private tupleToUserset(json: unknown, what: string): Rewrite | undefined {
    const fields = this.fields(json, `tupleToUserset of ${what}`);
    return this.named(fields.tupleset, what, (tupleset) =>
      this.named(fields.computedUserset, what, (computed) => ({ kind: 'tuple_to_userset', tupleset, computed })),
    );
  }

  private children(json: unknown, kind: 'union' | 'intersection', what: string, depth: number): Rewrite | undefined {
    const list = this.list(this.fields(json, `${kind} of ${what}`).child, `the children of ${kind} of ${what}`);
    const children = list.map((child) => this.rewrite(child, what, depth + 1));
    if (children.length === 0) {
      // An intersection of nothing would hold for everybody.
      this.report(`the ${kind} of ${what} has no children`, undefined, 'at least one');
      return undefined;
    }
    const read = children.filter((child) => child !== undefined);
    return read.length === children.length ? { kind, children: read } : undefined;
  }

  private difference(json: unknown, what: string, depth: number): Rewrite | undefined {
    const fields = this.fields(json, `difference of ${what}`);
    const base = this.rewrite(fields.base, what, depth + 1);
    const subtract = this.rewrite(fields.subtract, what, depth + 1);
    return base === undefined || subtract === undefined ? undefined : { kind: 'exclusion', base, subtract };
  }

  private named(json: unknown, what: string, build: (name: string) => Rewrite | undefined): Rewrite | undefined {
    const name = this.fields(json, `a reference in ${what}`).relation;
    if (typeof name === 'string' && name !== '') return build(name);
    this.report(`a reference in ${what} names no relation`, name, 'the name of a relation');
    return undefined;
  }

  private condition(key: string, json: unknown): SourceCondition {
    const fields = this.fields(json, `condition "${key}"`);
    const { name, expression } = fields;
    const place = this.places.condition(key);
    if (name !== key) this.report(`condition "${key}" has another name inside`, name, `"${key}"`, place);
    if (typeof expression !== 'string') this.report(`condition "${key}" has no expression`, expression, 'CEL', place);
    const parameters = this.fields(fields.parameters ?? {}, `the parameters of condition "${key}"`);
    return {
      name: key,
      expression: typeof expression === 'string' ? expression : '',
      parameters: new Map(
        Object.entries(parameters).map(([parameter, type]) => [parameter, this.parameter(type, key, parameter)]),
      ),
      place,
      expressionPlace: this.places.expression(key),
    };
  }

  private parameter(json: unknown, condition: string, parameter: string): ParameterType {
    const what = `parameter "${parameter}" of condition "${condition}"`;
    const fields = this.fields(json, what);
    const name = String(fields.type_name).replace('TYPE_NAME_', '').toLowerCase();
    if (!isParameterType(name)) {
      this.report(`${what} has an unknown type`, fields.type_name, [...PARAMETER_TYPES].join(', '));
      return { name: 'any' };
    }
    const generic = this.list(fields.generic_types, `the generic types of ${what}`);
    const [of] = generic;
    const wanted = name === 'list' || name === 'map' ? 1 : 0;
    if (generic.length !== wanted) this.report(`${what} has ${generic.length} generic types`, undefined, `${wanted}`);
    return of === undefined ? { name } : { name, of: this.parameter(of, condition, parameter) };
  }

  private fields(json: unknown, what: string): Fields {
    if (isFields(json)) return json;
    this.report(`${what} is not an object`, json, 'an object');
    return {};
  }

  private list(json: unknown, what: string): readonly unknown[] {
    if (json === undefined || json === null) return [];
    if (Array.isArray(json)) return json;
    this.report(`${what} is not a list`, json, 'a list');
    return [];
  }

  private report(message: string, found?: unknown, expected?: string, place: object = {}): void {
    this.problems.push({
      message,
      ...place,
      ...(found === undefined || found === '' ? {} : { found: JSON.stringify(found).slice(0, 64) }),
      ...(expected === undefined ? {} : { expected }),
    });
  }
}

const REWRITES = 'this, computedUserset, tupleToUserset, union, intersection or difference';

function isFields(json: unknown): json is Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isParameterType(name: string): name is ParameterType['name'] {
  return PARAMETER_TYPES.has(name);
}
