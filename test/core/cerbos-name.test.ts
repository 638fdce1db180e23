import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idToName, kindToType, nameToId, typeToKind } from '../../src/core/cerbos-name.ts';
import { idFault, toEntity, typeFault } from '../../src/core/entity.ts';

describe('names of Cerbos applications', () => {
  it.each([
    ['john', 'john'],
    ['arn:aws:iam::123:user/x', 'arn:aws:iam%3A%3A123:user/x'],
    ['/etc/passwd', '%2Fetc/passwd'],
    ['a b*#', 'a%20b%2A%23'],
    ['a/../b', 'a/%2E%2E/b'],
    ['50%', '50%'],
    ['a%20b', 'a%2520b'],
  ])('the id %s is %s', (name, id) => {
    expect(nameToId(name)).toBe(id);
    expect(idFault(id)).toBeUndefined();
    expect(idToName(id)).toBe(name);
  });

  it('encodes what a type may not have, and leaves the slash', () => {
    expect(kindToType('arn:aws:sns/x y')).toBe('arn%3Aaws%3Asns/x%20y');
    expect(typeToKind('arn%3Aaws%3Asns/x%20y')).toBe('arn:aws:sns/x y');
  });

  it('leaves an encoding that it would not have made: it is a name of its own', () => {
    expect(idToName('a%2Fb')).toBe('a%2Fb');
    expect(idToName('a%41')).toBe('a%41');
    expect(idToName('a%ff')).toBe('a%ff');
  });

  it('never makes one entity of two names, and finds back', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', '%', '2', 'F', ':', '/', '.', '*', ' ', '#', 'é'),
      minLength: 1,
    });
    fc.assert(
      fc.property(name, name, (left, right) => {
        for (const [encode, decode, fault] of [
          [nameToId, idToName, idFault],
          [kindToType, typeToKind, typeFault],
        ] as const) {
          expect(fault(encode(left))).toBeUndefined();
          expect(decode(encode(left))).toBe(left);
          expect(encode(left) === encode(right)).toBe(left === right);
        }
        expect(toEntity(kindToType(left), nameToId(right)).ok).toBe(true);
      }),
      { seed: 7, numRuns: 2000 },
    );
  });
});
