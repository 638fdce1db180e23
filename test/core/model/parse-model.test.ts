import { describe, expect, it } from 'vitest';
import { parseModel } from '../../../src/core/model/parse-model.ts';
import { formatProblem } from '../../../src/core/problem.ts';

const HEAD = 'model\n  schema 1.1\ntype user\n';

/** The problems of a model, one a line, each with its place. */
function problemsOf(...texts: string[]): readonly string[] {
  const result = parseModel(texts.map((text, index) => ({ path: `${index}.fga`, text })));
  return result.ok ? [] : result.error.map(formatProblem);
}

describe('parseModel', () => {
  it('reads every kind of rewrite, restriction and condition', () => {
    const result = parseModel([
      {
        path: 'model.fga',
        text: `${HEAD}
type group
  relations
    define member: [user, user:*, group#member with in_hours]
type doc
  relations
    define parent: [group]
    define blocked: [user]
    define viewer: ([user] or member from parent) but not blocked
    define reader: viewer and blocked
condition in_hours(hour: int, allowed: list<int>) {
  hour in allowed
}
`,
      },
    ]);
    if (!result.ok) expect.fail(result.error.map(formatProblem).join('\n'));
    const { types, conditions, programs } = result.value;
    expect(types.get('group')?.relations.get('member')).toEqual({
      name: 'member',
      rewrite: { kind: 'direct' },
      directTypes: [
        { type: 'user', wildcard: false },
        { type: 'user', wildcard: true },
        { type: 'group', relation: 'member', wildcard: false, condition: 'in_hours' },
      ],
      excludes: false,
    });
    expect(types.get('doc')?.relations.get('viewer')).toMatchObject({
      excludes: true,
      rewrite: {
        kind: 'exclusion',
        base: {
          kind: 'union',
          children: [{ kind: 'direct' }, { kind: 'tuple_to_userset', tupleset: 'parent', computed: 'member' }],
        },
        subtract: { kind: 'computed', relation: 'blocked' },
      },
    });
    expect(types.get('doc')?.relations.get('reader')?.excludes).toBe(true);
    expect(conditions.get('in_hours')?.parameters).toEqual(
      new Map([
        ['hour', { name: 'int' }],
        ['allowed', { name: 'list', of: { name: 'int' } }],
      ]),
    );
    expect([...programs.keys()]).toEqual(['in_hours']);
  });

  it('is empty without files', () => {
    const result = parseModel([]);
    expect(result.ok && result.value.types.size).toBe(0);
  });

  it('reports mistakes of syntax and of meaning together, each at its place', () => {
    expect(
      problemsOf(`${HEAD}type doc
  relations
    define owner: [user with nope, ghost]
    define broken: [user
    define b: broken or missing
    define d: b from nothing
    define x y
condition bad(x: int) {
  x + 1
}
`),
    ).toEqual([
      expect.stringMatching(/^0\.fga:7:25: .*found the end of the definition; expected ','/),
      expect.stringMatching(/^0\.fga:10:14: .*found "y"; expected ':'/),
      '0.fga:6:30: condition "nope" is not defined (found "nope"; expected one of bad)',
      '0.fga:6:36: type "ghost" is not defined (found "ghost"; expected one of user, doc)',
      expect.stringMatching(/^0\.fga:8:25: type "doc" has no relation "missing"/),
      expect.stringMatching(/^0\.fga:9:22: type "doc" has no relation "nothing"/),
      expect.stringMatching(/^0\.fga:12:3: condition "bad": /),
    ]);
  });

  it('finds a mistake on the second line of a condition', () => {
    expect(problemsOf(`${HEAD}condition c(x: int) {\n  x > 0 &&\n    nix\n}\n`)[0]).toMatch(
      /^0\.fga:6:5: condition "c": /,
    );
  });

  it.each([
    [
      'a tupleset that is not direct',
      'define p: [doc]\n    define q: p\n    define x: q from q',
      '"q" is used after "from", but is not',
    ],
    [
      'a tupleset with a wildcard',
      'define p: [doc:*]\n    define x: [user] or x from p',
      '"p" is used after "from", but allows doc:*',
    ],
    [
      'a tupleset with a userset',
      'define p: [doc#x]\n    define x: [user] or x from p',
      '"p" is used after "from", but allows doc#x',
    ],
    [
      'parents without the relation',
      'define p: [user]\n    define x: [user] or x from p',
      'no type that "p" allows ("user") has',
    ],
    ['an unknown userset relation', 'define x: [user, doc#nix]', 'type "doc" has no relation "nix"'],
    ['a cycle without entry', 'define x: [doc#x]', 'nobody can ever have doc#x'],
    ['a cycle through a parent', 'define p: [doc]\n    define x: x from p', 'nobody can ever have doc#x'],
    ['an intersection without entry', 'define y: [doc#y]\n    define x: [user] and y', 'nobody can ever have doc#x'],
    ['a relation defined by itself', 'define x: [user] or y\n    define y: [user] or x', 'doc#x is defined by itself'],
    ['a relation defined twice', 'define x: [user]\n    define x: [user]', "'x' is already defined in 'doc'"],
    ['a name that the library loses', 'define __proto__: [user]', '__proto__'],
    ['a reserved name', 'define self: [user]', '"self" is reserved'],
    ['mixed operators', 'define y: [user]\n    define x: [user] or y and y', 'this does not belong here'],
  ])('refuses %s', (_what, relations, message) => {
    const problems = problemsOf(`${HEAD}type doc\n  relations\n    ${relations}\n`);
    expect(problems.join('\n')).toContain(message);
    for (const problem of problems) expect(problem).toMatch(/^0\.fga:\d+:\d+: /);
  });

  it('allows a parent type without the relation beside one that has it', () => {
    expect(
      problemsOf(`${HEAD}type doc\n  relations\n    define p: [user, doc]\n    define x: [user] or x from p\n`),
    ).toEqual([]);
  });

  it('refuses a type defined twice, also beside a syntax error', () => {
    expect(problemsOf(`${HEAD}type doc\ntype doc\n`)).toEqual(['0.fga:5:6: type "doc" is defined twice']);
    expect(problemsOf(`${HEAD}type doc\n  relations\n    define x y\ntype doc\n`).join()).toContain(
      '"doc" is defined twice',
    );
  });

  it('refuses other schema versions', () => {
    expect(problemsOf('model\n  schema 1.0\ntype user\n')[0]).toContain('found "1.0"; expected 1.1 or 1.2');
  });

  it('puts modules together', () => {
    const core = 'module core\ntype user\ntype doc\n  relations\n    define a: [user]\n';
    const ext = 'module ext\nextend type doc\n  relations\n    define b: [user] or a\n';
    const result = parseModel([
      { path: 'ext.fga', text: ext },
      { path: 'core.fga', text: core },
    ]);
    expect(result.ok && [...(result.value.types.get('doc')?.relations.keys() ?? [])]).toEqual(['a', 'b']);
    expect(problemsOf(core, ext, ext)).toEqual([
      expect.stringMatching(/^2\.fga:4:12: type "doc" already has a relation "b"/),
    ]);
    expect(problemsOf(ext)).toEqual(['0.fga:2:13: type "doc" is extended, but not defined']);
    expect(problemsOf(core, core)).toContain('1.fga:2:6: type "user" is defined twice');
    expect(problemsOf(HEAD, HEAD).join('\n')).toContain('1.fga:1: a model has one file that begins with "model"');
  });
});
