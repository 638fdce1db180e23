import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseModelJson } from '../../../src/core/model/parse-model-json.ts';

const DOC = {
  schema_version: '1.1',
  type_definitions: [
    { type: 'user' },
    {
      type: 'doc',
      relations: {
        viewer: { union: { child: [{ this: {} }, { computedUserset: { object: '', relation: 'editor' } }] } },
        editor: { this: {} },
      },
      metadata: {
        relations: {
          viewer: {
            directly_related_user_types: [
              { type: 'user', condition: '' },
              { type: 'user', wildcard: {} },
            ],
          },
          editor: { directly_related_user_types: [{ type: 'user', condition: 'c' }] },
        },
      },
    },
  ],
  conditions: { c: { name: 'c', expression: 'x', parameters: { x: { type_name: 'TYPE_NAME_BOOL' } } } },
};

function messagesOf(json: unknown): string {
  const result = parseModelJson(json);
  return result.ok ? '' : result.error.map((problem) => problem.message).join('\n');
}

describe('parseModelJson', () => {
  it('reads the API form', () => {
    const result = parseModelJson(DOC);
    expect(result.ok && result.value.types.get('doc')?.relations.get('viewer')).toEqual({
      name: 'viewer',
      rewrite: { kind: 'union', children: [{ kind: 'direct' }, { kind: 'computed', relation: 'editor' }] },
      directTypes: [
        { type: 'user', wildcard: false },
        { type: 'user', wildcard: true },
      ],
      excludes: false,
    });
  });

  it.each([
    ['no model', null, 'the model is not an object'],
    ['no version', { type_definitions: [] }, 'the schema version is not supported'],
    [
      'an intersection of nothing, which would hold for everybody',
      { ...DOC, type_definitions: [{ type: 'doc', relations: { x: { intersection: { child: [] } } } }] },
      'the intersection of doc#x has no children',
    ],
    [
      'two rewrites at once',
      { ...DOC, type_definitions: [{ type: 'doc', relations: { x: { this: {}, union: {} } } }] },
      'the definition of doc#x is not one rewrite',
    ],
    [
      'an unknown relation',
      { ...DOC, type_definitions: [{ type: 'doc', relations: { x: { computedUserset: { relation: 'y' } } } }] },
      'type "doc" has no relation "y"',
    ],
    [
      'another name inside a condition',
      { ...DOC, conditions: { d: { ...DOC.conditions.c } } },
      'condition "d" has another name inside',
    ],
  ])('refuses %s', (_what, json, message) => {
    expect(messagesOf(json)).toContain(message);
  });

  it('refuses what is nested too deep instead of overflowing', () => {
    let rewrite: object = { this: {} };
    for (let depth = 0; depth < 5000; depth++) rewrite = { union: { child: [rewrite] } };
    expect(messagesOf({ ...DOC, type_definitions: [{ type: 'doc', relations: { x: rewrite } }] })).toContain(
      'nested too deep',
    );
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        parseModelJson(one);
        parseModelJson({ schema_version: '1.1', type_definitions: [{ type: 'doc', relations: one, metadata: other }] });
        parseModelJson({ schema_version: '1.1', type_definitions: one, conditions: other });
      }),
      { seed: 20261124, numRuns: 300 },
    );
  });
});
