import { describe, expect, it } from 'vitest';
import { idOf, parseEntity, toEntity, typeOf } from '../../src/core/entity.ts';

describe('entities', () => {
  it.each([
    'user:alice',
    'tool:erp/pay',
    'model:openai/gpt-5.1',
    'tool:a:b',
    'user:ann@example.com',
    'document:Ünïcode',
  ])('accepts %s', (text) => {
    expect(parseEntity(text)).toEqual({ ok: true, value: text });
  });

  it.each([
    ['alice', 'has no type'],
    [':alice', 'type is empty'],
    ['user:', 'id is empty'],
    ['user:a*', 'has "*"'],
    ['user:a#b', 'has "#"'],
    ['user:a b', 'U+0020'],
    ['user:a\nb', 'U+000A'],
    ['user:a\u200bb', 'U+200B'],
    ['user:a\u202eb', 'U+202E'],
    ['us er:a', 'the type'],
    ['user:a//b', 'empty segment'],
    ['user:/a', 'empty segment'],
    ['user:a/', 'empty segment'],
    ['user:a/../b', 'segment ".."'],
    ['user:.', 'segment "."'],
    ['user:e\u0301', 'NFC'],
    [`user:${'a'.repeat(257)}`, 'longer than 256 bytes'],
    [`user:${'ü'.repeat(129)}`, 'longer than 256 bytes'],
    [`${'t'.repeat(255)}:a`, 'longer than 254'],
  ])('refuses %j: %s', (text, why) => {
    const parsed = parseEntity(text);
    expect(parsed).toMatchObject({ ok: false, error: expect.stringContaining(why) });
  });

  it('splits at the first colon only', () => {
    expect([typeOf('tool:a:b'), idOf('tool:a:b')]).toEqual(['tool', 'a:b']);
    expect(toEntity('tool', 'a:b')).toEqual(parseEntity('tool:a:b'));
  });
});
