import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actionPatternFault,
  containsPattern,
  entityPatternFault,
  matchesPattern,
} from '../../../src/core/delegation/patterns.ts';

/** A small alphabet, so that generated names and patterns meet. */
const segment = fc.constantFrom('a', 'b', 'ab', 'crypto', 'cryptocurrency');
const name = fc
  .tuple(fc.constantFrom('tool', 'doc'), fc.array(segment, { minLength: 1, maxLength: 3 }), fc.constantFrom('/', ':'))
  .map(([type, segments, separator]) => `${type}:${segments.join(separator)}`);
const pattern = fc.oneof(
  name,
  fc.constantFrom('tool:*', 'doc:*'),
  fc.tuple(name, fc.constantFrom('/*', ':*')).map(([prefix, star]) => prefix + star),
);
const RUN = { numRuns: 5000, seed: 20261124 };

describe('patterns', () => {
  it('end at separators: tool:crypto/* does not cover tool:cryptocurrency/x (invariant 26)', () => {
    expect(matchesPattern('tool:crypto/*', 'tool:crypto/x')).toBe(true);
    expect(matchesPattern('tool:crypto/*', 'tool:cryptocurrency/x')).toBe(false);
    expect(matchesPattern('tool:crypto/*', 'tool:crypto')).toBe(false);
    expect(matchesPattern('tool:crypto', 'tool:crypto/x')).toBe(false);
    expect(matchesPattern('*', 'read')).toBe(true);
    expect(matchesPattern('read:*', 'read:metadata')).toBe(true);
    expect(matchesPattern('read:*', 'read')).toBe(false);
  });

  it('cover only names that go on after a whole segment', () => {
    fc.assert(
      fc.property(pattern, name, (p, n) => {
        const prefix = p.endsWith('*') ? p.slice(0, -2).split(/[/:]/) : undefined;
        const whole = n.split(/[/:]/);
        const expected =
          prefix === undefined
            ? p === n
            : prefix.length < whole.length &&
              prefix.every((part, i) => part === whole[i]) &&
              n.startsWith(p.slice(0, -1));
        expect(matchesPattern(p, n)).toBe(expected);
      }),
      RUN,
    );
  });

  it('contain one another exactly where they cover no more', () => {
    const seen = { contained: 0 };
    fc.assert(
      fc.property(pattern, pattern, fc.array(name, { minLength: 10, maxLength: 30 }), (outer, inner, names) => {
        if (!containsPattern(outer, inner)) return;
        seen.contained++;
        for (const one of names) if (matchesPattern(inner, one)) expect(matchesPattern(outer, one)).toBe(true);
      }),
      RUN,
    );
    expect(seen.contained).toBeGreaterThan(100);
  });

  it('do not contain what covers something else: a name below inner tells them apart', () => {
    fc.assert(
      fc.property(pattern, pattern, (outer, inner) => {
        const witness = inner.endsWith('*') ? `${inner.slice(0, -1)}zz` : inner;
        expect(containsPattern(outer, inner)).toBe(
          matchesPattern(outer, witness) && (outer.endsWith('*') || !inner.endsWith('*')),
        );
      }),
      RUN,
    );
  });

  it.each(['*', 'read', 'read:*', 'tools/*', 'tools/call'])('accepts the action pattern %s', (text) => {
    expect(actionPatternFault(text)).toBeUndefined();
  });

  it.each(['', 'r*', '*ad', 'read:*:x', 'read/**', ' read', 'a//b'])('refuses the action pattern %j', (text) => {
    expect(actionPatternFault(text)).toBeTypeOf('string');
  });

  it.each(['tool:*', 'tool:github/*', 'tool:a:*', 'tool:github/create_issue'])(
    'accepts the resource pattern %s',
    (text) => {
      expect(entityPatternFault(text)).toBeUndefined();
    },
  );

  it.each([
    '*',
    'tool',
    'to*',
    '*:x',
    'tool:git*',
    'tool:*/x',
    'tool:a/*/b',
    'tool:**',
    ':*',
    'tool:/*',
    'tool:a//*',
    'tool:a/../*',
  ])('refuses the resource pattern %j', (text) => {
    expect(entityPatternFault(text)).toBeTypeOf('string');
  });

  it('says what would be right', () => {
    expect(entityPatternFault('*')).toContain('tool:*');
    expect(entityPatternFault('tool:git*')).toContain('tool:github/*');
  });
});
