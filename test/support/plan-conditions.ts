import fc from 'fast-check';
import { stringify } from 'yaml';

/** Random conditions over what a plan knows (`P`, constants) and what it does not (`R`), all well typed for CEL. */

/** Whose plans: its attributes are what the conditions name. */
export const PRINCIPAL = {
  id: 'pat',
  roles: ['user'],
  attr: {
    n: 2,
    f: 2.5,
    s: 'a',
    yes: true,
    tags: ['a', 'b'],
    many: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'],
    none: [],
    teams: { a: { role: 'OWNER' }, b: { role: 'GUEST' } },
    levels: { a: ['x', 'y'], b: ['x'] },
    grants: [
      { team: 'a', level: 1 },
      { team: 'b', level: 3 },
    ],
  },
};

const text = fc.constantFrom(
  'R.attr.s',
  'R.attr.t',
  'R.id',
  'P.attr.s',
  'P.id',
  '"a"',
  'R.attr.m.k',
  'R.attr["s"]',
  'V.name',
);
const number = fc.constantFrom(
  'R.attr.n',
  'R.attr.o',
  'P.attr.n',
  'P.attr.f',
  'dyn(1.0)',
  'dyn(2)',
  'dyn(R.attr.n + 1.0)',
  'dyn(P.attr.f * 2.0)',
  'C.limit',
  'dyn(-3)',
);
const strings = fc.constantFrom(
  'R.attr.tags',
  'P.attr.tags',
  '["a", "b"]',
  '[R.attr.s, "b"]',
  'P.attr.none',
  '["a"]',
  'P.attr.many',
);
const comparison = fc.constantFrom('<', '<=', '>', '>=', '==', '!=');

const atoms = fc.oneof(
  fc.tuple(number, comparison, number).map(([left, operator, right]) => `${left} ${operator} ${right}`),
  fc.tuple(text, fc.constantFrom('==', '!='), text).map(([left, operator, right]) => `${left} ${operator} ${right}`),
  fc.tuple(text, strings).map(([one, all]) => `${one} in ${all}`),
  fc.tuple(strings, text).map(([all, one]) => `${all}.exists(t, t == ${one})`),
  fc.tuple(strings, text).map(([all, one]) => `${all}.all(t, t != ${one} || R.attr.flag)`),
  fc.tuple(strings, strings).map(([left, right]) => `hasIntersection(${left}, ${right})`),
  fc.tuple(strings, strings).map(([left, right]) => `${left}.isSubset(${right})`),
  fc.tuple(strings, text).map(([all, one]) => `${all}.filter(t, t == ${one}).size() > 1`),
  fc.tuple(strings, text).map(([all, one]) => `${all}.exists_one(t, t == ${one})`),
  fc.tuple(strings, text).map(([all, one]) => `${one} in ${all}.map(t, t + P.attr.s)`),
  fc.tuple(text, text).map(([one, other]) => `${one}.startsWith(${other})`),
  fc.tuple(text, text).map(([one, other]) => `${one}.contains(${other} + "x")`),
  fc.constantFrom(
    'R.attr.flag',
    '!R.attr.flag',
    'P.attr.yes',
    'P.attr.missing == 1',
    'has(R.attr.s)',
    '!has(R.attr.n)',
    'has(P.attr.n)',
    'has(P.attr.missing)',
    'R.attr.flag ? R.attr.n == 1 : P.attr.n == 2',
    'P.attr.yes ? R.attr.n == 1 : R.attr.n == 2',
    'P.attr.teams[R.attr.s].role == "OWNER"',
    'P.attr.teams[R.attr.s].role != "OWNER"',
    '"y" in P.attr.levels[R.attr.s]',
    'R.attr.s in P.attr.teams',
    'P.attr.grants.exists(g, g.team == R.attr.s && g.level > 2)',
    'R.attr.grants.exists(g, g.team == P.attr.s && g.level > P.attr.n)',
    'R.attr.grants.exists(g, g.teams.all(u, u == P.id || u == R.attr.s))',
    'R.attr.m["k"] == "v"',
    'R.attr.list[0] == P.id',
    'R.kind == "doc" && R.scope == ""',
    'timestamp(R.attr.when) > timestamp("2024-01-01T00:00:00Z")',
    'timestamp(R.attr.when) - timestamp("2024-01-01T00:00:00Z") < duration("90m")',
    'timestamp(R.attr.when).getFullYear() == 2024',
    'hierarchy(R.attr.s).descendentOf(hierarchy("a.b"))',
    'hierarchy(P.attr.s) == hierarchy("a")',
    'R.attr.s.matches("^a.*")',
    'size(R.attr.tags) > size(P.attr.tags)',
    'R.attr.m == {"k": P.id, "l": R.attr.s}',
    'R.attr.tags == P.attr.tags',
    'string(R.attr.n) == "1"',
    'R.attr.tags.except(P.attr.tags) == []',
    'intersect(R.attr.tags, P.attr.tags).size() > 0',
    'R.attr.ip.inIPAddrRange("10.0.0.0/8")',
    'request.resource.attr.s == request.principal.id',
    'V.mine',
    'V.mine || V.flagged',
    'G.environment == "test"',
    'true',
    'false',
  ),
);

/** Also logic over them, with and without parentheses. */
export const CONDITIONS: fc.Arbitrary<string> = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atoms,
    fc
      .tuple(fc.constantFrom('&&', '||'), fc.array(tie('expression'), { minLength: 2, maxLength: 5 }))
      .map(([operator, parts]) => parts.map((part) => `(${part})`).join(` ${operator} `)),
    fc.tuple(fc.constantFrom('&&', '||'), fc.array(atoms, { minLength: 2, maxLength: 6 })).map(([operator, parts]) => {
      const plain = parts.filter((part) => !part.includes('?') && !part.includes('||') && !part.includes('&&'));
      return plain.length < 2 ? 'R.attr.flag' : plain.join(` ${operator} `);
    }),
    tie('expression').map((part) => `!(${part})`),
  ),
})).expression;

/** Attributes of a resource, some missing, some of another type. */
export const RESOURCE: fc.Arbitrary<object> = fc.record(
  {
    s: fc.constantFrom<unknown>('a', 'b', 'pat', 1),
    t: fc.constantFrom('a', 'b', 'x'),
    n: fc.constantFrom<unknown>(1, 2, 3.5, 'two'),
    o: fc.constantFrom(1, 2, 5),
    flag: fc.constantFrom<unknown>(true, false, 'yes'),
    tags: fc.constantFrom<unknown>(['a'], ['a', 'b'], [], 'a', ['a', 1]),
    m: fc.constantFrom<unknown>({ k: 'v' }, { k: 'pat', l: 'a' }, {}),
    list: fc.constantFrom<unknown>(['pat'], [], 'x'),
    grants: fc.constantFrom<unknown>([{ team: 'a', level: 3, teams: ['pat'] }], [{}], []),
    when: fc.constantFrom<unknown>('2024-01-01T01:00:00Z', 'never'),
    ip: fc.constantFrom('10.1.2.3', '1.1.1.1'),
  },
  { requiredKeys: [] },
);

/** One policy with an action for each condition: `a0`, `a1`, … */
export function conditionStore(conditions: readonly string[], effect = 'EFFECT_ALLOW'): { path: string; text: string } {
  const rules = conditions.map((expr, at) => ({
    actions: [`a${at}`],
    effect,
    roles: ['user'],
    condition: { match: { expr } },
  }));
  const permit = effect === 'EFFECT_DENY' ? [{ actions: ['*'], effect: 'EFFECT_ALLOW', roles: ['user'] }] : [];
  const resourcePolicy = {
    resource: 'doc',
    version: 'default',
    variables: { local: { name: 'P.attr.s', mine: 'R.attr.s == P.id', flagged: 'R.attr.flag && V.mine' } },
    constants: { local: { limit: 2 } },
    rules: [...permit, ...rules],
  };
  return { path: 'doc.yaml', text: stringify({ apiVersion: 'api.cerbos.dev/v1', resourcePolicy }) };
}
