import { expect, test } from 'vitest';
import type { ConditionValue, UnknownCondition } from '../../../src/core/cel/condition.ts';
import type { Match } from '../../../src/core/policy/expression.ts';
import { toUnknownMatch } from '../../../src/core/policy/unknown-match.ts';

type Value = 'true' | 'false' | 'error';

const VALUES: readonly Value[] = ['true', 'false', 'error'];
const UNKNOWNS: readonly (readonly Value[])[] = [
  ['true', 'false'],
  ['true', 'error'],
  ['false', 'error'],
  ['true', 'false', 'error'],
];
const KINDS = ['all', 'any', 'none'] as const;

/** A match of these values in `strict` (design, section 1): an error anywhere makes it an error. */
function matchOf(kind: Match['kind'], values: readonly Value[]): Value {
  if (values.includes('error')) return 'error';
  if (kind === 'all') return values.includes('false') ? 'false' : 'true';
  return values.includes('true') === (kind === 'any') ? 'true' : 'false';
}

/** Every choice of one of each. */
function combinations(sets: readonly (readonly Value[])[]): readonly (readonly Value[])[] {
  return sets.reduce<readonly (readonly Value[])[]>(
    (before, set) => before.flatMap((values) => set.map((value) => [...values, value])),
    [[]],
  );
}

function unknown(set: readonly Value[]): UnknownCondition {
  const [isTrue = false, isFalse = false, error = false] = VALUES.map((value) => set.includes(value));
  return { kind: 'unknown', expression: 'e', mayBe: { true: isTrue, false: isFalse, error } };
}

function possible(value: ConditionValue): readonly Value[] {
  return value.kind === 'unknown' ? VALUES.filter((one) => value.mayBe[one]) : [value.kind];
}

const operands = [1, 2, 3].flatMap((size) =>
  Array.from({ length: size }, () => UNKNOWNS).reduce<readonly (readonly (readonly Value[])[])[]>(
    (before, sets) => before.flatMap((chosen) => sets.map((set) => [...chosen, set])),
    [[]],
  ),
);

test.each(KINDS)('%s: exactly what its operands can make of it', (kind) => {
  const match: Match = { kind, text: 'm', of: [] };
  for (const known of [undefined, 'true', 'false'] as const) {
    for (const sets of operands) {
      const whole = known === undefined ? sets : [...sets, [known]];
      const expected = new Set(combinations(whole).map((values) => matchOf(kind, values)));
      const ended = known === (kind === 'all' ? 'false' : 'true');
      const found = toUnknownMatch(match, ended, sets.map(unknown));
      expect(new Set(possible(found)), JSON.stringify([kind, known, sets])).toEqual(expected);
    }
  }
});
