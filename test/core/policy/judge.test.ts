import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/core/limits.ts';
import type { PathView } from '../../../src/core/policy/judgement.ts';
import { ALONE, DELEGATED, docPolicy, input, policiesOf } from './world.ts';

const HEAD = 'apiVersion: api.cerbos.dev/v1\n';
const ALLOW_ALL = '{name: all, actions: ["*"], effect: EFFECT_ALLOW, roles: ["*"]}';

function rule(effect: 'ALLOW' | 'DENY', expr: string, roles = 'roles: [user]', name = 'r'): string {
  return `{name: ${name}, actions: [view], effect: EFFECT_${effect}, ${roles}, condition: {match: {expr: '${expr}'}}}`;
}

const DERIVED = (expr: string) =>
  `${HEAD}derivedRoles:\n  name: set\n  definitions:\n    - {name: owner, parentRoles: [user], condition: {match: {expr: '${expr}'}}}\n`;

describe('strict: an error in a condition', () => {
  const missing = 'R.attr.gone == 1';

  it.each([
    ['the condition itself', missing, ''],
    ['a variable', 'V.bad', `  variables: {local: {bad: '${missing}'}}\n`],
    ['a variable of a variable', 'V.worse', `  variables: {local: {bad: '${missing}', worse: '!V.bad'}}\n`],
    ['a variable that the value does not hang on', 'true || V.bad', `  variables: {local: {bad: '${missing}'}}\n`],
    ['a value that is no bool', 'V.text', `  variables: {local: {text: '"true"'}}\n`],
  ])('does not hold in an allow rule and holds in a deny rule: %s', (_, expr, variables) => {
    const allowing = policiesOf([docPolicy([rule('ALLOW', expr)], variables)]).judge(input());
    expect(allowing.effect).toBe('none');
    expect(allowing.errors.length).toBeGreaterThan(0);
    expect(allowing.rules).toMatchObject([
      { rule: 'r', activated: false, condition: { expression: expr, value: 'error' } },
    ]);

    const denying = policiesOf([docPolicy([ALLOW_ALL, rule('DENY', expr)], variables)]).judge(input());
    expect(denying.effect).toBe('deny');
    expect(denying.prohibitions).toMatchObject([{ by: 'deny_rule', rule: 'r', condition: { value: 'error' } }]);
  });

  it('in a derived role: not held by allow rules, held by deny rules', () => {
    const roles = 'derivedRoles: [owner]';
    const imports = '  importDerivedRoles: [set]\n';
    const by = (effect: string) => `{name: r, actions: [view], effect: EFFECT_${effect}, ${roles}}`;
    const allowing = policiesOf([docPolicy([by('ALLOW')], imports), DERIVED(missing)]).judge(input());
    expect(allowing.effect).toBe('none');
    const denying = policiesOf([docPolicy([ALLOW_ALL, by('DENY')], imports), DERIVED(missing)]).judge(input());
    expect(denying).toMatchObject({ effect: 'deny', prohibitions: [{ rule: 'r', condition: { value: 'error' } }] });
    expect(denying.derivedRoles).toEqual([]);
    const false_ = policiesOf([docPolicy([ALLOW_ALL, rule('DENY', 'false', roles)], imports), DERIVED(missing)]);
    expect(false_.judge(input())).toMatchObject({ effect: 'allow', prohibitions: [] });
  });

  it('in a derived role makes every condition that reads runtime an error, whichever way it reads it', () => {
    const imports = '  importDerivedRoles: [set]\n';
    const asks = '{actions: [other], effect: EFFECT_ALLOW, derivedRoles: [owner]}';
    const not = rule('ALLOW', '!("owner" in runtime.effectiveDerivedRoles)');
    expect(policiesOf([docPolicy([asks, not], imports), DERIVED(missing)]).judge(input()).effect).toBe('none');
    expect(policiesOf([docPolicy([asks, not], imports), DERIVED('false')]).judge(input()).effect).toBe('allow');
  });

  it('makes the whole match an error, wherever it stands', () => {
    const effectOf = (operator: string, first: string, second: string) => {
      const match = `{match: {${operator}: {of: [{expr: '${first}'}, {expr: '${second}'}]}}}`;
      const text = docPolicy([`{actions: [view], effect: EFFECT_DENY, roles: [user], condition: ${match}}`]);
      return policiesOf([text]).judge(input()).prohibitions.length === 1;
    };
    expect(effectOf('any', missing, 'false')).toBe(true);
    expect(effectOf('all', missing, 'false')).toBe(true);
    expect(effectOf('none', missing, 'true')).toBe(true);
    expect(effectOf('any', 'true', missing)).toBe(true);
    expect(effectOf('all', 'false', missing)).toBe(true);
    expect(effectOf('none', 'true', missing)).toBe(true);
    // A guard works inside one expression, where `&&` absorbs errors, not as an operand before another.
    expect(effectOf('all', 'has(R.attr.gone)', missing)).toBe(true);
    expect(effectOf('all', 'true', 'has(R.attr.gone) && R.attr.gone > 1')).toBe(false);
  });

  it('is false in the semantics of Cerbos', () => {
    const cerbos = { semantics: 'cerbos' } as const;
    const denying = policiesOf([docPolicy([ALLOW_ALL, rule('DENY', missing)])], cerbos).judge(input());
    expect(denying).toMatchObject({ effect: 'allow', prohibitions: [], errors: [{ expression: missing }] });
    const negated = rule('ALLOW', 'has(V.bad) || true');
    const text = docPolicy([negated], `  variables: {local: {bad: '${missing}'}}\n`);
    expect(policiesOf([text], cerbos).judge(input()).effect).toBe('allow');
  });

  it('comes from a budget that is used up, too', () => {
    const spent = () => {
      const budget = new Budget(1);
      budget.spend(2);
      return budget;
    };
    const denying = policiesOf([docPolicy([ALLOW_ALL, rule('DENY', 'R.id == "other"')])]);
    expect(denying.judge(input()).effect).toBe('allow');
    expect(denying.judge(input({ budget: spent() })).effect).toBe('deny');
    const allowing = policiesOf([docPolicy([rule('ALLOW', 'R.id == "d1"')])]);
    expect(allowing.judge(input()).effect).toBe('allow');
    expect(allowing.judge(input({ budget: spent() })).effect).toBe('none');
  });
});

describe('what expressions see', () => {
  const held = (expr: string, asked = {}, settings = {}) => {
    return policiesOf([docPolicy([rule('ALLOW', expr)])], settings).judge(input(asked)).effect === 'allow';
  };

  it('P and R with their types, request, globals, now', () => {
    expect(held('P.type == "user" && P.entity == "user:alice" && P.id == "alice" && "user" in P.roles')).toBe(true);
    expect(held('R.kind == "doc" && R.entity == "doc:d1" && R.id == "d1"')).toBe(true);
    expect(
      held('request.principal.id == P.id && request.resource.kind == R.kind && request.action.name == "view"'),
    ).toBe(true);
    expect(held('G.place == "here" && globals.place == G.place', {}, { globals: { place: 'here' } })).toBe(true);
    expect(held('now() == timestamp("2023-11-14T22:13:20Z")')).toBe(true);
  });

  it('D: allow rules up to the principal judged, deny rules all of it', () => {
    const asked = { visible: ALONE, whole: DELEGATED };
    expect(held('D.depth == 0 && D.actor == "user:alice"', asked)).toBe(true);
    const deny = policiesOf([docPolicy([ALLOW_ALL, rule('DENY', 'D.depth == 1 && D.actor == "agent:bot"')])]);
    expect(deny.judge(input(asked)).effect).toBe('deny');
    expect(deny.judge(input({ visible: ALONE })).effect).toBe('allow');
  });

  it.each(['D.depth < 2', 'D.depth + 1 == 2', 'D.depth % 2 == 1', 'D.path.size() == D.depth + 1'])(
    'D.depth is an int: %s',
    (condition) => {
      const deny = policiesOf([docPolicy([ALLOW_ALL, rule('DENY', condition)])]);
      expect(deny.judge(input({ visible: ALONE, whole: DELEGATED }))).toMatchObject({ effect: 'deny', errors: [] });
    },
  );

  it('D through variables and derived roles, in each view by itself', () => {
    const asked = input({ visible: ALONE, whole: DELEGATED });
    const variables = '  variables: {local: {depth: D.depth}}\n  importDerivedRoles: [set]\n';
    const texts = [
      docPolicy(
        [
          rule('ALLOW', 'V.depth == 0', 'roles: [user]', 'allowed'),
          rule('DENY', 'V.depth == 1', 'roles: [user]', 'denied'),
          '{name: viaRole, actions: [view], effect: EFFECT_DENY, derivedRoles: [owner]}',
        ],
        variables,
      ),
      DERIVED('D.depth == 1'),
    ];
    const { prohibitions, rules } = policiesOf(texts).judge(asked);
    expect(prohibitions.map(({ rule: name }) => name)).toEqual(['denied', 'viaRole']);
    expect(rules.find(({ rule: name }) => name === 'allowed')).toMatchObject({ activated: true });
  });
});

describe('prohibitions', () => {
  const principal = (rules: string, scope = '') =>
    `${HEAD}principalPolicy:\n  principal: alice\n  version: default\n${scope}  rules:\n    - {resource: doc, actions: [${rules}]}\n`;
  const byName = (judged: { prohibitions: readonly { rule: string; policy: string }[] }) =>
    judged.prohibitions.map((found) => `${found.policy}#${found.rule}`);

  it('count where a principal policy allows', () => {
    const judged = policiesOf([
      principal('{action: view, effect: EFFECT_ALLOW}'),
      docPolicy([rule('DENY', 'true')]),
    ]).judge(input());
    expect(judged).toMatchObject({ effect: 'allow', decidedBy: { kind: 'principal' } });
    expect(byName(judged)).toEqual(['resource.doc.vdefault#r']);
  });

  it('count where a nearer scope allows, and where the scope asked for does not exist', () => {
    const near = docPolicy([ALLOW_ALL], '  scope: acme\n');
    const texts = [docPolicy([rule('DENY', 'true')]), near];
    const judged = policiesOf(texts).judge(input({ resource: { scope: 'acme' } }));
    expect(judged).toMatchObject({
      effect: 'allow',
      attributedTo: { policy: 'resource.doc.vdefault/acme', scope: 'acme' },
    });
    expect(byName(judged)).toEqual(['resource.doc.vdefault#r']);
    const unknown = policiesOf(texts).judge(input({ resource: { scope: 'acme.gone' } }));
    expect(unknown.effect).toBe('none');
    expect(byName(unknown)).toEqual(['resource.doc.vdefault#r']);
  });

  it('count under a role whose other roles allow', () => {
    const texts = [
      docPolicy([
        '{actions: [view], effect: EFFECT_ALLOW, roles: [user]}',
        '{name: no, actions: [view], effect: EFFECT_DENY, roles: [guest]}',
      ]),
    ];
    const judged = policiesOf(texts).judge(input({ roles: ['user', 'guest'] }));
    expect(judged.effect).toBe('allow');
    expect(byName(judged)).toEqual(['resource.doc.vdefault#no']);
    expect(byName(policiesOf(texts).judge(input({ roles: ['user'] })))).toEqual([]);
  });

  it('come from what a role policy leaves out, or lists under a condition that does not hold', () => {
    const role = (entry: string) =>
      `${HEAD}rolePolicy:\n  role: temp\n  parentRoles: [user]\n  rules:\n    - ${entry}\n`;
    const allow = docPolicy(['{actions: ["*"], effect: EFFECT_ALLOW, roles: [user]}']);
    const judged = (entry: string, roles = ['user', 'temp']) =>
      policiesOf([allow, role(entry)]).judge(input({ roles }));
    expect(judged('{resource: doc, allowActions: [edit]}').effect).toBe('allow');
    expect(judged('{resource: doc, allowActions: [edit]}').prohibitions).toMatchObject([
      { by: 'role_policy_omission', policy: 'role.temp.vdefault', kind: 'role' },
    ]);
    expect(judged('{resource: other, allowActions: [view]}').prohibitions).toHaveLength(1);
    expect(judged('{resource: doc, allowActions: [view]}').prohibitions).toEqual([]);
    const conditional = (expr: string) =>
      judged(`{resource: doc, allowActions: [view], condition: {match: {expr: '${expr}'}}}`);
    expect(conditional('true').prohibitions).toEqual([]);
    expect(conditional('false').prohibitions).toHaveLength(1);
    expect(conditional('R.attr.gone == 1').prohibitions).toMatchObject([{ condition: { value: 'error' } }]);
    // The role stands for its parent's, narrowed.
    expect(judged('{resource: doc, allowActions: [view]}', ['temp']).effect).toBe('allow');
    expect(judged('{resource: doc, allowActions: [edit]}', ['temp']).effect).toBe('deny');
  });

  it('count under the version that the principal names and under the one that the resource names', () => {
    const deny = principal('{action: view, effect: EFFECT_DENY, name: mine}');
    const texts = [deny, deny.replace('version: default', 'version: v2'), docPolicy([ALLOW_ALL])];
    const judged = policiesOf(texts).judge(input({ principal: { policyVersion: 'v2' } }));
    expect(byName(judged)).toEqual(['principal.alice.vdefault#mine', 'principal.alice.vv2#mine']);
  });

  it('are what prohibit() gives, whatever the effect', () => {
    const policies = policiesOf([
      principal('{action: view, effect: EFFECT_DENY, name: mine}'),
      docPolicy([ALLOW_ALL, rule('DENY', 'R.attr.gone', 'roles: [user]', 'broken'), rule('DENY', 'false')]),
    ]);
    const asked = input();
    expect(policies.prohibit(asked).prohibitions).toEqual(policies.judge(asked).prohibitions);
    expect(byName(policies.prohibit(asked))).toEqual(['principal.alice.vdefault#mine', 'resource.doc.vdefault#broken']);
  });
});

describe('scopes', () => {
  const CONSENT = '  scopePermissions: SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS\n';

  it('with parental consent an allow holds only where a parent allows, too, and its condition narrows', () => {
    const near = docPolicy(
      ['{actions: [view, edit], effect: EFFECT_ALLOW, roles: [user], condition: {match: {expr: R.attr.open}}}'],
      `  scope: acme\n${CONSENT}`,
    );
    const root = docPolicy(['{actions: [view], effect: EFFECT_ALLOW, roles: [user]}']);
    const effect = (action: string, attr: object) =>
      policiesOf([near, root]).judge(
        input({ action, resource: { scope: 'acme', attr: attr as Record<string, boolean> } }),
      ).effect;
    expect(effect('view', { open: true })).toBe('allow');
    expect(effect('view', { open: false })).toBe('deny');
    expect(effect('view', {})).toBe('deny');
    expect(effect('edit', { open: true })).toBe('none');
  });

  it('an unknown scope matches nothing, unless the search is lenient', () => {
    const asked = input({ resource: { scope: 'gone' } });
    expect(policiesOf([docPolicy([ALLOW_ALL])]).judge(asked).effect).toBe('none');
    expect(policiesOf([docPolicy([ALLOW_ALL])], { lenientScopeSearch: true }).judge(asked).effect).toBe('allow');
  });

  it('a version that has no policy matches nothing', () => {
    const policies = policiesOf([docPolicy([ALLOW_ALL])]);
    expect(policies.judge(input({ resource: { policyVersion: 'v2' } })).effect).toBe('none');
    expect(policies.judge(input({ resource: { policyVersion: '' } })).effect).toBe('allow');
  });
});

describe('records', () => {
  it('the rules that decided; with explain those that were false, too', () => {
    const text = docPolicy([
      rule('ALLOW', 'false', 'roles: [user]', 'no'),
      rule('ALLOW', 'true', 'roles: [user]', 'yes'),
    ]);
    expect(
      policiesOf([text])
        .judge(input())
        .rules.map(({ rule: name }) => name),
    ).toEqual(['yes']);
    const explained = policiesOf([text]).judge(input({ explain: true }));
    expect(explained.rules).toMatchObject([
      { rule: 'no', effect: 'allow', activated: false, condition: { value: 'false' } },
      { rule: 'yes', activated: true, condition: { value: 'true' } },
    ]);
    expect(explained.decidedBy).toEqual({
      policy: 'resource.doc.vdefault',
      kind: 'resource',
      version: 'default',
      scope: '',
      rule: 'yes',
    });
  });

  it('outputs of activated rules and of conditions not met, and their errors', () => {
    const output = (name: string, expr: string) =>
      `{name: ${name}, actions: [view], effect: EFFECT_ALLOW, roles: [user], condition: {match: {expr: '${expr}'}}, output: {when: {ruleActivated: '{"n": 1, "of": P.id}', conditionNotMet: 'R.attr.gone'}}}`;
    expect(policiesOf([docPolicy([output('yes', 'true'), output('no', 'false')])]).judge(input()).outputs).toEqual([
      { src: 'resource.doc.vdefault#yes', val: { n: 1, of: 'alice' } },
      { src: 'resource.doc.vdefault#no', val: null, error: expect.stringMatching(/gone/) },
    ]);
  });
});

describe('allowsSomewhere and kinds', () => {
  it('ask allow rules of resource policies, in any version and scope, by name or pattern', () => {
    const policies = policiesOf([
      docPolicy(['{actions: [delete], effect: EFFECT_DENY, roles: [user]}']),
      docPolicy([rule('ALLOW', 'false').replace('[view]', '[publish, "read:*"]')], '  scope: acme\n'),
      docPolicy([]).replace('default', 'v2'),
      `${HEAD}principalPolicy:\n  principal: alice\n  version: default\n  rules:\n    - {resource: note, actions: [{action: sign, effect: EFFECT_ALLOW}]}\n`,
    ]);
    expect(policies.allowsSomewhere('doc', 'publish')).toBe(true);
    expect(policies.allowsSomewhere('doc', 'read:all')).toBe(true);
    expect(policies.allowsSomewhere('doc', 'read:all:of')).toBe(false);
    expect(policies.allowsSomewhere('doc', 'delete')).toBe(false);
    expect(policies.allowsSomewhere('note', 'sign')).toBe(false);
    expect([...policies.kinds].sort()).toEqual(['doc', 'note']);
  });
});

describe('laws', () => {
  const EXPRESSIONS = ['true', 'false', 'R.attr.a == 1', 'R.attr.gone', 'D.depth == 0', 'V.v', 'P.id == "alice"'];
  const ruleOf = fc.record({
    effect: fc.constantFrom('ALLOW', 'DENY'),
    roles: fc.constantFrom('roles: [user]', 'roles: ["*"]', 'roles: [guest]', 'derivedRoles: [owner]'),
    expr: fc.option(fc.constantFrom(...EXPRESSIONS), { nil: undefined }),
    action: fc.constantFrom('view', 'edit', '"*"'),
  });
  type RuleOf = typeof ruleOf extends fc.Arbitrary<infer T> ? T : never;
  const MORE = '  importDerivedRoles: [set]\n  variables: {local: {v: R.attr.b}}\n';
  const write = ({ effect, roles, expr, action }: RuleOf, name: string) =>
    `{name: ${name}, actions: [${action}], effect: EFFECT_${effect}, ${roles}${
      expr === undefined ? '' : `, condition: {match: {expr: '${expr}'}}`
    }}`;
  const attributes = fc.record({ a: fc.constantFrom(1, 2), b: fc.constantFrom(true, false) }, { requiredKeys: [] });
  const asked = fc.record({
    roles: fc.subarray(['user', 'guest'], { minLength: 1 }),
    attr: attributes,
    whole: fc.constantFrom<PathView>(ALONE, DELEGATED),
  });
  const RUNS = { seed: 7, numRuns: 60 };

  it('the order of rules and files changes neither effect nor prohibitions', () => {
    fc.assert(
      fc.property(fc.array(ruleOf, { minLength: 1, maxLength: 5 }), asked, fc.nat(), (rules, who, by) => {
        const lines = rules.map((one, index) => write(one, `r${index}`));
        const shifted = [...lines.slice(by % lines.length), ...lines.slice(0, by % lines.length)].reverse();
        const question = input({ roles: who.roles, resource: { attr: who.attr }, whole: who.whole, visible: ALONE });
        const one = policiesOf([docPolicy(lines, MORE), DERIVED('R.attr.b')]).judge(question);
        const other = policiesOf([DERIVED('R.attr.b'), docPolicy(shifted, MORE)]).judge(question);
        expect(other.effect).toBe(one.effect);
        const names = (judged: typeof one) => judged.prohibitions.map(({ rule: name }) => name).sort();
        expect(names(other)).toEqual(names(one));
      }),
      RUNS,
    );
  });

  it('adding a condition to an allow rule never adds an allow; what denies forbids', () => {
    fc.assert(
      fc.property(
        fc.array(ruleOf, { minLength: 1, maxLength: 4 }),
        asked,
        fc.constantFrom(...EXPRESSIONS),
        (rules, who, expr) => {
          const question = input({ roles: who.roles, resource: { attr: who.attr }, whole: who.whole, visible: ALONE });
          const effect = (some: readonly RuleOf[]) =>
            policiesOf([
              docPolicy(
                some.map((one, index) => write(one, `r${index}`)),
                MORE,
              ),
              DERIVED('R.attr.b'),
            ]).judge(question);
          const before = effect(rules);
          const narrowed = rules.map((one) =>
            one.effect === 'ALLOW' && one.expr === undefined ? { ...one, expr } : one,
          );
          const after = effect(narrowed);
          if (after.effect === 'allow') expect(before.effect).toBe('allow');
          if (before.effect === 'deny') expect(before.prohibitions.length).toBeGreaterThan(0);
        },
      ),
      RUNS,
    );
  });

  it('strict never allows what an error-free reading of Cerbos denies', () => {
    fc.assert(
      fc.property(fc.array(ruleOf, { minLength: 1, maxLength: 5 }), asked, (rules, who) => {
        const texts = [
          docPolicy(
            rules.map((one, index) => write(one, `r${index}`)),
            MORE,
          ),
          DERIVED('R.attr.b'),
        ];
        const question = input({ roles: who.roles, resource: { attr: who.attr } });
        const strict = policiesOf(texts).judge(question);
        const cerbos = policiesOf(texts, { semantics: 'cerbos' }).judge(question);
        if (strict.effect === 'allow') expect(cerbos.effect).toBe('allow');
        if (strict.errors.length === 0 && cerbos.errors.length === 0) expect(strict.effect).toBe(cerbos.effect);
      }),
      RUNS,
    );
  });
});
