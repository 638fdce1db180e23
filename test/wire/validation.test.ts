import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { fieldErrors, isValidationFaults, summary, type ValidationFault } from '../../src/wire/validation.ts';

const SCHEMA = Compile(
  Type.Object(
    {
      name: Type.String(),
      kind: Type.Enum(['a', 'b']),
      item: Type.Optional(Type.Union([Type.String(), Type.Object({ id: Type.String() })])),
      list: Type.Optional(Type.Array(Type.Integer())),
    },
    { additionalProperties: false },
  ),
);

function errorsOf(value: unknown) {
  const faults: unknown = SCHEMA.Errors(value);
  if (!isValidationFaults(faults)) throw new Error('the schema gives other faults than these');
  return fieldErrors(faults);
}

test('every field that is wrong is named once, with what would be right', () => {
  expect(errorsOf({ kind: 'c', item: { id: 1 }, list: [1, 'x'], more: true })).toEqual([
    { field: 'name', message: 'is missing' },
    { field: 'more', message: 'is unknown here' },
    { field: 'kind', message: 'must be one of a, b' },
    { field: 'item', message: 'has none of the forms that are possible here' },
    { field: 'list/1', message: 'must be integer' },
  ]);
});

test('a whole that is wrong has no field', () => {
  expect(errorsOf([])).toEqual([{ field: '', message: 'must be object' }]);
  expect(summary(errorsOf([]))).toBe('it must be object');
  expect(summary(errorsOf({ kind: 'a' }))).toBe('name is missing');
});

test('what else is thrown is no list of faults', () => {
  const fault: ValidationFault = { keyword: 'type', schemaPath: '#', instancePath: '', params: {}, message: 'x' };
  expect(isValidationFaults([fault])).toBe(true);
  for (const other of [undefined, null, 'x', {}, ['x'], [null], [{}]]) expect(isValidationFaults(other)).toBe(false);
});
