import { describe, expect, it } from 'vitest';
import { findReferences } from '../../../src/core/policy/references.ts';

const variables = (source: string) => [...findReferences(source).variables].sort();

describe('findReferences', () => {
  it.each([
    ['V.a && variables.b', ['a', 'b']],
    ['V . a', ['a']],
    ['V["a"] || V[\'b\']', ['a', 'b']],
    ['V.?a.orValue(false)', ['a']],
    ['R.attr.V.x && P.variables.y', []],
    ['"V.a" == \'variables.b\'', []],
    ['"\\"V.a" + V.b', ['b']],
    ['r"\\" + V.b', ['b']],
    ['"""V.a " V.c""" + V.b', ['b']],
    ['true // V.a\n && V.b', ['b']],
    ['V2.a && xV.a', []],
    ['1e3 + V.a', ['a']],
    ['[1, 2].exists(x, x == V.limit)', ['limit']],
  ])('%s names %j', (source, expected) => {
    expect(variables(source)).toEqual(expected);
  });

  it('tells where an expression may read any variable', () => {
    expect(findReferences('V[R.attr.name]').everyVariable).toBe(true);
    expect(findReferences('size(V) > 0').everyVariable).toBe(true);
    expect(findReferences('V["a" + "b"]').everyVariable).toBe(true);
    expect(findReferences('V.a').everyVariable).toBe(false);
  });

  it('finds constants', () => {
    expect([...findReferences('C.a + constants["b"] + R.C.d').constants].sort()).toEqual(['a', 'b']);
  });
});
