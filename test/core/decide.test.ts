import { describe, expect, test } from 'vitest';
import { compileBundle } from '../../src/core/bundle.ts';
import type { Change } from '../../src/core/change.ts';
import { decide } from '../../src/core/decide.ts';
import type { CheckRequest, Decision } from '../../src/core/decision.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { State } from '../../src/core/state.ts';
import { wideEdge } from '../support/laws.ts';

interface Files {
  readonly [path: string]: string;
}

const ALONE: CheckRequest = {
  actor: 'user:alice',
  origin: 'user:alice',
  proof: 'verified',
  action: 'call',
  resource: 'tool:pay',
  resourceAttributes: { tags: ['a', 'b'], risk: 'low' },
  openAttributes: ['args'],
};
const DELEGATED: CheckRequest = { ...ALONE, actor: 'agent:bot' };

function decideIn(files: Files, request: CheckRequest, rows: readonly Change[] = [], detail?: 'explain'): Decision {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  const bundle = compileBundle({ digest: 'sha256:test', files: sources });
  if (!bundle.ok) throw new Error(bundle.error.map(formatProblem).join('\n'));
  const state = new State();
  for (const row of rows) state.apply(row, 1);
  return decide(request, state.snapshot(bundle.value), 0, detail);
}

/** A resource policy for tools with these rules, in YAML's flow style, and what stands before them. */
function tools(rules: readonly string[], more: readonly string[] = []): Files {
  const lines = [
    'apiVersion: api.cerbos.dev/v1',
    'resourcePolicy:',
    '  resource: tool',
    '  version: default',
    ...more.map((line) => `  ${line}`),
    '  rules:',
    ...rules.map((rule) => `    - ${rule}`),
  ];
  return { 'policies/tool.yaml': `${lines.join('\n')}\n` };
}

const when = (match: string) => `condition: { match: ${match} }`;
const expr = (source: string) => `{ expr: '${source}' }`;
const rule = (effect: string, match?: string, more = 'roles: [user]') =>
  `{ actions: [call], effect: EFFECT_${effect}, ${more}${match === undefined ? '' : `, ${when(match)}`} }`;
const ANYBODY = rule('ALLOW');
const CERBOS: Files = { 'policies/behalf.yaml': 'semantics: cerbos\n' };

/** `allow`, `deny` or `depends`. */
function outcome({ allowed, reason, reasons }: Decision): string {
  if (allowed) return 'allow';
  if (reason !== 'depends') {
    expect(reasons).not.toContain('depends');
    return 'deny';
  }
  expect(reasons).toEqual(['depends']);
  return 'depends';
}

const UNKNOWN = 'R.attr.args.x == 1';
const ABSORBED_TRUE = `${UNKNOWN} || R.attr.risk == "low"`;
const ABSORBED_FALSE = `${UNKNOWN} && R.attr.risk == "high"`;
const MAY_ONLY_BE_FALSE = `{ all: { of: [${expr('false')}, ${expr(UNKNOWN)}] } }`;
const MAY_ONLY_BE_TRUE = `{ any: { of: [${expr('true')}, ${expr(UNKNOWN)}] } }`;
const NONE = `{ none: { of: [${expr(UNKNOWN)}] } }`;
const SURELY_ERROR = `{ any: { of: [${expr(UNKNOWN)}, ${expr('R.attr.gone == 1')}, ${expr('true')}] } }`;

describe('a condition on the origin, of an allow rule and of a deny rule', () => {
  test.each([
    ['unknown', expr(UNKNOWN), 'depends', 'depends'],
    ['negated', expr(`!(${UNKNOWN})`), 'depends', 'depends'],
    ['absorbed by ||', expr(ABSORBED_TRUE), 'allow', 'deny'],
    ['absorbed by &&', expr(ABSORBED_FALSE), 'deny', 'allow'],
    ['unread', expr('R.attr.risk == "low"'), 'allow', 'deny'],
    ['beside an error', expr(`${UNKNOWN} || R.attr.gone == 1`), 'depends', 'depends'],
    ['never true, perhaps an error', MAY_ONLY_BE_FALSE, 'deny', 'depends'],
    ['never false, perhaps an error', MAY_ONLY_BE_TRUE, 'depends', 'deny'],
    ['none', NONE, 'depends', 'depends'],
    ['a certain error, whatever stands beside it', SURELY_ERROR, 'deny', 'deny'],
    ['nested', `{ any: { of: [${MAY_ONLY_BE_FALSE}, ${expr('true')}] } }`, 'depends', 'deny'],
    ['a presence', expr('has(R.attr.args.x)'), 'depends', 'depends'],
  ])('%s', (_what, match, allowing, denying) => {
    expect(outcome(decideIn(tools([rule('ALLOW', match)]), ALONE))).toBe(allowing);
    expect(outcome(decideIn(tools([ANYBODY, rule('DENY', match)]), ALONE))).toBe(denying);
  });

  test.each([
    ['unknown', expr(UNKNOWN), 'depends', 'depends'],
    ['false in all: what stands beside it is not asked', MAY_ONLY_BE_FALSE, 'deny', 'allow'],
    ['true in any', MAY_ONLY_BE_TRUE, 'allow', 'deny'],
    ['none', NONE, 'depends', 'depends'],
    ['an error is false', `{ all: { of: [${expr('R.attr.gone == 1')}, ${expr(UNKNOWN)}] } }`, 'deny', 'allow'],
    ['an error is false', SURELY_ERROR, 'allow', 'deny'],
  ])('with cerbos semantics: %s', (_what, match, allowing, denying) => {
    const of = { ...ALONE, asserted: { origin: { roles: ['user'] } } };
    expect(outcome(decideIn({ ...CERBOS, ...tools([rule('ALLOW', match)]) }, of))).toBe(allowing);
    expect(outcome(decideIn({ ...CERBOS, ...tools([ANYBODY, rule('DENY', match)]) }, of))).toBe(denying);
  });

  test('what the directory holds is known', () => {
    const value = { entity: 'tool:pay', roles: [], attributes: { args: { x: 1 } }, suspended: false, deleted: false };
    const rows: readonly Change[] = [{ kind: 'entity', key: 'tool:pay', value }];
    expect(outcome(decideIn(tools([rule('ALLOW', expr(UNKNOWN))]), ALONE, rows))).toBe('allow');
  });

  test('what is sent and open is open', () => {
    const request = { ...ALONE, resourceAttributes: { args: { x: 1 } } };
    expect(outcome(decideIn(tools([rule('ALLOW', expr(UNKNOWN))]), request))).toBe('depends');
  });

  test('two rules that complete one another still depend: each is looked at by itself', () => {
    const either = tools([rule('ALLOW', expr(UNKNOWN)), rule('ALLOW', expr(`!(${UNKNOWN})`))]);
    expect(outcome(decideIn(either, ALONE))).toBe('depends');
  });
});

describe('variables and derived roles', () => {
  const variables = (...local: readonly string[]) => ['variables:', '  local:', ...local.map((line) => `    ${line}`)];
  const derived: Files = {
    'policies/derived.yaml': `apiVersion: api.cerbos.dev/v1
derivedRoles:
  name: common
  definitions:
    - { name: payer, parentRoles: [user], ${when(expr(UNKNOWN))} }
    - { name: low, parentRoles: [user], ${when(expr('R.attr.risk == "low"'))} }
    - { name: faulty, parentRoles: [user], ${when(expr('R.attr.gone == 1'))} }
`,
  };
  const imports = ['importDerivedRoles: [common]'];

  test.each([
    ['V.paid', `paid: 'R.attr.args.x == 1'`, 'depends', 'depends'],
    ['V.paid || true', `paid: 'R.attr.args.x == 1'`, 'depends', 'deny'],
    ['V.paid && false', `paid: 'R.attr.args.x == 1'`, 'deny', 'depends'],
    ['V.args.x == 1 || true', `args: 'R.attr.args'`, 'depends', 'deny'],
    ['V.attr.args.x == 1 || true', `attr: 'R.attr'`, 'allow', 'deny'],
    ['V.attr.args.x == 1', `attr: 'R.attr'`, 'depends', 'depends'],
    ['V.low', `low: '${ABSORBED_TRUE}'`, 'allow', 'deny'],
    ['"paid" in V', `paid: 'R.attr.args.x == 1'`, 'depends', 'depends'],
    ['V.list[0] && V.two == 2', `list: '[R.attr.args]', two: '2'`, 'depends', 'depends'],
  ])('%s, where %s', (source, definition, allowing, denying) => {
    const more = variables(...definition.split(', '));
    expect(outcome(decideIn(tools([rule('ALLOW', expr(source))], more), ALONE))).toBe(allowing);
    expect(outcome(decideIn(tools([ANYBODY, rule('DENY', expr(source))], more), ALONE))).toBe(denying);
  });

  test('a variable in error is an error whatever another one is', () => {
    const more = variables(`a: '${UNKNOWN}'`, `b: 'R.attr.gone == 1'`);
    expect(outcome(decideIn(tools([rule('ALLOW', expr('V.a || V.b'))], more), ALONE))).toBe('deny');
  });

  test('with cerbos semantics an unknown variable is undefined at worst, which || absorbs', () => {
    const of = { ...ALONE, asserted: { origin: { roles: ['user'] } } };
    const more = variables(`paid: '${UNKNOWN}'`);
    const decideWith = (source: string) => decideIn({ ...CERBOS, ...tools([rule('ALLOW', expr(source))], more) }, of);
    expect(outcome(decideWith('V.paid || true'))).toBe('allow');
    expect(outcome(decideWith('V.paid'))).toBe('depends');
    expect(outcome(decideWith('size(V) == 1'))).toBe('depends');
  });

  test.each([
    ['payer', undefined, 'depends', 'depends'],
    ['payer', expr('R.attr.risk == "high"'), 'deny', 'allow'],
    ['payer', expr(UNKNOWN), 'depends', 'depends'],
    ['payer', expr('R.attr.gone == 1'), 'deny', 'depends'],
    ['low', expr(UNKNOWN), 'depends', 'depends'],
    ['faulty', expr(UNKNOWN), 'deny', 'depends'],
  ])('a rule for the derived role %s, if %s', (role, match, allowing, denying) => {
    const by = `derivedRoles: [${role}]`;
    expect(outcome(decideIn({ ...derived, ...tools([rule('ALLOW', match, by)], imports) }, ALONE))).toBe(allowing);
    const denies = tools([ANYBODY, rule('DENY', match, by)], imports);
    expect(outcome(decideIn({ ...derived, ...denies }, ALONE))).toBe(denying);
  });

  test.each([
    ['ALLOW', 'R.attr.risk == "low"'],
    ['ALLOW', undefined],
    ['DENY', undefined],
  ])('an %s rule for a derived role that is unknown, if %s, is told as unknown', (effect, source) => {
    const match = source === undefined ? undefined : expr(source);
    const others = effect === 'DENY' ? [ANYBODY] : [];
    const files = { ...derived, ...tools([...others, rule(effect, match, 'derivedRoles: [payer]')], imports) };
    const [origin] = decideIn(files, ALONE).chain?.steps ?? [];
    expect(origin?.kind === 'principal' && origin.rules).toContainEqual(
      expect.objectContaining({ condition: { expression: source ?? UNKNOWN, value: 'unknown' } }),
    );
  });

  test.each([
    ['"payer" in runtime.effectiveDerivedRoles', 'payer', 'depends'],
    ['"payer" in runtime.effective_derived_roles', 'payer', 'depends'],
    ['"low" in runtime.effectiveDerivedRoles', 'low', 'allow'],
    ['"low" in runtime.effectiveDerivedRoles', 'payer', 'depends'],
    ['"low" in runtime.effectiveDerivedRoles || true', 'payer', 'depends'],
    ['"low" in runtime.effectiveDerivedRoles && false', 'payer', 'deny'],
  ])('%s, in a policy that names %s', (source, role, expected) => {
    const named = rule('ALLOW', expr('false'), `derivedRoles: [${role}]`);
    const files = { ...derived, ...tools([named, rule('ALLOW', expr(source))], imports) };
    expect(outcome(decideIn(files, ALONE))).toBe(expected);
  });
});

describe('who allows and who forbids', () => {
  const scoped = (permissions: string, rules: readonly string[]): Files => ({
    'policies/scoped.yaml':
      tools(rules, ['scope: acme', `scopePermissions: ${permissions}`])['policies/tool.yaml'] ?? '',
  });
  const CONSENT = 'SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS';
  const inScope = { ...ALONE, scope: 'acme' };

  test.each([
    [expr(UNKNOWN), 'depends'],
    [expr(ABSORBED_TRUE), 'allow'],
    [expr(ABSORBED_FALSE), 'deny'],
  ])('a scope that narrows what its parents allow, by a rule that allows if %s', (match, expected) => {
    const files = { ...tools([ANYBODY]), ...scoped(CONSENT, [rule('ALLOW', match)]) };
    expect(outcome(decideIn(files, inScope))).toBe(expected);
  });

  test.each([
    [rule('ALLOW', expr(UNKNOWN)), ANYBODY, 'allow'],
    [rule('ALLOW', expr(UNKNOWN)), rule('DENY'), 'deny'],
    [rule('DENY', expr(UNKNOWN)), ANYBODY, 'depends'],
    [rule('ALLOW', expr(UNKNOWN)), rule('ALLOW', expr('false')), 'depends'],
  ])('a scope with %s over %s', (near, far, expected) => {
    const override = 'SCOPE_PERMISSIONS_OVERRIDE_PARENT';
    expect(outcome(decideIn({ ...tools([far]), ...scoped(override, [near]) }, inScope))).toBe(expected);
  });

  const principal = (effect: string, match: string): Files => ({
    'policies/alice.yaml': `apiVersion: api.cerbos.dev/v1
principalPolicy:
  principal: alice
  version: default
  rules:
    - resource: tool
      actions: [{ action: call, effect: EFFECT_${effect}, ${when(match)} }]
`,
  });

  test.each([
    ['ALLOW', ANYBODY, 'allow'],
    ['ALLOW', rule('ALLOW', expr('false')), 'depends'],
    ['DENY', ANYBODY, 'depends'],
    ['DENY', rule('ALLOW', expr('false')), 'deny'],
  ])('a principal policy that would %s, beside %s', (effect, other, expected) => {
    expect(outcome(decideIn({ ...tools([other]), ...principal(effect, expr(UNKNOWN)) }, ALONE))).toBe(expected);
  });

  test.each([
    [expr(UNKNOWN), 'depends'],
    [expr(ABSORBED_TRUE), 'allow'],
    [expr(ABSORBED_FALSE), 'deny'],
    [MAY_ONLY_BE_FALSE, 'deny'],
  ])('a role policy that lists it if %s', (match, expected) => {
    const files: Files = {
      'policies/role.yaml': `apiVersion: api.cerbos.dev/v1
rolePolicy:
  role: user
  version: default
  rules: [{ resource: tool, allowActions: [call], ${when(match)} }]
`,
    };
    expect(outcome(decideIn({ ...tools([ANYBODY]), ...files }, ALONE))).toBe(expected);
  });

  describe('a principal policy over a relationship whose exclusions the origin is in', () => {
    const model = (relation: string): Files => ({
      'model/main.fga': `model
  schema 1.1
type user
type tool
  relations
    define owner: [user]
    define sharer: [user]
    define blocked: [user]
    define can_call: ${relation}
`,
    });
    const tuple = (relation: string): Change => {
      const value = { user: 'user:alice', relation, object: 'tool:pay' };
      return { kind: 'relationship', key: `tool:pay#${relation}@user:alice`, value };
    };
    const rows = [tuple('owner'), tuple('blocked')];

    test.each([
      // By relationship the owner may, blocked or not; by policy whoever is blocked may not.
      ['owner or (sharer but not blocked)', rows, 'depends'],
      ['owner or (sharer but not blocked)', [tuple('owner')], 'allow'],
      ['sharer but not blocked', rows, 'deny'],
      ['sharer but not blocked', [], 'depends'],
    ])('can_call: %s', (relation, tuples, expected) => {
      const files = { ...model(relation), ...principal('ALLOW', expr(UNKNOWN)) };
      expect(outcome(decideIn(files, ALONE, tuples))).toBe(expected);
    });
  });
});

describe('delegations', () => {
  const delegation = (patch: Parameters<typeof wideEdge>[0]): Change => ({
    kind: 'delegation',
    key: patch.id,
    value: wideEdge(patch),
  });
  const edge = (condition?: string, id = 'd1'): Change =>
    delegation({ id, from: 'user:alice', to: 'agent:bot', ...(condition === undefined ? {} : { condition }) });
  const capable = (...conditions: readonly (string | undefined)[]): Change =>
    delegation({
      id: 'd1',
      from: 'user:alice',
      to: 'agent:bot',
      capabilities: conditions.map((condition) => ({
        actions: ['call'],
        resources: ['tool:*'],
        ...(condition === undefined ? {} : { condition }),
      })),
    });

  test.each([
    ['a condition that is unknown', [edge(UNKNOWN)], 'depends'],
    ['a condition that absorbs', [edge(ABSORBED_TRUE)], 'allow'],
    ['a condition that is false', [edge(ABSORBED_FALSE)], 'deny'],
    ['a condition in error', [edge('R.attr.gone == R.attr.args')], 'deny'],
    ['another whole chain', [edge(UNKNOWN), edge(undefined, 'd2')], 'allow'],
    ['another chain that fails', [edge(UNKNOWN, 'd2'), edge('false')], 'depends'],
    ['a capability that is unknown', [capable(UNKNOWN)], 'depends'],
    ['another capability', [capable(UNKNOWN, undefined)], 'allow'],
    ['a capability that is false', [capable('false', UNKNOWN)], 'depends'],
    ['no capability', [capable('false', ABSORBED_FALSE)], 'deny'],
  ])('%s', (_what, rows, expected) => {
    expect(outcome(decideIn(tools([ANYBODY]), DELEGATED, rows))).toBe(expected);
  });

  test('what fails anyway is the reason, wherever on the path it is', () => {
    const decision = decideIn(tools([rule('ALLOW', expr(UNKNOWN))]), DELEGATED, [edge('false')]);
    expect(decision.reasons).toEqual(['condition_false']);
    expect(decideIn(tools([rule('ALLOW', expr('false'))]), DELEGATED, [edge(UNKNOWN)]).reasons).toEqual([
      'not_entitled',
    ]);
    expect(decideIn(tools([rule('ALLOW', expr(UNKNOWN))]), DELEGATED).reasons).toEqual(['no_chain']);
  });

  test('a deny rule that may apply to the agent makes the chain depend', () => {
    const denied = tools([ANYBODY, rule('DENY', expr(UNKNOWN), 'roles: [agent]')]);
    expect(outcome(decideIn(denied, DELEGATED, [edge()]))).toBe('depends');
    expect(outcome(decideIn(denied, ALONE))).toBe('allow');
  });

  test('a claim that parts from the graph is denied', () => {
    const claimedChain = ['user:bob', 'agent:bot'];
    const decision = decideIn(tools([ANYBODY]), { ...DELEGATED, claimedChain }, [edge(UNKNOWN)]);
    expect(decision.reasons).toEqual(['claim_mismatch']);
  });

  test('the chain tells which conditions it depends on', () => {
    const decision = decideIn(
      tools([rule('ALLOW', expr(UNKNOWN))]),
      DELEGATED,
      [edge('R.attr.args.y == 1')],
      'explain',
    );
    expect(decision.chain?.allowed).toBe(false);
    expect(decision.chain?.reasons).toEqual(['depends']);
    const [origin, hop, actor] = decision.chain?.steps ?? [];
    expect(origin).toMatchObject({
      reasons: ['depends'],
      rules: [{ condition: { expression: UNKNOWN, value: 'unknown' } }],
    });
    expect(hop).toMatchObject({
      reasons: ['depends'],
      conditions: [{ expression: 'R.attr.args.y == 1', value: 'unknown' }],
    });
    expect(actor).toMatchObject({ reasons: [] });
  });

  test('a deny rule that may apply is told without asking for an explanation', () => {
    const [origin] = decideIn(tools([ANYBODY, rule('DENY', expr(UNKNOWN))]), ALONE).chain?.steps ?? [];
    expect(origin).toMatchObject({
      reasons: ['depends'],
      rules: [
        { effect: 'allow', activated: true },
        { effect: 'deny', activated: false, condition: { value: 'unknown' } },
      ],
    });
  });
});

describe('outputs', () => {
  const output = (source: string) => `output: { when: { ruleActivated: '${source}' } }`;
  test.each(['R.attr.args.x', 'R.attr', 'R', '{"all": R.attr}'])('of %s tell that they depend', (source) => {
    const decision = decideIn(tools([rule('ALLOW', undefined, `roles: [user], ${output(source)}`)]), ALONE);
    expect(decision.allowed).toBe(true);
    const [origin] = decision.chain?.steps ?? [];
    expect(origin).toMatchObject({
      policy: { outputs: [{ val: null, error: 'it depends on what the question leaves open' }] },
    });
  });

  test('of what is known are given', () => {
    const [origin] =
      decideIn(tools([rule('ALLOW', undefined, `roles: [user], ${output('R.attr.tags')}`)]), ALONE).chain?.steps ?? [];
    expect(origin).toMatchObject({ policy: { outputs: [{ val: ['a', 'b'] }] } });
  });
});

describe('JSON schemas that are enforced', () => {
  const files = (schema: object, enforcement = 'reject'): Files => ({
    ...tools([ANYBODY], ['schemas: { resourceSchema: { ref: cerbos:///tool.json } }']),
    'policies/_schemas/tool.json': JSON.stringify(schema),
    'policies/behalf.yaml': `schema_enforcement: ${enforcement}\n`,
  });
  const risk = { type: 'string' };

  test.each([
    ['says nothing of what is open', { type: 'object', properties: { risk } }, 'allow'],
    ['wants it of a type', { properties: { risk, args: { type: 'object' } } }, 'depends'],
    ['wants it to be there', { properties: { risk }, required: ['args'] }, 'depends'],
    ['wants nothing else', { properties: { risk, tags: {} }, additionalProperties: false }, 'depends'],
    ['is about all at once', { minProperties: 1 }, 'depends'],
    ['is wrong of something known', { properties: { risk: { type: 'number' }, args: {} } }, 'deny'],
    ['misses something else', { properties: { args: {} }, required: ['owner'] }, 'deny'],
    ['refuses something known', { properties: { risk }, additionalProperties: false }, 'deny'],
    [
      'is wrong of something known, or else of what is open',
      { anyOf: [{ properties: { risk: { type: 'number' } } }, { required: ['args'] }] },
      'depends',
    ],
    ['is of no object', { type: 'string' }, 'deny'],
  ])('%s', (_what, schema, expected) => {
    expect(outcome(decideIn(files(schema as object), ALONE))).toBe(expected);
  });

  test('where they are not enforced, what is sure is told', () => {
    const told = (schema: object) => {
      const decision = decideIn(files(schema, 'warn'), ALONE);
      expect(decision.allowed).toBe(true);
      const [origin] = decision.chain?.steps ?? [];
      return origin?.kind === 'principal' ? origin.policy?.validationErrors : undefined;
    };
    expect(told({ required: ['args'] })).toBeUndefined();
    expect(told({ required: ['args', 'owner'] })).toEqual([
      { source: 'resource', path: '/', message: "missing properties: 'owner'" },
    ]);
  });
});
