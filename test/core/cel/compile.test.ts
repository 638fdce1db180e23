import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { compileProgram } from '../../../src/core/cel/compile.ts';
import { Budget, LIMITS } from '../../../src/core/limits.ts';
import { bindingsWith, evaluate, hostWith, outcomeOf, problemOf } from './evaluate.ts';

describe('problems when an expression is compiled', () => {
  test.each([
    ['nosuch.attr == 1', 'p.yaml:10:5: Unknown variable: nosuch (found nosuch)'],
    ['true && nosuch', 'p.yaml:10:13: Unknown variable: nosuch (found nosuch)'],
    ['R.attr.a ==\n  nosuch', 'p.yaml:11:7: Unknown variable: nosuch (found nosuch)'],
    ['nosuch(1)', "p.yaml:10:5: found no matching overload for 'nosuch(int)' (found nosuch(1))"],
    ['"a" + 1', 'p.yaml:10:5: no such overload: string + int (found "a" + 1)'],
    ['1 + 1.0', 'p.yaml:10:5: no such overload: int + double (found 1 + 1.0)'],
    ['R.attr.x ? 1 : "a"', expect.stringContaining('Ternary branches must have the same type')],
    ['R.attr.', expect.stringContaining('p.yaml:10:12')],
    ['', 'p.yaml:10:5: the expression is empty'],
    ['  ', 'p.yaml:10:5: the expression is empty'],
    [`"${'x'.repeat(LIMITS.celSource)}"`, expect.stringContaining('longer than 4096 characters')],
    ['"a".matches(r"(?=a)")', expect.stringContaining('p.yaml:10:17: not a regular expression of RE2')],
    ['timestamp(1, 2)', "p.yaml:10:5: found no matching overload for 'timestamp(int, int)' (found timestamp(1, 2))"],
  ])('%s', (source, problem) => {
    expect(problemOf(source)).toEqual(problem);
  });

  test.each([
    ['9223372036854775807', undefined],
    ['-9223372036854775808', undefined],
    ['9223372036854775808', expect.stringContaining('p.yaml:10:5: the integer is larger')],
    ['1 + 9223372036854775808', expect.stringContaining('p.yaml:10:9: the integer is larger')],
    ['-9223372036854775809', expect.stringContaining('the integer is larger')],
  ])('%s: integers have 64 bits', (source, problem) => {
    expect(problemOf(source)).toEqual(problem);
  });

  test('nesting and size are bounded', () => {
    expect(problemOf(`${'('.repeat(61)}1${')'.repeat(61)}`)).toContain('maxDepth');
    expect(problemOf(`${'('.repeat(50)}1${')'.repeat(50)}`)).toBeUndefined();
    expect(problemOf(Array(1001).fill('1').join('+'))).toContain('maxAstNodes');
    expect(problemOf('!'.repeat(4000))).toBeDefined();
  });

  test('comprehensions nest three deep, one after the other without end', () => {
    const nested = (depth: number): string => (depth === 0 ? 'true' : `[1].all(x${depth}, ${nested(depth - 1)})`);
    expect(problemOf(nested(3))).toBeUndefined();
    expect(problemOf(nested(4))).toContain('more than 3 comprehensions');
    expect(problemOf('[1].map(a, a).map(b, b).map(c, c).map(d, d).filter(e, true)')).toBeUndefined();
    expect(problemOf('[1].all(i, a, [1].all(j, b, [1].sortBy(c, [1].all(d, true) ? 1 : 2) == [1]))')).toContain(
      'more than 3',
    );
  });

  test('a condition must be bool or depend on the data', () => {
    expect(problemOf('1', 'bool')).toBe('p.yaml:10:5: the condition is a int (expected true or false)');
    expect(problemOf('"x"', 'bool')).toContain('is a string');
    expect(problemOf('R.attr.open', 'bool')).toBeUndefined();
    expect(problemOf('1')).toBeUndefined();
  });

  test.each([
    ['R.a == 1 in [1]', true],
    ['R.a != R.b < 2', true],
    ['R.a == "(" in ["("]', true],
    ['R.a == (1) in [1]', true],
    ['R.a == ((1) + 2) in [3]', true],
    ['[R.a == 1 in [1]]', true],
    ['R.a == /* */ 1', true],
    ['R.a == (1 in [1])', false],
    ['(R.a == 1) in [true]', false],
    ['R.a == ((1 + 2) in [3])', false],
    ['R.a < 1 == true', false],
    ['R.a == [1 in [1]][0]', false],
    ['R.a == // (\n (1 in [1])', false],
  ])('%s: an unparenthesised relation beside == is refused: %s', (source, refused) => {
    expect(problemOf(source) !== undefined).toBe(refused);
  });

  test('reads names the roots', () => {
    const program = compileProgram('R.attr.a == P.id && D.path.exists(p, p == "x")', { result: 'bool' });
    expect(program.ok && [...program.value.reads].sort()).toEqual(['D', 'P', 'R']);
  });
});

describe('numbers', () => {
  test.each([
    ['R.attr.amount == 7', true],
    ['7 == R.attr.amount', true],
    ['R.attr.amount != 7', false],
    ['R.attr.amount < 10', true],
    ['R.attr.amount >= 7.0', true],
    ['R.attr.amount in [1, 7]', true],
    ['7 in [R.attr.amount]', true],
    // As in Cerbos: a number that comes as JSON is a double, and arithmetic never mixes.
    ['R.attr.amount + 1', 'error: no such overload: dyn<double> + int'],
    ['1 + R.attr.amount', 'error: no such overload: int + dyn<double>'],
    ['R.attr.amount * 2', 'error: no such overload: dyn<double> * int'],
    ['R.attr.amount + 1.0', 8],
    ['R.attr.amount * 2.0 - 4.0 / R.attr.half', 6],
    ['(R.attr.amount + 1.0) == 8.0', true],
    ['int(R.attr.amount) + 1', 8],
    ['[R.attr.amount, 2] == [7, 2.0]', true],
    ['{"a": R.attr.amount} == {"a": 7}', true],
    ['dyn(1u) == 1.0', true],
    ['dyn(1u) in [1]', true],
    ['9007199254740993 == dyn(9007199254740992.0)', false],
    ['R.attr.amount == "7"', false],
    ['R.attr.amount + "x"', 'error: no such overload: dyn<double> + string'],
    ['9223372036854775807 + 1', 'error: integer overflow: 9223372036854775808'],
    ['1 / 0', 'error: division by zero'],
    ['7 / 2', 3],
  ])('%s', (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });
});

describe('errors', () => {
  test.each([
    ['R.attr.missing', 'error: No such key: missing'],
    ['R.attr.missing == null', 'error: No such key: missing'],
    ['R.attr.none == null', true],
    ['has(R.attr.none)', true],
    ['has(R.attr.missing)', false],
    ['has(R.attr["dash-ed"].key)', true],
    ['has(R.attr.missing.key)', 'error: No such key: missing'],
    ['R.attr.missing || R.attr.open', true],
    ['R.attr.open || R.attr.missing', true],
    ['R.attr.missing && R.attr.amount == 8', false],
    ['R.attr.amount == 8 && R.attr.missing', false],
    ['R.attr.missing && R.attr.open', 'error: No such key: missing'],
    ['[1, 2].exists(x, R.attr.missing || x == 2)', true],
    ['R.attr.tags.all(t, t == R.attr.missing)', 'error: No such key: missing'],
    ['R.constructor', 'error: No such key: constructor'],
    ['R.attr.toString', 'error: No such key: toString'],
    ['R.attr.tags[5]', expect.stringContaining('index out of bounds')],
  ])('%s', (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });

  test('a getter that throws is absorbed as an error is', () => {
    const attr = {
      department: 'x',
      get args(): never {
        throw new Error('not known yet');
      },
    };
    const bindings = bindingsWith({ R: { attr } });
    expect(evaluate('R.attr.args.amount < 10.0 && R.attr.department == "y"', bindings)).toBe(false);
    expect(evaluate('R.attr.department == "y" && R.attr.args.amount < 10.0', bindings)).toBe(false);
    expect(evaluate('R.attr.args.amount < 10.0', bindings)).toBe('error: not known yet');
  });

  test('stacks are captured again after an evaluation', () => {
    const before = Error.stackTraceLimit;
    evaluate('R.attr.missing.startsWith("a")');
    expect(Error.stackTraceLimit).toBe(before);
  });
});

describe('a running evaluation', () => {
  test('asks the decision for the time', () => {
    expect(evaluate('now()')).toBe('2026-01-01T00:00:00Z');
    expect(evaluate('timestamp("2025-12-31T00:00:00Z").timeSince() == duration("24h")')).toBe(true);
  });

  test('asks the graph, and unknown is an error', () => {
    const related = vi.fn((subject: string) =>
      subject === 'user:ann'
        ? ({ kind: 'yes', proof: [] } as const)
        : ({ kind: 'unknown', because: { kind: 'limit', limit: 'relationshipDepth' } } as const),
    );
    const host = hostWith({ related });
    expect(evaluate('related(P, "owner", R)', bindingsWith(), host)).toBe(true);
    expect(related).toHaveBeenLastCalledWith('user:ann', 'owner', 'doc:1');
    expect(outcomeOf('related("user:bob", "owner", R)', bindingsWith(), host)).toEqual({
      kind: 'error',
      message: 'the limit relationshipDepth was reached',
      limit: 'relationshipDepth',
    });
    expect(evaluate('related("user:bob", "owner", R) || true', bindingsWith(), host)).toBe(true);
    expect(evaluate('related("nobody", "owner", R)', bindingsWith(), host)).toContain('has no type');
    expect(evaluate('related(1, "owner", R)', bindingsWith(), host)).toContain('neither type:id nor P or R');
    expect(evaluate('related(P, "owner", R)')).toBe(false);
  });

  test('never runs inside itself', () => {
    const program = compileProgram('[1].all(x, related(P, "owner", R))', { result: 'bool' });
    if (!program.ok) throw new Error('does not compile');
    const inner: unknown[] = [];
    const host = hostWith({
      related: () => {
        inner.push(program.value.run(bindingsWith(), hostWith()));
        return { kind: 'yes', proof: [] };
      },
    });
    expect(program.value.run(bindingsWith(), host)).toEqual({ kind: 'value', value: true });
    expect(inner).toEqual([{ kind: 'error', message: 'the expression was evaluated from inside itself' }]);
  });

  test('another evaluation inside it leaves its host alone', () => {
    const host = hostWith({
      related: () => {
        expect(evaluate('now()', bindingsWith(), hostWith({ now: 0 }))).toBe('1970-01-01T00:00:00Z');
        return { kind: 'yes', proof: [] };
      },
    });
    expect(evaluate('related(P, "a", R) && now() == timestamp("2026-01-01T00:00:00Z")', bindingsWith(), host)).toBe(
      true,
    );
  });

  test('a host that throws is an error', () => {
    const host = hostWith({
      related: () => {
        throw new Error('broken');
      },
    });
    expect(evaluate('related(P, "a", R)', bindingsWith(), host)).toBe('error: broken');
  });
});

describe('the budget', () => {
  const thousand = bindingsWith({
    R: { attr: { list: Array.from({ length: 3000 }, (_, index) => index), text: 'a' } },
  });

  test('is spent by every iteration', () => {
    const cost = (source: string) => {
      const budget = new Budget(1_000_000);
      outcomeOf(source, thousand, hostWith({ budget }));
      let left = 0;
      while (budget.spend(1000)) left += 1000;
      return 1_000_000 - left;
    };
    const once = cost('R.attr.list.all(x, x >= 0)');
    expect(once).toBeGreaterThan(3000);
    expect(cost('R.attr.list.all(x, x >= 0) && R.attr.list.all(x, x >= 0)')).toBeGreaterThan(2 * once - 2000);
  });

  test.each([
    'R.attr.list.all(a, R.attr.list.all(b, R.attr.list.all(c, a + b + c >= 0)))',
    'R.attr.list.exists(a, R.attr.list.exists(b, R.attr.list.exists(c, R.nosuch)))',
    'R.attr.list.all(i, a, R.attr.list.all(j, b, a + b >= 0))',
    'R.attr.list.map(a, R.attr.list.map(b, [a, b])).size() > 0 || true',
    'R.attr.list.all(a, R.attr.list == R.attr.list + [])',
    'R.attr.list.all(a, R.attr.list.sort() != [])',
    'lists.range(1000000).size()',
    'cel.bind(a, R.attr.list + R.attr.list, cel.bind(b, a + a + a + a, b + b + b + b + b + b + b + b + b + b)).size()',
  ])('%s stops when it is used up', (source) => {
    expect(outcomeOf(source, thousand)).toMatchObject({ kind: 'error', limit: 'decisionSteps' });
  });

  test('a text cannot grow without end', () => {
    const text = bindingsWith({ R: { attr: { text: 'a'.repeat(500_000) } } });
    expect(outcomeOf('R.attr.text.replace("a", R.attr.text)', text)).toMatchObject({ limit: 'decisionSteps' });
    expect(outcomeOf('R.attr.text.split("").join(R.attr.text)', text)).toMatchObject({ limit: 'decisionSteps' });
    const doubling = Array.from({ length: 20 }, (_, index) => index).reduce(
      (inner) => `cel.bind(s, s + s, ${inner})`,
      's.size()',
    );
    expect(outcomeOf(`cel.bind(s, R.attr.text, ${doubling})`, text)).toMatchObject({ limit: 'decisionSteps' });
  });

  test('an exhausted budget is an error even where the rest would be decided', () => {
    expect(outcomeOf('R.attr.amount == 7', bindingsWith(), hostWith({ budget: new Budget(2) }))).toMatchObject({
      kind: 'error',
      limit: 'decisionSteps',
    });
  });

  test('patterns that make backtracking engines hang are searched in linear time', () => {
    const text = bindingsWith({ R: { attr: { text: `${'a'.repeat(5000)}!`, pattern: '^(a+)+$' } } });
    expect(evaluate('R.attr.text.matches("^(a+)+$")', text)).toBe(false);
    expect(evaluate('matches(R.attr.text, R.attr.pattern)', text)).toBe(false);
  });
});

test('neither compiling nor running ever throws or hangs, whatever is written', () => {
  const token = fc.constantFrom(
    ...['R', 'P', '.attr', '.amount', '.tags', '.missing', '[0]', '["x"]', '1', '2.5', '1u', '"a"', 'b"x"', 'null'],
    ...['true', 'false', '(', ')', '[', ']', '{', '}', ',', ':', '?', '.', '==', '!=', '<', '>=', '&&', '||', '!', '-'],
    ...['+', '*', '/', '%', ' in ', 'has(R.attr.x)', '.all(x, ', '.exists(x, ', '.map(x, ', '.filter(x, x)', 'x', '.?'],
    ...[
      '.size()',
      '.matches("a+")',
      'timestamp("2020-01-01T00:00:00Z")',
      'duration("1h")',
      'hierarchy("a.b")',
      'now()',
    ],
    ...[
      'related(P, "a", R)',
      'cel.bind(x, 1, x)',
      'optional.of(1)',
      '.orValue(2)',
      '.sort()',
      'math.abs(1)',
      '\\',
      '//',
    ],
    ...[
      '.exists(k, v, ',
      '.transformMap(k, v, v)',
      '.sortBy(x, x)',
      'type(1)',
      'dyn(1)',
      '"""',
      "'",
      '\n',
      '.getHours()',
    ],
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 14 }), (tokens) => {
      const program = compileProgram(tokens.join(''), { result: 'any' });
      if (program.ok) expect(program.value.run(bindingsWith(), hostWith()).kind).toMatch(/value|error/);
    }),
    { seed: 20261124, numRuns: 4000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (source) => {
      compileProgram(source, { result: 'bool' });
    }),
    { seed: 20261124, numRuns: 1000 },
  );
});
