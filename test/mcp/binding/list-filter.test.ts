import { describe, expect, it } from 'vitest';
import { listQuestions } from '../../../src/mcp/binding/list-filter.ts';
import { toToolDefinition } from '../../../src/mcp/binding/tool-definition.ts';
import type { Response } from '../../../src/mcp/messages/message.ts';

const SENDER = { asks: { actor: 'agent:a', on_behalf_of: 'user:alice' }, token: { sub: 'alice' } };
const CONTEXT = { server: 's', sender: SENDER };

function response(result: object): Response {
  return { jsonrpc: '2.0', id: 1, result: { ...result } };
}

function questions(result: object) {
  return listQuestions(response(result), CONTEXT)?.questions;
}

describe('what is asked about an entry', () => {
  const asks = (method: string, fields: object) => ({
    ...SENDER.asks,
    ...fields,
    context: { mcp: { server: 's', method } },
  });

  it('of a tool: may it be called, whatever the arguments', () => {
    const tool = { name: 'a b', inputSchema: { type: 'object' } };
    expect(questions({ tools: [tool] })).toEqual([
      asks('tools/list', {
        action: 'call',
        resource: 'tool:s/a%20b',
        properties: { definition: toToolDefinition(tool)?.digest },
        open_attributes: ['args'],
      }),
    ]);
  });

  it('of a resource: may it be read', () => {
    expect(questions({ resources: [{ uri: 'demo://x', name: 'X' }] })).toEqual([
      asks('resources/list', {
        action: 'read',
        resource: 'resource:s/demo%3A%2F%2Fx',
        properties: { uri: 'demo://x' },
      }),
    ]);
  });

  it('of a template: may what it stands for be read, whichever that is', () => {
    expect(questions({ resourceTemplates: [{ uriTemplate: 'demo:{id}' }] })).toEqual([
      asks('resources/templates/list', {
        action: 'read',
        resource: 'resource:s/demo%3A%7Bid%7D',
        open_attributes: ['uri'],
      }),
    ]);
  });

  it('of a prompt: may it be had, whatever the arguments', () => {
    expect(questions({ prompts: [{ name: 'greet' }] })).toEqual([
      asks('prompts/list', { action: 'get', resource: 'prompt:s/greet', open_attributes: ['args'] }),
    ]);
  });
});

describe('what is left of a list', () => {
  const tools = ['a', 'b', 'c'].map((name) => ({ name, inputSchema: { type: 'object' }, _meta: { x: 1 } }));
  const whole = response({ tools, nextCursor: 'next', _meta: { y: 2 } });

  it('is what may be shown, in its order, and everything else of the result', () => {
    const list = listQuestions(whole, CONTEXT);
    expect(list?.keep([true, false, true])).toEqual(
      response({ tools: [tools[0], tools[2]], nextCursor: 'next', _meta: { y: 2 } }),
    );
    expect(list?.keep([false, false, false])).toEqual(response({ tools: [], nextCursor: 'next', _meta: { y: 2 } }));
  });

  it('is the same object where that is all', () => {
    expect(listQuestions(whole, CONTEXT)?.keep([true, true, true])).toBe(whole);
    const empty = response({ tools: [] });
    expect(listQuestions(empty, CONTEXT)?.questions).toEqual([]);
    expect(listQuestions(empty, CONTEXT)?.keep([])).toBe(empty);
  });

  it('is nothing for which there was no answer', () => {
    expect(listQuestions(whole, CONTEXT)?.keep([true])).toEqual(
      response({ tools: [tools[0]], nextCursor: 'next', _meta: { y: 2 } }),
    );
  });

  it('is nothing that cannot be asked about', () => {
    const odd = [
      null,
      1,
      'a',
      [],
      {},
      { name: 1 },
      { name: '' },
      { name: '..' },
      { name: '\ud800' },
      { name: 'x'.repeat(300) },
    ];
    const list = listQuestions(
      response({ tools: [...odd, tools[0]], prompts: odd, resources: odd, resourceTemplates: odd }),
      CONTEXT,
    );
    expect(list?.questions).toHaveLength(1);
    expect(list?.keep([true])).toEqual(
      response({ tools: [tools[0]], prompts: [], resources: [], resourceTemplates: [] }),
    );
  });

  it('is no tool whose mapping is malformed, and every other one without its mapping being asked', () => {
    const mapped = (mapping: unknown) => ({ name: 'm', inputSchema: { 'x-authzen-mapping': mapping } });
    const good = mapped({
      evaluation: { action: { name: 'read' }, resource: { type: 'doc', id: '$params.arguments.id' } },
    });
    const list = listQuestions(response({ tools: [mapped({}), good, mapped({ evaluation: {} })] }), CONTEXT);
    expect(list?.questions.map(({ action }) => action)).toEqual(['call']);
    expect(list?.keep([true])).toEqual(response({ tools: [good] }));
  });

  it('is asked for all lists of a result at once', () => {
    const both = response({ prompts: [{ name: 'p' }], tools: [tools[0], {}] });
    const list = listQuestions(both, CONTEXT);
    expect(list?.questions.map(({ resource }) => resource)).toEqual(['tool:s/a', 'prompt:s/p']);
    expect(list?.keep([false, true])).toEqual(response({ prompts: [{ name: 'p' }], tools: [] }));
  });
});

it.each<Response>([
  { jsonrpc: '2.0', id: 1, error: { code: 1, message: '', data: { tools: [] } } },
  response({ content: [{ type: 'text', text: 'tools' }], structuredContent: { tools: [{}] } }),
  response({ tools: 'none' }),
  response(Object.create({ tools: [{ name: 'inherited' }] })),
  response({}),
])('%j holds no list', (answer) => {
  expect(listQuestions(answer, CONTEXT)).toBeUndefined();
});
