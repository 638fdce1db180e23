import { describe, expect, it } from 'vitest';
import { err, ok } from '../../src/core/result.ts';
import { type CaseResult, type SuiteResult, tally } from '../../src/engine/policy-tests/results.ts';
import { isTestFile, runTests } from '../../src/engine/run-tests.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');

const ALBUMS = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: album:object
  version: default
  rules:
    - name: owner
      actions: [view, delete]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: R.attr.owner == P.id } }
      output: { when: { ruleActivated: '{"who": P.id, "limit": G.limit}', conditionNotMet: '"not yours"' } }
    - name: fresh
      actions: [print]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: 'now() < timestamp("2025-01-01T00:00:00Z")' } }
    - name: token
      actions: [share]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: 'request.auxData.jwt.aud == "albums"' } }
---
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: album:object
  version: staging
  rules:
    - { actions: ["*"], effect: EFFECT_ALLOW, roles: [user] }
---
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: album:object
  version: default
  scope: acme
  rules:
    - { actions: [view], effect: EFFECT_DENY, roles: [user] }
`;

const SETTINGS = { path: 'policies/behalf.yaml', text: 'semantics: cerbos\nglobals: { limit: 1 }\n' };
const POLICY = { path: 'policies/album.yaml', text: ALBUMS };

const FIXTURES = `
principals:
  alicia: { id: "alicia ID", roles: [user] }
  bradley: &bradley { id: bradley, roles: [user] }
  other: { <<: *bradley, id: other }
  robot: { id: robot, roles: [machine] }
principalGroups:
  people: { principals: [alicia, bradley] }
resources:
  mine: &mine { id: a1, kind: "album:object", attr: { owner: alicia ID } }
  yours: { <<: *mine, id: a2, attr: { owner: bradley } }
  staged: { <<: *mine, policy_version: staging }
auxData:
  token: { jwt: { aud: albums } }
`;

function suite(tests: string, head = ''): string {
  return `name: Albums\n${head}${FIXTURES}tests:\n${tests}`;
}

function run(files: { readonly [path: string]: string }, more = [SETTINGS, POLICY]) {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  const ran = runTests(
    [...more, ...sources],
    {
      files: (_from, path) => {
        const found = sources.filter((file) => file.path.endsWith(path.replace('./', '')));
        return found.length > 0 ? ok(found) : err(`there is no ${path}`);
      },
      inPlace: (problem) => problem,
    },
    NOW,
  );
  if (!ran.ok) throw new Error(JSON.stringify(ran.error));
  return ran.value;
}

function runOne(tests: string, head?: string): SuiteResult {
  const [result] = run({ 'policies/album_test.yaml': suite(tests, head) });
  if (result === undefined) throw new Error('no suite was run');
  return result;
}

function told({ cases }: SuiteResult, named = false): { readonly [path: string]: string } {
  return Object.fromEntries(
    cases.map(({ test, path, outcome }) => [path.join(' ') + (named ? ` (${test})` : ''), describeOutcome(outcome)]),
  );
}

function describeOutcome(outcome: CaseResult['outcome']): string {
  if (outcome.kind !== 'failed') return outcome.kind;
  return outcome.differences
    .map(({ of, expected, actual }) => `${of}: ${JSON.stringify(expected)} ${JSON.stringify(actual) ?? 'missing'}`)
    .join('; ');
}

const INPUT = '{ principals: [alicia, bradley], resources: [mine, yours], actions: [view, delete] }';

describe('the matrix of a test', () => {
  it('is every principal with every resource and action; what is not named is expected to be denied', () => {
    const result = runOne(`
  - name: own
    input: ${INPUT}
    expected:
      - { principal: alicia, resource: mine, actions: { view: EFFECT_ALLOW } }
`);
    expect(told(result)).toEqual({
      'alicia mine view': 'passed',
      'alicia mine delete': 'effect: "EFFECT_DENY" "EFFECT_ALLOW"',
      'alicia yours view': 'passed',
      'alicia yours delete': 'passed',
      'bradley mine view': 'passed',
      'bradley mine delete': 'passed',
      'bradley yours view': 'effect: "EFFECT_DENY" "EFFECT_ALLOW"',
      'bradley yours delete': 'effect: "EFFECT_DENY" "EFFECT_ALLOW"',
    });
    expect(tally([result])).toEqual({ passed: 5, failed: 3, errored: 0, skipped: 0 });
  });

  it('takes groups, lists and merged maps, and joins what several expectations say', () => {
    const result = runOne(`
  - name: own
    input: { principalGroups: [people], principals: [other], resources: [mine, yours, staged], actions: [view, delete] }
    expected:
      - { principalGroups: [people], principals: [other], resources: [staged], actions: { view: EFFECT_ALLOW, delete: EFFECT_ALLOW } }
      - { principal: alicia, resource: mine, actions: { view: EFFECT_ALLOW } }
      - { principal: alicia, resource: mine, actions: { delete: EFFECT_ALLOW, view: EFFECT_ALLOW } }
      - { principal: bradley, resources: [yours], actions: { view: EFFECT_ALLOW, delete: EFFECT_ALLOW } }
`);
    expect(tally([result])).toEqual({ passed: 18, failed: 0, errored: 0, skipped: 0 });
  });

  it.each([
    [
      'expectations that contradict',
      '{ principal: alicia, resource: mine, actions: { view: EFFECT_DENY } }',
      'contradict',
    ],
    [
      'an expectation of an action that is not asked',
      '{ principal: alicia, resource: mine, actions: { print: EFFECT_ALLOW } }',
      'print',
    ],
    [
      'an expectation of somebody who is not asked',
      '{ principal: robot, resource: mine, actions: { view: EFFECT_ALLOW } }',
      'robot',
    ],
    [
      'an expectation of an unknown group',
      '{ principalGroups: [x], resource: mine, actions: { view: EFFECT_ALLOW } }',
      '"x"',
    ],
    [
      'an output of an action that is not asked',
      '{ principal: alicia, resource: mine, actions: { view: EFFECT_ALLOW }, outputs: [{ action: print, expected: [{ src: a, val: b }] }] }',
      'print',
    ],
    [
      'an effect that is none',
      '{ principal: alicia, resource: mine, actions: { view: ALLOW } }',
      'EFFECT_ALLOW or EFFECT_DENY',
    ],
    [
      'two ways to name the principal',
      '{ principal: alicia, principals: [alicia], resource: mine, actions: { view: EFFECT_ALLOW } }',
      'two ways',
    ],
    ['nobody', '{ resource: mine, actions: { view: EFFECT_ALLOW } }', 'no principal'],
  ])('%s: the suite is in error', (_what, expectation, said) => {
    const result = runOne(`
  - name: own
    input: ${INPUT}
    expected:
      - { principal: alicia, resource: mine, actions: { view: EFFECT_ALLOW } }
      - ${expectation}
`);
    expect(result.error).toContain(said);
    expect(result.cases).toEqual([]);
  });

  it.each([
    ['an unknown principal', '{ principals: [nobody], resources: [mine], actions: [view] }', 'nobody'],
    ['unknown aux data', '{ principals: [alicia], resources: [mine], actions: [view], auxData: none }', 'none'],
    ['an action twice', '{ principals: [alicia], resources: [mine], actions: [view, view] }', 'twice'],
    ['no action', '{ principals: [alicia], resources: [mine], actions: [] }', 'one action'],
    ['an unknown field', '{ principals: [alicia], resources: [mine], actions: [view], action: x }', 'unknown key'],
  ])('%s: the suite is in error', (_what, input, said) => {
    const result = runOne(`
  - name: own
    input: ${input}
    expected: [{ principals: [alicia], resource: mine, actions: { view: EFFECT_ALLOW } }]
`);
    expect(result.error).toContain(said);
  });

  it('two tests of one name, a group with a stranger, a principal without roles: the suite is in error', () => {
    const test = `
  - { name: same, input: ${INPUT}, expected: [{ principal: alicia, resource: mine, actions: { view: EFFECT_ALLOW } }] }
`;
    expect(runOne(test + test).error).toContain('one name');
    const [strangers] = run({
      'policies/a_test.yaml': `name: A\nprincipals: { a: { id: a, roles: [x] } }\nprincipalGroups: { g: { principals: [a, b] } }\ntests: [{ name: x, input: { principals: [a], resources: [r], actions: [v] }, expected: [{ principal: a, resource: r, actions: { v: EFFECT_DENY } }] }]\n`,
    });
    expect(strangers?.error).toContain('group g');
    const [bare] = run({
      'policies/a_test.yaml': `name: A\nprincipals: { a: { id: a } }\nresources: { r: { id: r, kind: k } }\ntests: [{ name: x, input: { principals: [a], resources: [r], actions: [v] }, expected: [{ principal: a, resource: r, actions: { v: EFFECT_DENY } }] }]\n`,
    });
    expect(bare?.error).toContain('no roles');
  });
});

describe('options', () => {
  const print = (options: string) => `
  - name: print
    ${options}
    input: { principals: [alicia], resources: [mine], actions: [print, view] }
    expected: [{ principal: alicia, resource: mine, actions: { print: EFFECT_ALLOW, view: EFFECT_ALLOW } }]
`;

  it('now is the time of a suite, or of a test, whose options replace all of the suite', () => {
    const stated = 'options: { now: "2024-01-01T00:00:00Z" }\n';
    expect(tally([runOne(print(''), stated)]).passed).toBe(2);
    const later = runOne(print('options: { now: "2026-01-01T00:00:00Z" }'), stated);
    expect(told(later)['alicia mine print']).toBe('effect: "EFFECT_ALLOW" "EFFECT_DENY"');
    const none = runOne(print('options: { globals: { a: 1 } }'), stated);
    expect(tally([none])).toMatchObject({ errored: 2 });
  });

  it('a condition that asks for the time where none is stated is an error of every action of the combination', () => {
    const result = runOne(print(''));
    expect(tally([result])).toMatchObject({ passed: 0, failed: 0, errored: 2 });
    expect(result.cases[0]?.outcome).toMatchObject({ message: expect.stringContaining('options: now') });
    expect(runOne(print('options: { now: yesterday }')).error).toContain('now');
  });

  it('globals replace those of the settings, the default version and scope stand in where a fixture has none', () => {
    const output = (options: string, limit: number) => `
  - name: view
    ${options}
    input: { principals: [alicia], resources: [mine], actions: [view] }
    expected:
      - principal: alicia
        resource: mine
        actions: { view: EFFECT_ALLOW }
        outputs: [{ action: view, expected: [{ src: "resource.album_object.vdefault#owner", val: { limit: ${limit}, who: alicia ID } }] }]
`;
    expect(tally([runOne(output('', 1))]).passed).toBe(1);
    expect(told(runOne(output('options: { globals: { limit: 7 } }', 1)))['alicia mine view']).toContain('"limit":7');
    expect(tally([runOne(output('options: { globals: { limit: 7 } }', 7))]).passed).toBe(1);

    const effect = (options: string) =>
      told(
        runOne(`
  - name: view
    options: ${options}
    input: { principals: [bradley], resources: [mine], actions: [view] }
    expected: [{ principal: bradley, resource: mine, actions: { view: EFFECT_ALLOW } }]
`),
      )['bradley mine view'];
    expect(effect('{ default_policy_version: staging }')).toBe('passed');
    expect(effect('{ defaultPolicyVersion: default }')).not.toBe('passed');
    const scoped = (scope: string) =>
      told(
        runOne(`
  - name: view
    options: { defaultScope: ${scope} }
    input: { principals: [alicia], resources: [mine], actions: [view] }
    expected: [{ principal: alicia, resource: mine, actions: { view: EFFECT_ALLOW } }]
`),
      )['alicia mine view'];
    expect(scoped('acme')).not.toBe('passed');
    expect(scoped('""')).toBe('passed');
  });

  it('lenient scope search finds the policy of a scope above', () => {
    const view = (lenient: boolean) =>
      told(
        runOne(`
  - name: view
    options: { lenientScopeSearch: ${lenient}, defaultScope: nowhere.at.all }
    input: { principals: [alicia], resources: [mine], actions: [view] }
    expected: [{ principal: alicia, resource: mine, actions: { view: EFFECT_ALLOW } }]
`),
      )['alicia mine view'];
    expect(view(true)).toBe('passed');
    expect(view(false)).not.toBe('passed');
  });
});

describe('outputs and aux data', () => {
  const view = (outputs: string) =>
    told(
      runOne(`
  - name: view
    input: { principals: [bradley], resources: [mine], actions: [view] }
    expected:
      - { principal: bradley, resource: mine, actions: { view: EFFECT_DENY }, outputs: [{ action: view, expected: ${outputs} }] }
`),
    )['bradley mine view'];

  it('are compared by their source; others may be there as well', () => {
    expect(view('[{ src: "resource.album_object.vdefault#owner", val: "not yours" }]')).toBe('passed');
    expect(view('[{ src: "resource.album_object.vdefault#owner", val: "yours" }]')).toBe(
      'output resource.album_object.vdefault#owner: "yours" "not yours"',
    );
    expect(view('[{ src: "resource.album_object.vdefault#other", val: 1 }]')).toContain('missing');
  });

  it('aux data are of the one test that names them', () => {
    const share = (auxData: string) =>
      told(
        runOne(`
  - name: share
    input: { principals: [alicia], resources: [mine], actions: [share]${auxData} }
    expected: [{ principal: alicia, resource: mine, actions: { share: EFFECT_ALLOW } }]
`),
      )['alicia mine share'];
    expect(share(', auxData: token')).toBe('passed');
    expect(share(', aux_data: token')).toBe('passed');
    expect(share('')).not.toBe('passed');
  });
});

describe('skipping', () => {
  const test = (skip: string) => `
  - { name: own, ${skip}input: ${INPUT}, expected: [{ principal: alicia, resource: mine, actions: { view: EFFECT_DENY } }] }
`;

  it('a test, or a whole suite, says why and decides nothing', () => {
    const result = runOne(test('skip: true, skipReason: later, '));
    expect(tally([result])).toEqual({ passed: 0, failed: 0, errored: 0, skipped: 8 });
    expect(result.cases[0]?.outcome).toEqual({ kind: 'skipped', because: 'later' });
    const whole = runOne(test(''), 'skip: true\nskipReason: never\n');
    expect(whole).toMatchObject({ skipped: { because: 'never' }, cases: [] });
  });

  it('a skipped test whose names lead nowhere is still an error', () => {
    const result = runOne(`
  - { name: own, skip: true, input: { principals: [nobody], resources: [mine], actions: [view] }, expected: [{ principal: nobody, resource: mine, actions: { view: EFFECT_DENY } }] }
`);
    expect(result.error).toContain('nobody');
  });
});

describe('shared fixtures', () => {
  const TEST = `name: Shared
resources: { mine: { id: a9, kind: "album:object", attr: { owner: zoe } } }
tests:
  - name: view
    input: { principalGroups: [all], resources: [mine, theirs], actions: [view] }
    expected: [{ principal: zoe, resource: mine, actions: { view: EFFECT_ALLOW } }]
`;
  const PRINCIPALS =
    '---\nprincipals: { zoe: { id: zoe, roles: [user] } }\nprincipalGroups: { all: { principals: [zoe] } }\n';
  const RESOURCES =
    '{"resources": {"mine": {"id": "x", "kind": "y"}, "theirs": {"id": "z", "kind": "album:object", "attr": {}}}}';

  it('lie in testdata beside the suite, whose own come first', () => {
    const [result] = run({
      'policies/sub/a_test.yml': TEST,
      'policies/sub/testdata/principals.yml': PRINCIPALS,
      'policies/sub/testdata/resources.json': RESOURCES,
    });
    expect(result && told(result)).toEqual({ 'zoe mine view': 'passed', 'zoe theirs view': 'passed' });
  });

  it('a broken file, or one of another directory, fails the suite', () => {
    const [broken] = run({
      'policies/a_test.yaml': TEST,
      'policies/testdata/principals.yaml': 'principals: { zoe: { name: zoe } }',
    });
    expect(broken?.error).toContain('policies/testdata/principals.yaml:1:22: unknown key');
    const [elsewhere] = run({ 'policies/a_test.yaml': TEST, 'policies/sub/testdata/principals.yaml': PRINCIPALS });
    expect(elsewhere?.error).toContain('"all"');
  });
});

it('a bundle with errors tests nothing', () => {
  const ran = runTests(
    [
      { path: 'policies/a.yaml', text: 'apiVersion: x' },
      { path: 'policies/a_test.yaml', text: 'name: x' },
    ],
    { files: () => err('none'), inPlace: (problem) => problem },
    NOW,
  );
  expect(ran.ok).toBe(false);
});

it('tests are known by their names', () => {
  const names = [
    'policies/a_test.yaml',
    'policies/b/c_test.json',
    'model/a.fga.yaml',
    'policies/testdata/a_test.yaml',
    'policies/a.yaml',
    'model/a.fga',
  ];
  expect(names.map(isTestFile)).toEqual([true, true, true, false, false, false]);
});

describe('a world of our own', () => {
  const MODEL = {
    path: 'model/m.fga',
    text: 'model\n  schema 1.1\ntype user\ntype agent\ntype doc\n  relations\n    define can_read: [user]\n',
  };
  const WORLD = `
behalf:
  entities: [{ entity: user:ann, roles: [boss] }]
  tuples: [{ user: user:ann, relation: can_read, object: "doc:1" }, { user: user:ben, relation: can_read, object: "doc:1" }]
  delegations:
    - { name: one, from: "user:*", to: agent:a, max_depth: 1, expires_in: 30d, capabilities: [{ actions: [read], resources: ["doc:*"] }] }
    - { name: two, parent: one, to: agent:b, activation: session, max_session: 1h, capabilities: [{ actions: [read], resources: ["doc:1"], condition: 'request.context.ok == true' }] }
`;
  const of = (tests: string, world = WORLD) => {
    const [result] = run({ 'policies/w_test.yaml': `name: W${world}tests:\n${tests}` }, [MODEL]);
    if (result === undefined) throw new Error('nothing was run');
    return result;
  };

  it('chains are walked for each origin; sessions, context and reasons are of the test', () => {
    const result = of(`
  - name: read
    input: { principals: ["agent:a", "agent:b"], onBehalfOf: ["user:ann", "user:cat"], resources: ["doc:1"], actions: [read] }
    expected:
      - { principal: "agent:a", onBehalfOf: "user:ann", resource: "doc:1", actions: { read: EFFECT_ALLOW } }
      - { principal: "agent:b", onBehalfOf: "user:ann", resource: "doc:1", actions: { read: EFFECT_DENY }, reasons: { read: session_required } }
      - { principals: ["agent:a", "agent:b"], onBehalfOf: "user:cat", resource: "doc:1", actions: { read: EFFECT_DENY }, reasons: { read: not_entitled } }
  - name: in a session
    input: { principals: ["agent:b"], onBehalfOf: "user:ann", resources: ["doc:1"], actions: [read], sessions: [two], context: { ok: true } }
    expected: [{ principal: "agent:b", resource: "doc:1", actions: { read: EFFECT_ALLOW } }]
  - name: not ok
    input: { principals: ["agent:b"], onBehalfOf: "user:ann", resources: ["doc:1"], actions: [read], sessions: [two] }
    expected: [{ principal: "agent:b", resource: "doc:1", actions: { read: EFFECT_DENY }, reasons: { read: condition_false } }]
`);
    expect(result.error).toBeUndefined();
    expect(told(result, true)).toEqual({
      'agent:a for user:ann doc:1 read (read)': 'passed',
      'agent:a for user:cat doc:1 read (read)': 'passed',
      'agent:b for user:ann doc:1 read (read)': 'passed',
      'agent:b for user:cat doc:1 read (read)': 'passed',
      'agent:b for user:ann doc:1 read (in a session)': 'passed',
      'agent:b for user:ann doc:1 read (not ok)': 'reason: "condition_false" "condition_error"',
    });
    const failed = result.cases.find(({ outcome }) => outcome.kind === 'failed');
    expect(failed?.outcome).toMatchObject({
      explanation: { decision: { allowed: false }, shortfalls: [{ reason: 'condition_error' }] },
    });
  });

  it.each([
    ['a session of nothing', WORLD, 'sessions: [three]', 'three'],
    [
      'a delegation wider than its parent',
      WORLD.replace('["doc:1"], condition', '["user:*"], condition'),
      '',
      'wider than its parent',
    ],
    [
      'an invalid tuple',
      WORLD.replace('relation: can_read, object: "doc:1" }, {', 'relation: can_eat, object: "doc:1" }, {'),
      '',
      'can_eat',
    ],
    [
      'a missing seed',
      WORLD.replace('entities: [{ entity: user:ann, roles: [boss] }]', 'seed: ./none.yaml'),
      '',
      'none.yaml',
    ],
  ])('%s: the suite is in error', (_what, world, more, said) => {
    const result = of(
      `
  - name: read
    input: { principals: ["agent:a"], onBehalfOf: "user:ann", resources: ["doc:1"], actions: [read], ${more} }
    expected: [{ principal: "agent:a", resource: "doc:1", actions: { read: EFFECT_ALLOW } }]
`,
      world,
    );
    expect(result.error).toContain(said);
  });
});
