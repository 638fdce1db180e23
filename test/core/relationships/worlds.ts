import fc from 'fast-check';
import type { ModelConditionProgram } from '../../../src/core/cel/model-condition.ts';
import type { DirectType, Model, Relation, Rewrite } from '../../../src/core/model/model.ts';
import type { Relationship } from '../../../src/core/relationships/membership.ts';

/** A generated model with relationships, small enough to meet itself in every way. */
export interface World {
  readonly model: Model;
  readonly tuples: readonly Relationship[];
}

const TYPES = ['group', 'doc'] as const;
const NAMES = ['r0', 'r1', 'r2', 'r3'] as const;
export const OBJECTS = TYPES.flatMap((type) => ['0', '1'].map((id) => `${type}:${id}`));
export const SUBJECTS = ['user:a', 'user:b', 'user:*', 'group:0#r1', 'doc:1#r0'];
export const RELATIONS = [...NAMES, 'parent'];

const name = fc.constantFrom(...NAMES);

/** The value of the condition `c` is written into the relationship: `{value: 'true' | 'false' | 'error'}`. */
const program: ModelConditionProgram = {
  condition: { name: 'c', expression: 'value', parameters: new Map() },
  evaluate: (context) => {
    const { value } = context;
    if (value === 'true' || value === 'false') return { kind: value };
    return { kind: 'error', expression: 'c', message: 'no value' };
  },
};

function rewrites(negation: boolean): fc.Arbitrary<Rewrite> {
  const { rewrite } = fc.letrec<{ rewrite: Rewrite; leaf: Rewrite; tree: Rewrite }>((tie) => ({
    rewrite: fc.oneof({ depthSize: 'small', maxDepth: 3 }, tie('leaf'), tie('tree')),
    leaf: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Rewrite>({ kind: 'direct' }) },
      { weight: 2, arbitrary: name.map((relation): Rewrite => ({ kind: 'computed', relation })) },
      {
        weight: 2,
        arbitrary: name.map((computed): Rewrite => ({ kind: 'tuple_to_userset', tupleset: 'parent', computed })),
      },
    ),
    tree: fc.oneof(
      { weight: 2, arbitrary: children(tie('rewrite'), 'union') },
      { weight: 1, arbitrary: children(tie('rewrite'), 'intersection') },
      {
        weight: negation ? 3 : 0,
        arbitrary: fc
          .tuple(tie('rewrite'), tie('rewrite'))
          .map(([base, subtract]): Rewrite => ({ kind: 'exclusion', base, subtract })),
      },
    ),
  }));
  return rewrite;
}

function children(child: fc.Arbitrary<Rewrite>, kind: 'union' | 'intersection'): fc.Arbitrary<Rewrite> {
  return fc.array(child, { minLength: 2, maxLength: 3 }).map((list): Rewrite => ({ kind, children: list }));
}

const directTypes: fc.Arbitrary<readonly DirectType[]> = fc.subarray<DirectType>(
  [
    { type: 'user', wildcard: false },
    { type: 'user', wildcard: false, condition: 'c' },
    { type: 'user', wildcard: true },
    { type: 'user', wildcard: true, condition: 'c' },
    ...TYPES.flatMap((type) => NAMES.map((relation) => ({ type, relation, wildcard: false }))),
    { type: 'group', relation: 'r0', wildcard: false, condition: 'c' },
  ],
  { minLength: 6 },
);

function models(negation: boolean): fc.Arbitrary<Model> {
  const relation = fc.record({ rewrite: rewrites(negation), directTypes });
  const relations = fc.tuple(...NAMES.map(() => relation));
  const parents = fc.subarray<DirectType>(
    [
      { type: 'group', wildcard: false },
      { type: 'doc', wildcard: false },
      { type: 'doc', wildcard: false, condition: 'c' },
    ],
    { minLength: 1 },
  );
  const type = fc.record({ relations, parents });
  return fc.tuple(...TYPES.map(() => type)).map((types) => ({
    types: new Map([
      ['user', { name: 'user', relations: new Map() }],
      ...types.map(({ relations: defined, parents: restriction }, index) => {
        const list: Relation[] = defined.map((one, at) => ({ name: `r${at}`, excludes: true, ...one }));
        list.push({ name: 'parent', excludes: false, rewrite: { kind: 'direct' }, directTypes: restriction });
        const typeName = TYPES[index] ?? '';
        return [typeName, { name: typeName, relations: new Map(list.map((one) => [one.name, one])) }] as const;
      }),
    ]),
    conditions: new Map(),
    programs: new Map([['c', program]]),
  }));
}

const conditions = fc.option(
  fc.constantFrom('true', 'false', 'error').map((value) => ({ name: 'c', context: { value } })),
  { nil: undefined, freq: 2 },
);

function tuples(errors: boolean): fc.Arbitrary<readonly Relationship[]> {
  const object = fc.constantFrom(...OBJECTS);
  const userset = fc.tuple(object, name).map(([entity, relation]) => `${entity}#${relation}`);
  const member = fc.record({
    user: fc.oneof(fc.constantFrom('user:a', 'user:b', 'user:*'), userset, userset, userset),
    relation: name,
    object,
    condition: errors ? conditions : fc.constant(undefined),
  });
  const parent = fc.record({
    user: object,
    relation: fc.constant('parent'),
    object,
    condition: errors ? conditions : fc.constant(undefined),
  });
  return fc
    .uniqueArray(fc.oneof({ weight: 3, arbitrary: member }, { weight: 1, arbitrary: parent }), {
      minLength: 6,
      maxLength: 40,
      selector: (tuple) => `${tuple.object}#${tuple.relation}@${tuple.user}`,
    })
    .map((list) =>
      list.map(({ condition, ...tuple }): Relationship => (condition === undefined ? tuple : { ...tuple, condition })),
    );
}

export function worlds(options: { readonly negation: boolean; readonly errors: boolean }): fc.Arbitrary<World> {
  return fc.record({ model: models(options.negation), tuples: tuples(options.errors) });
}
