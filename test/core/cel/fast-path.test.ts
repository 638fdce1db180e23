import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPolicyEnvironment } from '../../../src/core/cel/environment.ts';
import { evaluateWith } from '../../../src/core/cel/evaluation.ts';
import { compileFast, Fault, UNSURE } from '../../../src/core/cel/fast-path.ts';
import { parseExpression } from '../../../src/core/cel/parse.ts';
import { Budget } from '../../../src/core/limits.ts';
import { bindingsWith, hostWith } from './evaluate.ts';

const environment = createPolicyEnvironment();

/** Expressions of the shape that the fast path covers, and some that only begin like it. */
const { expression } = fc.letrec<{ expression: string; value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('R.attr.a', 'R.attr.b', 'R.attr.c.d', 'P.attr["a"]', 'R.attr', 'R.attr.list', 'G.missing', 'P.id'),
    fc.constantFrom('1', '2', '-1', '2.0', '"x"', '""', 'true', 'false', 'null', '[1, 2]', '["x", null]', '{"x": 1}'),
    fc.constantFrom('9007199254740993', '1u', 'b"x"', '[]', '[1u]', 'R.attr.a + 1', 'size(R.attr.list)'),
  ),
  expression: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expression' },
    tie('value'),
    fc
      .tuple(tie('value'), fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'in'), tie('value'))
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression'))
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    tie('expression').map((inner) => `!(${inner})`),
    fc.constantFrom('has(R.attr.a)', 'has(R.attr.nosuch)', 'has(G.missing.a)', 'has(R.attr.a.b)'),
  ),
}));

const scalar = fc.constantFrom<unknown>(1, 2, 2.5, Number.NaN, -0, 0, 'x', '', true, false, null, 1n, undefined);
const value = fc.oneof(
  scalar,
  fc.array(
    scalar.filter((element) => element !== undefined),
    { maxLength: 3 },
  ),
  fc
    .record({ x: scalar, d: scalar })
    .map((record) => Object.fromEntries(Object.entries(record).filter(([, field]) => field !== undefined))),
);

test('the fast path gives the answer of the library or none', () => {
  let sure = 0;
  let faults = 0;
  fc.assert(
    fc.property(expression, fc.record({ a: value, b: value, c: value, list: value }), (source, attributes) => {
      const checked = parseExpression(environment, source);
      if (!checked.ok) return;
      const fast = compileFast(checked.value.tree);
      if (fast === undefined) return;
      const attr = Object.fromEntries(Object.entries(attributes).filter(([, field]) => field !== undefined));
      const bindings = bindingsWith({ R: { attr }, P: { id: 'x', attr: { a: attr.b ?? 1 } } });
      const answer = fast(bindings);
      if (answer === UNSURE) return;
      let slow: unknown;
      try {
        slow = evaluateWith(new Budget(), hostWith(), () => checked.value.evaluate(bindings));
      } catch {
        faults += 1;
        expect(answer).toBeInstanceOf(Fault);
        return;
      }
      sure += 1;
      expect(answer).toEqual(slow);
    }),
    { seed: 20261124, numRuns: 6000 },
  );
  expect(sure).toBeGreaterThan(500);
  expect(faults).toBeGreaterThan(200);
});

test('what conditions are mostly made of needs no library', () => {
  const sources = [
    'R.attr.args.amount < 10000',
    'R.attr.department == P.attr.department && R.attr.amount < 10000',
    'P.id == R.attr.ownerId',
    'R.attr.status in ["open", "draft"]',
    '!has(R.attr.locked) || R.attr.locked == false',
    'request.resource.attr.geography == request.principal.attr.geography',
  ];
  for (const source of sources) {
    const checked = parseExpression(environment, source);
    expect(checked.ok && compileFast(checked.value.tree), source).toBeTypeOf('function');
  }
});
