import { describe, expect, it } from 'vitest';
import { type Asked, toQuestion } from '../../../src/mcp/binding/question.ts';

const SENDER = {
  asks: { actor: 'agent:a', on_behalf_of: 'user:alice', delegation: 'd1' },
  token: { sub: 'alice' },
};
const ASKED: Asked = { action: 'call', resource: 'tool:s/echo' };

/** Lists in lists, so many. */
function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

it('asks for the sender, and says over which server and by which method', () => {
  expect(
    toQuestion({ ...ASKED, properties: { args: { a: 1 } }, open_attributes: ['x'] }, SENDER, 's', 'tools/call'),
  ).toEqual({
    ok: true,
    value: {
      actor: 'agent:a',
      on_behalf_of: 'user:alice',
      delegation: 'd1',
      action: 'call',
      resource: 'tool:s/echo',
      properties: { args: { a: 1 } },
      open_attributes: ['x'],
      context: { mcp: { server: 's', method: 'tools/call' } },
    },
  });
});

it('asks for nobody else, and never less than for the sender', () => {
  const forged = { ...ASKED, actor: 'agent:root', on_behalf_of: 'user:root', agent: 'root', delegation: 'd2' };
  const question = toQuestion(forged, SENDER, 's', 'm');
  expect(question).toMatchObject({ value: { actor: 'agent:a', on_behalf_of: 'user:alice', delegation: 'd1' } });
  expect(question.ok && Object.hasOwn(question.value, 'agent')).toBe(false);
  expect(toQuestion(ASKED, { asks: { actor: 'user:u', agent: 'gpt' }, token: {} }, 's', 'm')).toMatchObject({
    value: { actor: 'user:u', agent: 'gpt' },
  });
});

it('says itself what it knows of the message', () => {
  const question = toQuestion({ ...ASKED, context: { a: 1, mcp: { server: 'other' } } }, SENDER, 's', 'm');
  expect(question).toMatchObject({ value: { context: { a: 1, mcp: { server: 's', method: 'm' } } } });
});

describe('what no decision point would take', () => {
  it.each<[string, Partial<Asked>, RegExp]>([
    [
      'a name that tricks programs',
      { properties: { args: { constructor: 1 } } },
      /^\/resource\/properties\/args has the key "constructor"/,
    ],
    [
      'half of a surrogate pair',
      { properties: { uri: '\ud800' } },
      /^\/resource\/properties\/uri has a lone surrogate/,
    ],
    ['too deep arguments', { properties: { args: nested(28) } }, /nested more than 32 deep/],
    ['too many values', { properties: { args: Array.from({ length: 10_000 }, () => 1) } }, /more than 10000 values/],
    ['it in the action', { action_properties: { prototype: 1 } }, /^\/action\/properties has the key/],
    ['it in the context', { context: { a: { __proto__: null, $typeName: 1 } } }, /^\/context\/a has the key/],
  ])('%s', (_, asked, message) => {
    const question = toQuestion({ ...ASKED, ...asked }, SENDER, 's', 'm');
    expect(!question.ok && question.error).toMatch(message);
  });

  it('is not what just fits into a batch', () => {
    expect(toQuestion({ ...ASKED, properties: { args: nested(27) } }, SENDER, 's', 'm').ok).toBe(true);
  });
});
