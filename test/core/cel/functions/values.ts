import { describe, expect, test } from 'vitest';
import { evaluate } from '../evaluate.ts';

export const error = expect.stringMatching(/^error: /);

/** Each expression has its value, as JSON. */
export function expectValues(name: string, cases: readonly (readonly [source: string, value: unknown])[]): void {
  describe(name, () => {
    test.each(cases)('%s', (source, value) => {
      expect(evaluate(source)).toEqual(value);
    });
  });
}
