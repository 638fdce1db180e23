import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../../src/core/policy/compile-policies.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/settings.ts';
import { docPolicy, input, policiesOf, problemsOf } from './world.ts';

const HEAD = 'apiVersion: api.cerbos.dev/v1\n';

/** One fault a file: what is wrong, where, and a part of the message. */
const FAULTS: readonly (readonly [name: string, text: string, place: `${number}:${number}`, message: RegExp])[] = [
  ['not YAML', `${HEAD}resourcePolicy: {`, '2:18', /flow map/i],
  ['a key twice', `${HEAD}exportConstants:\n  name: c\n  name: d\n  definitions: {a: 1}\n`, '4:3', /unique/],
  ['no apiVersion', 'exportConstants: {name: c, definitions: {a: 1}}\n', '1:1', /no "apiVersion"/],
  ['another apiVersion', 'apiVersion: v2\nexportConstants: {name: c, definitions: {a: 1}}\n', '1:13', /apiVersion/],
  ['no kind', HEAD, '1:1', /not one policy/],
  [
    'two kinds',
    `${HEAD}exportConstants: {name: c, definitions: {a: 1}}\nderivedRoles: {name: d, definitions: []}\n`,
    '1:1',
    /not one policy/,
  ],
  ['an unknown field', docPolicy([], '  owner: me\n'), '5:3', /unknown field "owner" in resourcePolicy/],
  ['no version', `${HEAD}resourcePolicy:\n  resource: doc\n  rules: []\n`, '3:3', /no "version"/],
  ['a kind with a wildcard', `${HEAD}resourcePolicy:\n  resource: "do*"\n  version: default\n`, '3:13', /wrong form/],
  ['a scope of the wrong form', docPolicy([], '  scope: a..b\n'), '5:10', /wrong form/],
  ['unknown permissions', docPolicy([], '  scopePermissions: SCOPE_PERMISSIONS_ALL\n'), '5:21', /scope permissions/],
  ['an effect that is none', docPolicy(['{actions: [v], effect: ALLOW, roles: [u]}']), '6:30', /not an effect/],
  ['no effect', docPolicy(['{actions: [v], roles: [u]}']), '6:7', /no "effect"/],
  ['no actions', docPolicy(['{actions: [], effect: EFFECT_ALLOW, roles: [u]}']), '6:17', /is empty/],
  ['an action twice', docPolicy(['{actions: [v, v], effect: EFFECT_ALLOW, roles: [u]}']), '6:21', /repeats "v"/],
  ['no roles', docPolicy(['{actions: [v], effect: EFFECT_ALLOW}']), '6:7', /names no roles/],
  ['a malformed glob', docPolicy(['{actions: ["v*[a"], effect: EFFECT_ALLOW, roles: [u]}']), '6:18', /not a pattern/],
  ['a role that is a number', docPolicy(['{actions: [v], effect: EFFECT_ALLOW, roles: [7]}']), '6:52', /not a string/],
  [
    'a name twice',
    docPolicy([
      '{name: a, actions: [v], effect: EFFECT_ALLOW, roles: [u]}',
      '{name: a, actions: [w], effect: EFFECT_ALLOW, roles: [u]}',
    ]),
    '7:7',
    /"a" is given twice/,
  ],
  [
    'an empty condition',
    docPolicy(['actions: [v]\n      effect: EFFECT_ALLOW\n      roles: [u]\n      condition:']),
    '9:7',
    /"condition" has no value/,
  ],
  [
    'a match of nothing',
    docPolicy(['{actions: [v], effect: EFFECT_ALLOW, roles: [u], condition: {match: {}}}']),
    '6:75',
    /not one of expr, all, any, none/,
  ],
  [
    'a match of two',
    docPolicy([
      '{actions: [v], effect: EFFECT_ALLOW, roles: [u], condition: {match: {expr: "true", all: {of: [{expr: "true"}]}}}}',
    ]),
    '6:75',
    /not one of expr/,
  ],
  [
    'an empty list of expressions',
    docPolicy(['{actions: [v], effect: EFFECT_ALLOW, roles: [u], condition: {match: {any: {of: []}}}}']),
    '6:86',
    /is empty/,
  ],
  [
    'CEL that does not parse',
    docPolicy(['{actions: [v], effect: EFFECT_ALLOW, roles: [u], condition: {match: {expr: "1 +"}}}']),
    '6:86',
    /./,
  ],
  [
    'CEL that is no condition',
    docPolicy(['{actions: [v], effect: EFFECT_ALLOW, roles: [u], condition: {match: {expr: "1 + 1"}}}']),
    '6:83',
    /condition is a int/,
  ],
  [
    'an unknown variable',
    docPolicy(['{actions: [v], effect: EFFECT_ALLOW, roles: [u], condition: {match: {expr: "V.x"}}}']),
    '6:83',
    /variable "x" is not defined/,
  ],
  [
    'an unknown constant',
    docPolicy(['{actions: [v], effect: EFFECT_ALLOW, roles: [u], condition: {match: {expr: "C.x == 1"}}}']),
    '6:83',
    /constant "x" is not defined/,
  ],
  [
    'an unknown variable of an output',
    docPolicy(['{actions: [v], effect: EFFECT_ALLOW, roles: [u], output: {when: {ruleActivated: "V.x"}}}']),
    '6:88',
    /variable "x"/,
  ],
  [
    'variables in a circle',
    docPolicy([], '  variables: {local: {a: V.b, b: V.a}}\n'),
    '5:23',
    /"a" is defined through itself/,
  ],
  [
    'a variable that is no name',
    docPolicy([], '  variables: {local: {"a-b": "1"}}\n'),
    '5:23',
    /not a name that CEL can use/,
  ],
  [
    'variables that are not there',
    docPolicy([], '  variables: {import: [gone]}\n'),
    '5:24',
    /no exportVariables named "gone"/,
  ],
  [
    'constants that are not there',
    docPolicy([], '  constants: {import: [gone]}\n'),
    '5:24',
    /no exportConstants named "gone"/,
  ],
  [
    'derived roles that are not there',
    docPolicy([], '  importDerivedRoles: [gone]\n'),
    '5:24',
    /no derivedRoles named "gone"/,
  ],
  [
    'a derived role that is not imported',
    docPolicy(['{actions: [v], effect: EFFECT_ALLOW, derivedRoles: [owner]}']),
    '6:59',
    /"owner" is in none/,
  ],
  ['a scope without its parent', docPolicy([], '  scope: acme\n'), '3:13', /has no parent resource\.doc\.vdefault$/],
  [
    'a derived role twice',
    `${HEAD}derivedRoles:\n  name: d\n  definitions:\n    - {name: a, parentRoles: [b]}\n    - {name: a, parentRoles: [c]}\n`,
    '6:7',
    /"a" is given twice/,
  ],
  [
    'a role policy that allows nothing',
    `${HEAD}rolePolicy:\n  role: r\n  rules:\n    - {resource: doc, allowActions: []}\n`,
    '5:37',
    /is empty/,
  ],
  [
    'a resource twice in a principal policy',
    `${HEAD}principalPolicy:\n  principal: alice\n  version: default\n  rules:\n    - {resource: doc, actions: [{action: v, effect: EFFECT_ALLOW}]}\n    - {resource: doc, actions: [{action: w, effect: EFFECT_DENY}]}\n`,
    '7:7',
    /"doc" is given twice/,
  ],
  [
    'a schema without ref',
    docPolicy([], '  schemas: {resourceSchema: {ignoreWhen: {actions: [v]}}}\n'),
    '5:29',
    /no "ref"/,
  ],
  [
    'an alias of itself',
    `${HEAD}exportConstants:\n  name: c\n  definitions:\n    a: &a [*a]\n`,
    '5:11',
    /holds itself/,
  ],
];

describe('compilePolicies', () => {
  it.each(FAULTS)('says where %s stands', (_, text, place, message) => {
    const [problem, ...rest] = problemsOf([text]);
    expect(problem?.message).toMatch(message);
    expect(`${problem?.file}:${problem?.line}:${problem?.column}`).toBe(`p0.yaml:${place}`);
    expect(rest.map(({ message: other }) => other)).toEqual([]);
  });

  it('says what was found and what would be right', () => {
    expect(problemsOf([docPolicy(['{actions: [v], effect: ALLOW, roles: [u]}'])])).toEqual([
      {
        file: 'p0.yaml',
        line: 6,
        column: 30,
        message: 'resourcePolicy.rules[0].effect is not an effect',
        found: 'ALLOW',
        expected: 'EFFECT_ALLOW or EFFECT_DENY',
      },
    ]);
  });

  it('finds a position inside a block scalar', () => {
    const text = docPolicy([
      'actions: [v]\n      effect: EFFECT_ALLOW\n      roles: [u]\n      condition:\n        match:\n          expr: |\n            true &&\n            nonsense\n',
    ]);
    expect(problemsOf([text])).toMatchObject([{ file: 'p0.yaml', line: 13, column: 13 }]);
  });

  it('reports every fault of every file in one run, in the order of their places', () => {
    const faults = problemsOf([
      docPolicy([], '  owner: me\n  color: red\n'),
      docPolicy(['{actions: [v], roles: [u]}'], '  owner: me\n'),
    ]);
    expect(faults.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'p0.yaml:5',
      'p0.yaml:6',
      'p1.yaml:3',
      'p1.yaml:5',
      'p1.yaml:7',
    ]);
  });

  it('names both of two policies that are the same', () => {
    const problems = problemsOf([docPolicy([]), docPolicy([])]);
    expect(problems).toMatchObject([
      { file: 'p1.yaml', line: 3, column: 13, expected: 'one: p0.yaml:3 has it already' },
    ]);
  });

  it('refuses different permissions in one scope', () => {
    const other = docPolicy([], '  scopePermissions: SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS\n').replace(
      'doc',
      'file',
    );
    expect(problemsOf([docPolicy([]), other])).toMatchObject([{ file: 'p1.yaml', line: 5, column: 21 }]);
  });

  it('refuses a variable that an import defines already, and a derived role that two imports define', () => {
    const exported = `${HEAD}exportVariables: {name: vars, definitions: {a: "1"}}\n`;
    const set = (name: string) =>
      `${HEAD}derivedRoles: {name: ${name}, definitions: [{name: owner, parentRoles: [user]}]}\n`;
    expect(problemsOf([docPolicy([], '  variables: {import: [vars], local: {a: "2"}}\n'), exported])).toMatchObject([
      { file: 'p0.yaml', line: 5, column: 39, message: 'the variable "a" is defined twice' },
    ]);
    const importing = docPolicy(
      ['{actions: [v], effect: EFFECT_ALLOW, derivedRoles: [owner]}'],
      '  importDerivedRoles: [one, two]\n',
    );
    expect(problemsOf([importing, set('one'), set('two')])).toMatchObject([{ file: 'p0.yaml', line: 7, column: 59 }]);
  });

  it('reports a fault of an exported variable once, where it stands', () => {
    const exported = `${HEAD}exportVariables: {name: vars, definitions: {a: "1 +"}}\n`;
    const importing = docPolicy([], '  variables: {import: [vars]}\n');
    const problems = problemsOf([importing, importing.replace('doc', 'file'), exported]);
    expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual(['p2.yaml:2']);
  });

  it('reads several documents of one file, and JSON', () => {
    const roles = `${HEAD}derivedRoles: {name: set, definitions: [{name: member, parentRoles: [user]}]}\n`;
    const rule = '{actions: [view], effect: EFFECT_ALLOW, derivedRoles: [member]}';
    const both = `${roles}---\n${docPolicy([rule], '  importDerivedRoles: [set]\n')}`;
    expect(policiesOf([both]).judge(input()).effect).toBe('allow');
    const json = {
      apiVersion: 'api.cerbos.dev/v1',
      resourcePolicy: {
        resource: 'doc',
        version: 'default',
        rules: [{ actions: ['view'], effect: 'EFFECT_ALLOW', roles: ['user'] }],
      },
    };
    const compiled = compilePolicies([{ path: 'p.json', text: JSON.stringify(json) }], DEFAULT_SETTINGS);
    expect(compiled.ok && compiled.value.judge(input()).effect).toBe('allow');
  });

  it('leaves out what is disabled', () => {
    const disabled = docPolicy(['{actions: [view], effect: EFFECT_ALLOW, roles: [user]}']).replace(
      HEAD,
      `${HEAD}disabled: true\n`,
    );
    const policies = policiesOf([disabled]);
    expect(policies.kinds.size).toBe(0);
    expect(policies.judge(input()).attributedTo.policy).toBe('NO_MATCH');
  });

  it('gives constants, imported and local, and variables in any order', () => {
    const texts = [
      `${HEAD}exportConstants: {name: limits, definitions: {max: 10, names: [d1, d2]}}\n`,
      `${HEAD}exportVariables: {name: checks, definitions: {small: "R.attr.size < C.max"}}\n`,
      docPolicy(
        ['{actions: [view], effect: EFFECT_ALLOW, roles: [user], condition: {match: {expr: V.fine}}}'],
        '  constants: {import: [limits], local: {own: true}}\n  variables: {import: [checks], local: {fine: V.known && V.small, known: R.id in C.names && C.own}}\n',
      ),
    ];
    const policies = policiesOf(texts);
    expect(policies.judge(input({ resource: { attr: { size: 9 } } })).effect).toBe('allow');
    expect(policies.judge(input({ resource: { attr: { size: 10 } } })).effect).toBe('none');
  });
});
