import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/core/model/model.ts';
import { parseModel } from '../../../src/core/model/parse-model.ts';
import { parseModelJson } from '../../../src/core/model/parse-model-json.ts';
import { toModelJson } from '../../../src/core/model/to-model-json.ts';
import { toModelText } from '../../../src/core/model/to-model-text.ts';
import { modelOf } from '../relationships/model-fixture.ts';

const EVERYTHING = modelOf(`
type group
  relations
    define member: [user, user:*, group#member, user with many]
type doc
  relations
    define parent: [doc]
    define banned: [user]
    define viewer: ([user, group#member with many] or viewer from parent) but not (banned and parent)
condition many(b: bool, s: string, i: int, u: uint, f: double, d: duration, t: timestamp, ip: ipaddress, l: list<string>, m: map<int>) {
  b && s in l && i < 10 && u > 1u && f < 1.5 && t + d > t && ip.in_cidr("10.0.0.0/8") && m.size() > 0
}
`);

function textOf(model: Model): string {
  const text = toModelText(model, '1.1');
  if (!text.ok) expect.fail(text.error.map(({ message }) => message).join('\n'));
  return text.value;
}

const withoutPrograms = ({ types, conditions }: Model) => ({ types, conditions });

describe('a model as JSON and as text', () => {
  it('is the same model again', () => {
    const json = parseModelJson(JSON.parse(JSON.stringify(toModelJson(EVERYTHING, '1.1'))));
    if (!json.ok) expect.fail(json.error.map(({ message }) => message).join('\n'));
    expect(withoutPrograms(json.value)).toEqual(withoutPrograms(EVERYTHING));
    const text = parseModel([{ path: 'model.fga', text: textOf(EVERYTHING) }]);
    if (!text.ok) expect.fail(text.error.map(({ message }) => message).join('\n'));
    expect(toModelJson(text.value, '1.1')).toEqual(toModelJson(EVERYTHING, '1.1'));
  });

  it('says its schema version', () => {
    expect(toModelJson(EVERYTHING, '1.2').schema_version).toBe('1.2');
    const text = toModelText(EVERYTHING, '1.2');
    expect(text.ok && text.value).toContain('schema 1.2');
  });

  it('puts what is assigned first, and leaves out what adds nothing', () => {
    const only = { type: 'user', condition: '' };
    const model = parseModelJson({
      schema_version: '1.1',
      type_definitions: [
        { type: 'user' },
        {
          type: 'doc',
          relations: {
            q: { union: { child: [{ this: {} }] } },
            r: { union: { child: [{ computedUserset: { relation: 'q' } }, { this: {} }] } },
          },
          metadata: {
            relations: { q: { directly_related_user_types: [only] }, r: { directly_related_user_types: [only] } },
          },
        },
      ],
    });
    if (!model.ok) expect.fail('the model is fine');
    expect(textOf(model.value)).toContain('define q: [user]\n    define r: [user] or q');
  });

  it('is refused where the DSL cannot say it', () => {
    const twice = parseModelJson({
      schema_version: '1.1',
      type_definitions: [
        { type: 'user' },
        {
          type: 'doc',
          relations: {
            r: {
              difference: {
                base: { computedUserset: { relation: 'q' } },
                subtract: { this: {} },
              },
            },
            q: { this: {} },
          },
          metadata: {
            relations: {
              r: { directly_related_user_types: [{ type: 'user' }] },
              q: { directly_related_user_types: [{ type: 'user' }] },
            },
          },
        },
      ],
    });
    if (!twice.ok) expect.fail('the model is fine');
    expect(toModelText(twice.value, '1.1')).toEqual({
      ok: false,
      error: [{ message: expect.stringContaining('cannot be written in the DSL') }],
    });
  });

  it('is refused where the DSL would cut it', () => {
    const condition = { name: 'c', expression: 'x // # a note', parameters: { x: { type_name: 'TYPE_NAME_BOOL' } } };
    const model = parseModelJson({
      schema_version: '1.1',
      type_definitions: [
        { type: 'user' },
        {
          type: 'doc',
          relations: { r: { this: {} } },
          metadata: { relations: { r: { directly_related_user_types: [{ type: 'user', condition: 'c' }] } } },
        },
      ],
      conditions: { c: condition },
    });
    if (!model.ok) expect.fail(model.error.map(({ message }) => message).join());
    expect(toModelText(model.value, '1.1').ok).toBe(false);
  });
});
