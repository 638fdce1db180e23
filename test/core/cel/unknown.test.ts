import { describe, expect, test } from 'vitest';
import { toConditionValue } from '../../../src/core/cel/condition.ts';
import { openMap, Unknowns } from '../../../src/core/cel/unknown.ts';
import { bindingsWith, evaluate, hostWith, outcomeOf } from './evaluate.ts';

/** `R.attr` with `args` open: whether it is there, and what it is. */
function openBindings(unknowns: Unknowns) {
  const known = { department: 'sales', amount: 7, tags: ['a', 'b'], none: null };
  const attr = openMap(known, new Set(['args']), unknowns);
  return bindingsWith({ R: { kind: 'doc', id: '1', entity: 'doc:1', attr } });
}

function evaluateOpen(source: string): unknown {
  const unknowns = new Unknowns();
  return evaluate(source, openBindings(unknowns), hostWith({ unknowns }));
}

describe('an expression that comes upon something open', () => {
  test.each([
    'R.attr.args.x == 1',
    'R.attr["args"] == 1',
    'R["attr"]["args"] == 1',
    'request.resource.attr.args == 1',
    '!(R.attr.args.x == 1)',
    'R.attr.args ? true : true',
    'cel.bind(a, R.attr, a.args == 1)',
    'cel.bind(a, R.attr.args, true)',
    '[R.attr.args, 1][1] == 1',
    '{"a": R.attr}.a.args == 1',
    'R.attr.args.x.matches("a")',
    'hasIntersection(R.attr.tags, R.attr.args)',
    '[1, 2].map(x, R.attr.args)',
    'R.attr.tags.sortBy(x, R.attr.args)',
    'type(R.attr.args) == map',
  ])('%s is unknown', (source) => {
    expect(evaluateOpen(source)).toBe('unknown');
  });

  test.each([
    'has(R.attr.args)',
    'has(R.attr.args.x)',
    '"args" in R.attr',
    'R.attr.?args.orValue(1) == 1',
    'R.attr.?args.?x.hasValue()',
    'size(R.attr) == 4',
    'R.attr.exists(k, k == "department")',
    'R.attr.all(k, v, true)',
    'R.attr.transformList(k, v, k) == []',
    'R.attr == P.attr',
    'P.attr == R.attr',
    '[R.attr] == [P.attr]',
    'P.attr in [R.attr]',
  ])('%s is unknown: it asks what is there', (source) => {
    expect(evaluateOpen(source)).toBe('unknown');
  });

  test.each([
    ['R.attr.args.x == 1 && R.attr.department == "x"', false],
    ['R.attr.department == "x" && R.attr.args.x == 1', false],
    ['R.attr.args.x == 1 || R.attr.department == "sales"', true],
    ['R.attr.department == "sales" || R.attr.args.x == 1', true],
    ['R.attr.args && false', false],
    ['R.attr.tags.exists(t, R.attr.args.x == t || t == "b")', true],
    ['R.attr.tags.exists(i, t, R.attr.args.x == t || t == "b")', true],
    ['R.attr.tags.all(t, R.attr.args.x == t && t == "z")', false],
    ['R.attr.tags.all(i, t, R.attr.args.x == t && t == "z")', false],
  ])('%s is %s whatever it is', (source, value) => {
    expect(evaluateOpen(source)).toBe(value);
  });

  test.each([
    'R.attr.tags.exists(t, t == "z" || R.attr.args.x == t)',
    'R.attr.tags.all(t, t == "a" || R.attr.args.x == t)',
    'R.attr.tags.exists_one(t, t == "a" || R.attr.args.x == t)',
    'R.attr.tags.existsOne(i, t, t == "a" || R.attr.args.x == t)',
  ])('%s is unknown: no element decides', (source) => {
    expect(evaluateOpen(source)).toBe('unknown');
  });

  test.each(['R.attr.args.x == 1 || R.attr.gone == 1', 'R.attr.gone == 1 || R.attr.args.x == 1'])(
    '%s is unknown: the error comes out, and the input could still make it true',
    (source) => {
      expect(evaluateOpen(source)).toBe('unknown');
    },
  );
});

describe('an expression that does not', () => {
  test.each([
    ['R.attr.department == "sales" && R.attr.amount < 10', true],
    ['R.attr.none == null', true],
    ['"department" in R.attr && has(R.attr.tags)', true],
    ['has(R.attr.gone)', false],
    ['true ? true : R.attr.args', true],
    ['R.attr.gone == 1', 'error: No such key: gone'],
    ['R.attr.gone + R.attr.args', 'error: No such key: gone'],
    ['cel.bind(a, R.attr, a.department)', 'sales'],
    ['R == R', true],
  ])('%s is %s', (source, value) => {
    expect(evaluateOpen(source)).toEqual(value);
  });

  test('what one expression touched says nothing of the next', () => {
    const unknowns = new Unknowns();
    const bindings = openBindings(unknowns);
    expect(evaluate('R.attr.args', bindings, hostWith({ unknowns }))).toBe('unknown');
    expect(evaluate('string(R.attr.gone)', bindings, hostWith({ unknowns }))).toBe('error: No such key: gone');
  });
});

test('a name that becomes open is open from then on', () => {
  const names = new Set<string>();
  const map = openMap({ a: 1, b: 2 }, names, new Unknowns());
  expect({ ...map }).toEqual({ a: 1, b: 2 });
  names.add('a');
  expect(() => map.a).toThrow('left open');
  expect(() => ({ ...map })).toThrow('left open');
  expect(map.b).toBe(2);
});

describe('as a condition', () => {
  test('it may be anything', () => {
    const unknowns = new Unknowns();
    const outcome = outcomeOf('R.attr.args.x == 1', openBindings(unknowns), hostWith({ unknowns }));
    expect(toConditionValue(outcome, 'c')).toEqual({
      kind: 'unknown',
      expression: 'c',
      mayBe: { true: true, false: true, error: true },
    });
  });

  test('it may be one value or an error, where that is all that is open', () => {
    expect(toConditionValue({ kind: 'unknown', barringError: { value: false } }, 'c')).toEqual({
      kind: 'unknown',
      expression: 'c',
      mayBe: { true: false, false: true, error: true },
    });
    expect(toConditionValue({ kind: 'unknown', barringError: { value: 1 } }, 'c')).toMatchObject({ kind: 'error' });
  });
});
