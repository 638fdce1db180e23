import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, isGlob } from '../../../src/core/policy/glob.ts';

const matches = (pattern: string, name: string) => compileGlob(pattern)?.(name);

describe('compileGlob', () => {
  it.each([
    ['*', 'anything:at:all', true],
    ['**', '', true],
    ['view:*', 'view:public', true],
    ['view:*', 'view:', true],
    ['view:*', 'view', false],
    ['view:*', 'view:public:all', false],
    ['view:**', 'view:public:all', true],
    ['*:public', 'view:public', true],
    ['*:public', 'a:view:public', false],
    ['**:public', 'a:view:public', true],
    ['v?ew*', 'views', true],
    ['v?ew*', 'v:ew', false],
    ['{view,edit}*', 'editor', true],
    ['{view,edit}*', 'delete', false],
    ['a{b,{c,d}}*e', 'adxe', true],
    ['[a-c]*', 'bx', true],
    ['[a-c]*', 'dx', false],
    ['[!a-c]*', 'dx', true],
    ['[xyz]*', 'y', true],
    ['a\\**', 'a*b', true],
    ['a\\**', 'ab', false],
    ['a.*', 'axb', false],
    ['(a|b)*', '(a|b)c', true],
    ['*a*', 'bab', true],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  it.each(['[a*', '{a,b*', 'a}*', '*\\', '[]*', `${'{a,b}'.repeat(9)}*`])('refuses %s', (pattern) => {
    expect(compileGlob(pattern)).toBeUndefined();
  });

  it('takes only names with a star for patterns', () => {
    expect(isGlob('view:*')).toBe(true);
    expect(isGlob('view?')).toBe(false);
  });

  it('compares in time that grows with the name times the pattern', () => {
    const name = `${'a'.repeat(5_000)}c`;
    const start = performance.now();
    expect(matches('*a*a*a*a*a*a*a*a*b', name)).toBe(false);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('a prefix and a star match what begins with it and has no further separator', () => {
    const part = fc.stringMatching(/^[a-z:]{0,8}$/);
    fc.assert(
      fc.property(part, part, (prefix, name) => {
        const expected = name.startsWith(prefix) && !name.slice(prefix.length).includes(':');
        // Through the short cut, and through the automaton.
        if (prefix !== '') expect(matches(`${prefix}*`, name)).toBe(expected);
        expect(matches(`{${prefix}x,${prefix}}*`, name)).toBe(expected);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});
