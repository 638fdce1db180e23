import { describe, expect, it } from 'vitest';
import { INITIALIZE, TO_CLIENT, TO_SERVER } from '../../../src/mcp/binding/methods.ts';

describe('what the parameters of a method ask for', () => {
  it.each([
    [
      'tools/call',
      { name: 'echo', arguments: { a: 1 } },
      'call',
      { type: 'tool', name: 'echo', properties: { args: { a: 1 } } },
    ],
    ['tools/call', { name: 'echo', _meta: {} }, 'call', { type: 'tool', name: 'echo', properties: { args: {} } }],
    ['resources/read', { uri: 'a:b' }, 'read', { type: 'resource', name: 'a:b', properties: { uri: 'a:b' } }],
    ['resources/subscribe', { uri: 'a:b' }, 'subscribe', { type: 'resource', name: 'a:b', properties: { uri: 'a:b' } }],
    [
      'resources/unsubscribe',
      { uri: 'a:b' },
      'unsubscribe',
      { type: 'resource', name: 'a:b', properties: { uri: 'a:b' } },
    ],
    [
      'prompts/get',
      { name: 'p', arguments: { x: 'y' } },
      'get',
      { type: 'prompt', name: 'p', properties: { args: { x: 'y' } } },
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'x', value: 'y' } },
      'complete',
      { type: 'prompt', name: 'p', properties: { args: { argument: { name: 'x', value: 'y' } } } },
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'a:{b}' }, argument: { name: 'b', value: '' } },
      'complete',
      { type: 'resource', name: 'a:{b}', properties: { args: { argument: { name: 'b', value: '' } }, uri: 'a:{b}' } },
    ],
    ['logging/setLevel', { level: 'debug' }, 'set_log_level', { type: 'mcp_server', properties: { level: 'debug' } }],
    ['tasks/get', { taskId: 't1' }, 'get', { type: 'task', name: 't1' }],
    ['tasks/result', { taskId: 't1' }, 'result', { type: 'task', name: 't1' }],
    ['tasks/cancel', { taskId: 't1' }, 'cancel', { type: 'task', name: 't1' }],
    ['tasks/list', {}, 'list_tasks', { type: 'mcp_server' }],
  ])('%s %j', (method, params, action, target) => {
    const rule = TO_SERVER.get(method);
    expect(rule?.action).toBe(action);
    expect(rule?.target(params)).toEqual({ ok: true, value: target });
  });

  it.each([
    ['sampling/createMessage', 'sample'],
    ['elicitation/create', 'elicit'],
    ['roots/list', 'list_roots'],
  ])('%s, from the server', (method, action) => {
    const rule = TO_CLIENT.get(method);
    expect(rule?.action).toBe(action);
    expect(rule?.target({ messages: [] })).toEqual({ ok: true, value: { type: 'mcp_server' } });
    expect(TO_SERVER.has(method)).toBe(false);
  });

  it('initialize', () => {
    expect(INITIALIZE.target({ protocolVersion: '2025-11-25' })).toEqual({
      ok: true,
      value: { type: 'mcp_server', properties: { protocol_version: '2025-11-25' } },
    });
  });
});

describe('parameters from which nothing can be asked', () => {
  it.each([
    ['tools/call', {}, /^params\.name is missing$/],
    ['tools/call', { name: 1 }, /^params\.name is no string$/],
    ['tools/call', { name: 'a', arguments: [] }, /^params\.arguments is no object$/],
    ['tools/call', { name: 'a', arguments: null }, /^params\.arguments is no object$/],
    ['tools/call', { name: 'a', Arguments: {} }, /has "Arguments", which some servers read/],
    ['tools/call', { name: 'a', NAME: 'b' }, /has "NAME"/],
    ['tools/call', Object.create({ name: 'inherited' }), /^params\.name is missing$/],
    ['resources/read', { url: 'a:b' }, /^params\.uri is missing$/],
    ['resources/read', { uri: ['a:b'] }, /^params\.uri is no string$/],
    ['resources/read', { uri: 'a:b', URI: 'c:d' }, /has "URI"/],
    ['completion/complete', {}, /^params\.ref is missing/],
    ['completion/complete', { ref: 'x' }, /^params\.ref is no object$/],
    ['completion/complete', { ref: { type: 'ref/tool', name: 'x' } }, /params\.ref\.type is "ref\/tool"/],
    ['completion/complete', { ref: { type: 'ref/prompt', uri: 'x' } }, /^params\.ref\.name is missing$/],
    ['completion/complete', { ref: { type: 'ref/resource', name: 'x' } }, /^params\.ref\.uri is missing$/],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'x', Name: 'y' } }, /params\.ref has "Name"/],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'x' }, argument: 1 }, /^params\.argument is no object$/],
    ['logging/setLevel', { level: 7 }, /^params\.level is no string$/],
    ['tasks/get', { taskid: 't1' }, /has "taskid"/],
    ['tasks/get', {}, /^params\.taskId is missing$/],
  ])('%s %j', (method, params, message) => {
    const target = TO_SERVER.get(method)?.target(params);
    expect(target?.ok === false && target.error).toMatch(message);
  });
});
