import { describe, expect, test } from 'vitest';
import { compileSchemas, type Validate } from '../../../src/core/schema/compile-schemas.ts';

function validator(schema: unknown): Validate {
  const problems: unknown[] = [];
  const schemas = compileSchemas([{ path: '_schemas/s.json', text: JSON.stringify(schema) }], problems as never[]);
  const validate = schemas.get('cerbos:///s.json');
  if (validate === undefined) throw new Error(JSON.stringify(problems));
  return validate;
}

const OPEN: ReadonlySet<string> = new Set(['args']);
const number = { type: 'number' };
const text = { type: 'string' };

const SCHEMAS: readonly (readonly [string, unknown])[] = [
  ['sure', { properties: { risk: number } }],
  ['sure', { properties: { risk: number, args: text }, required: ['args'] }],
  ['sure', { properties: { 'a/b~c d': number } }],
  ['sure', { required: ['owner'] }],
  ['sure', { required: ['owner', 'args'] }],
  ['sure', { properties: { risk: {} }, additionalProperties: false }],
  ['sure', { type: 'array' }],
  ['sure', { properties: { risk: { anyOf: [number, { type: 'null' }] } } }],
  ['open', { properties: { args: text } }],
  ['open', { required: ['args'] }],
  ['open', { properties: { risk: {}, 'a/b~c d': {} }, additionalProperties: false }],
  ['open', { additionalProperties: text }],
  ['open', { minProperties: 3 }],
  ['open', { maxProperties: 2 }],
  ['open', { propertyNames: { minLength: 5 } }],
  ['open', { patternProperties: { '^a': text } }],
  ['open', { anyOf: [{ properties: { risk: number } }, { required: ['args'] }] }],
  ['open', { if: { required: ['args'] }, else: { required: ['owner'] } }],
  ['open', { not: { required: ['args'] } }],
  ['open', { dependentRequired: { args: ['owner'] } }],
  // Back at the root by reference: what fails there fails for something else, inside a branch.
  [
    'open',
    {
      anyOf: [{ properties: { risk: { $ref: '#/properties/y' } } }, { required: ['args'] }],
      properties: { y: number },
    },
  ],
  ['open', { anyOf: [{ properties: { risk: { $ref: '#' } } }, { required: ['args'] }], type: 'object' }],
  ['free', {}],
  ['free', true],
  ['free', { type: 'object', title: 'a tool', properties: { risk: text }, required: ['risk'] }],
];

const KNOWN = { risk: 'low', 'a/b~c d': 'x' };
const CLOSINGS: readonly object[] = [KNOWN, ...[1, 'x', null, {}, []].map((args) => ({ ...KNOWN, args }))];

describe('an object with an open member', () => {
  test.each(SCHEMAS)('%s: %j', (kind, schema) => {
    const { sure, mayBeMore } = validator(schema).openly(KNOWN, OPEN);
    expect(sure.length > 0 ? 'sure' : mayBeMore ? 'open' : 'free').toBe(kind);
  });

  test.each(SCHEMAS)('%s, whatever it is: %j', (kind, schema) => {
    const validate = validator(schema);
    const fits = new Set(CLOSINGS.map((closing) => validate(closing).length === 0));
    if (kind === 'sure') expect([...fits]).toEqual([false]);
    if (kind === 'free') expect([...fits]).toEqual([true]);
  });
});
