import { expect, test } from 'vitest';
import { compileCondition } from '../../../src/core/cel/condition.ts';
import { Budget } from '../../../src/core/limits.ts';
import { bindingsWith, hostWith } from './evaluate.ts';

function holds(source: string, host = hostWith()) {
  const condition = compileCondition(source);
  if (!condition.ok) throw new Error(condition.error.message);
  return condition.value.holds(bindingsWith(), host);
}

test('only true is true', () => {
  expect(holds('R.attr.open')).toEqual({ kind: 'true' });
  expect(holds('R.attr.tags.exists(t, t == "a")')).toEqual({ kind: 'true' });
  expect(holds('!R.attr.open')).toEqual({ kind: 'false' });
});

test.each([
  ['R.attr.amount', 'the condition is a double, not true or false'],
  ['R.attr.none', 'the condition is a null, not true or false'],
  ['R.attr.department', 'the condition is a string, not true or false'],
  ['R.attr.tags', 'the condition is a list, not true or false'],
  ['R.attr.missing', 'No such key: missing'],
  ['R.attr.tags[0]', 'the condition is a string, not true or false'],
])('%s is an error', (expression, message) => {
  expect(holds(expression)).toEqual({ kind: 'error', expression, message });
});

test('a decision without steps left is an error', () => {
  expect(holds('true', hostWith({ budget: new Budget(0) }))).toMatchObject({ kind: 'error' });
});

test('the problem of a condition has its place', () => {
  expect(compileCondition('1 +', { file: 'p.yaml', line: 3, column: 9 })).toMatchObject({
    ok: false,
    error: { file: 'p.yaml', line: 3, column: 12 },
  });
  expect(compileCondition('1', { file: 'p.yaml', line: 3, column: 9 })).toMatchObject({
    ok: false,
    error: { message: 'the condition is a int', line: 3, column: 9 },
  });
});
