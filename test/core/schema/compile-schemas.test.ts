import { describe, expect, it } from 'vitest';
import { compileBundle } from '../../../src/core/bundle.ts';
import type { Problem } from '../../../src/core/problem.ts';
import { formatProblem } from '../../../src/core/problem.ts';
import { compileSchemas, isSchemaFile } from '../../../src/core/schema/compile-schemas.ts';
import { toBundleSource } from '../../../src/engine/bundles/publish.ts';

function compile(files: { readonly [path: string]: unknown }) {
  const problems: Problem[] = [];
  const sources = Object.entries(files).map(([path, schema]) => ({
    path: `policies/_schemas/${path}`,
    text: typeof schema === 'string' ? schema : JSON.stringify(schema),
  }));
  return { schemas: compileSchemas(sources, problems), problems: problems.map(formatProblem) };
}

function complaints(schema: unknown, document: unknown): readonly string[] {
  const { schemas, problems } = compile({ 's.json': schema });
  expect(problems).toEqual([]);
  return (schemas.get('cerbos:///s.json')?.(document) ?? []).map(({ path, message }) => `${path}: ${message}`);
}

const at = (schema: object) => ({ properties: { x: schema } });

describe('what does not fit, in the words of Cerbos', () => {
  // Each answer was heard from Cerbos 0.55 with the same schema and document.
  it.each<[object, object, readonly string[]]>([
    [{ required: ['a', 'b'] }, {}, ["/: missing properties: 'a', 'b'"]],
    [at({ type: 'string', enum: ['q'] }), { x: 1 }, ['/x: expected string, but got number']],
    [at({ type: ['string', 'null'] }), { x: [] }, ['/x: expected string or null, but got array']],
    [at({ type: 'integer' }), { x: 3.5 }, ['/x: expected integer, but got number']],
    [at({ enum: ['a', 'b'] }), { x: 'c' }, ['/x: value must be one of "a", "b"']],
    [at({ enum: ['q'] }), { x: 'c' }, ['/x: value must be "q"']],
    [at({ enum: [1, null, true] }), { x: 'c' }, ['/x: value must be one of "1", <nil>, true']],
    [at({ enum: [1, { k: 1 }] }), { x: 'c' }, ['/x: enum failed']],
    [at({ const: 3 }), { x: 4 }, ['/x: value must be "3"']],
    [at({ minimum: 3, multipleOf: 2 }), { x: 1 }, ['/x: must be >= 3 but found 1', '/x: 1 not multipleOf 2']],
    [at({ maximum: 1_000_000 }), { x: 123_456_789.5 }, ['/x: must be <= 1e+06 but found 1.234567895e+08']],
    [at({ maximum: 0.000_01 }), { x: 0.0001 }, ['/x: must be <= 1e-05 but found 0.0001']],
    [
      at({ minLength: 2, pattern: '^a/b' }),
      { x: 'x' },
      ['/x: length must be >= 2, but got 1', "/x: does not match pattern '^a/b'"],
    ],
    [at({ format: 'email' }), { x: 'nomail' }, ["/x: 'nomail' is not valid 'email'"]],
    [at({ format: 'date' }), { x: '2024-02-30' }, ["/x: '2024-02-30' is not valid 'date'"]],
    [at({ format: 'nonsense' }), { x: 'y' }, []],
    [
      at({ minItems: 2, items: { type: 'number' } }),
      { x: ['s'] },
      ['/x: minimum 2 items required, but found 1 items', '/x/0: expected number, but got string'],
    ],
    [at({ prefixItems: [{}], items: false }), { x: [1, 2] }, ['/x/1: not allowed']],
    [at({ uniqueItems: true }), { x: [1, 1] }, ['/x: items at index 0 and 1 are equal']],
    [
      at({ anyOf: [{ type: 'string' }, { type: 'number', minimum: 5 }] }),
      { x: 3 },
      ['/x: expected string, but got number', '/x: must be >= 5 but found 3'],
    ],
    [at({ oneOf: [{ minimum: 1 }, { minimum: 2 }] }), { x: 3 }, ['/x: valid against schemas at indexes 0 and 1']],
    [at({ not: { type: 'string' } }), { x: 's' }, ['/x: not failed']],
    [at({ if: { type: 'string' }, else: { type: 'boolean' } }), { x: 1 }, ['/x: expected boolean, but got number']],
    [at({ propertyNames: { maxLength: 1 } }), { x: { abc: 1 } }, ['/x/abc: length must be <= 1, but got 3']],
    [
      at({ dependentRequired: { a: ['b'] } }),
      { x: { a: 1 } },
      ["/x: property 'b' is required, if 'a' property exists"],
    ],
    [
      at({ additionalProperties: false, properties: { k: {} } }),
      { x: { k: 1, m: 1, j: 2 } },
      ["/x: additionalProperties 'j', 'm' not allowed"],
    ],
    [{ properties: { 'w e/~': { type: 'string' } } }, { 'w e/~': 1 }, ['/w%20e~1~0: expected string, but got number']],
    [at({ $ref: '#/$defs/d' }), { x: 1 }, []],
  ])('%j %j', (schema, document, wanted) => {
    const withDefinition = JSON.stringify(schema).includes('$ref')
      ? { ...schema, $defs: { d: { type: 'number' } } }
      : schema;
    expect(complaints(withDefinition, document)).toEqual(wanted);
  });
});

describe('schemas of a bundle', () => {
  it('refer to one another, in any of the three drafts', () => {
    const files = { 'a.json': { properties: { b: { $ref: 'sub/b.json' } } }, 'sub/b.json': { required: ['z'] } };
    for (const draft of [
      'https://json-schema.org/draft/2020-12/schema',
      'https://json-schema.org/draft/2019-09/schema',
      'http://json-schema.org/draft-07/schema#',
    ]) {
      const stated = Object.fromEntries(
        Object.entries(files).map(([path, schema]) => [path, { $schema: draft, ...schema }]),
      );
      const { schemas, problems } = compile(stated);
      expect(problems).toEqual([]);
      expect(schemas.get('cerbos:///a.json')?.({ b: {} })).toEqual([
        { path: '/b', message: "missing properties: 'z'" },
      ]);
    }
  });

  it('are matched in linear time', () => {
    const before = performance.now();
    expect(complaints(at({ pattern: '^(a+)+$' }), { x: `${'a'.repeat(5000)}!` })).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{"type": "object",\n}', 'policies/_schemas/s.json:2:1: the schema is not JSON'],
    ['no schema', '[]', 'policies/_schemas/s.json:1: the schema is not a JSON schema'],
    ['a wrong keyword', { type: 'strng' }, 'the schema is malformed at /type'],
    [
      'an unknown draft',
      { $schema: 'http://json-schema.org/draft-04/schema#' },
      'the schema is of a draft that is not known here',
    ],
    ['a reference into the void', { $ref: 'nope.json' }, 'the schema cannot be used'],
    ['no expression of RE2', { pattern: '(?=a)' }, 'the schema cannot be used'],
  ])('say what is wrong: %s', (_, schema, message) => {
    expect(compile({ 's.json': schema }).problems.join('\n')).toContain(message);
  });

  it('are the JSON files below _schemas, nothing hidden', () => {
    for (const path of ['_schemas/a.json', '_schemas/b/c.json']) expect(isSchemaFile(path)).toBe(true);
    for (const path of ['_schemas/a.yaml', '_schemas/.a.json', '_schemas/.b/c.json', 'x/_schemas/a.json']) {
      expect(isSchemaFile(path)).toBe(false);
    }
  });

  it('must be there for every policy that refers to them, where they are enforced', () => {
    const policy = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: report
  version: default
  schemas:
    resourceSchema: { ref: "cerbos:///nope.json" }
  rules:
    - { actions: [read], effect: EFFECT_ALLOW, roles: [user] }
`;
    const bundle = (enforcement: string) =>
      compileBundle(
        toBundleSource([
          { path: 'policies/report.yaml', text: policy },
          { path: 'policies/behalf.yaml', text: `schema_enforcement: ${enforcement}\n` },
        ]),
      );
    expect(bundle('none').ok).toBe(true);
    const refused = bundle('warn');
    expect(refused.ok ? [] : refused.error.map(formatProblem)).toEqual([
      'policies/report.yaml:6:28: there is no such schema (found cerbos:///nope.json; expected cerbos:/// and the path of a file below _schemas)',
    ]);
  });
});
