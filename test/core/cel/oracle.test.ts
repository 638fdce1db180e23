import { celEnv, parse, plan } from '@bufbuild/cel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bindingsWith, outcomeOf } from './evaluate.ts';

const environment = celEnv();

/** What both implementations of CEL must agree on: bool-valued expressions over JSON data. */
const { condition } = fc.letrec<{ condition: string; number: string; text: string; list: string }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('R.attr.a', 'R.attr.b', '1.0', '2.5', '0.0', '-3.0'),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-', '*', '/'), tie('number'))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
  ),
  text: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('R.attr.s', '"a"', '"ab"', '""', 'R.attr.t'),
    fc.tuple(tie('text'), tie('text')).map(([left, right]) => `(${left} + ${right})`),
  ),
  list: fc.constantFrom(
    'R.attr.l',
    '[1.0, 2.5]',
    'R.attr.l.filter(x, false)',
    'R.attr.l.filter(x, x > 1.0)',
    'R.attr.l.map(x, x + 1.0)',
  ),
  condition: fc.oneof(
    { maxDepth: 3 },
    fc
      .tuple(tie('number'), fc.constantFrom('==', '!=', '<', '<=', '>', '>='), tie('number'))
      .map((parts) => parts.join(' ')),
    fc.tuple(tie('text'), fc.constantFrom('==', '!=', '<', '>'), tie('text')).map((parts) => parts.join(' ')),
    fc.tuple(tie('number'), tie('list')).map(([number, list]) => `${number} in ${list}`),
    fc.tuple(tie('list'), tie('list')).map(([left, right]) => `${left} == ${right}`),
    fc
      .tuple(tie('list'), fc.constantFrom('all', 'exists', 'exists_one'), tie('number'))
      .map(([list, macro, number]) => `${list}.${macro}(x, x < ${number})`),
    fc
      .tuple(tie('text'), fc.constantFrom('startsWith', 'endsWith', 'contains', 'matches'))
      .map(([text, call]) => `${text}.${call}("a")`),
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    tie('condition').map((inner) => `!(${inner})`),
    tie('list').map((list) => `size(${list}) == 2`),
    fc.constantFrom(
      'has(R.attr.a)',
      'has(R.attr.nosuch)',
      'R.attr.nosuch == 1.0',
      'R.attr.flag',
      'R.attr.flag ? R.attr.a > 1.0 : true',
    ),
  ),
}));

const number = fc.constantFrom(0, 1, 2.5, -3, 1e9);
const attributes = fc.record(
  {
    a: number,
    b: number,
    s: fc.constantFrom('', 'a', 'ab', 'b'),
    t: fc.constantFrom('a', 'é'),
    l: fc.array(number, { maxLength: 3 }),
    flag: fc.boolean(),
  },
  { noNullPrototype: true },
);

test('answers as another implementation of CEL does', () => {
  let values = 0;
  fc.assert(
    fc.property(condition, attributes, (source, attr) => {
      const bindings = bindingsWith({ R: { attr } });
      const ours = outcomeOf(source, bindings);
      const theirs = plan(environment, parse(source))({ R: { attr } } as never);
      if (typeof theirs === 'boolean') {
        values += 1;
        expect(ours, source).toEqual({ kind: 'value', value: theirs });
      } else expect(ours.kind, source).toBe('error');
    }),
    { seed: 20261124, numRuns: 1500 },
  );
  expect(values).toBeGreaterThan(1000);
});
