import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEntity } from '../../../src/core/entity.ts';
import { type BindingContext, bindRequest, needsDefinition, passesUnasked } from '../../../src/mcp/binding/binding.ts';
import { toToolDefinition } from '../../../src/mcp/binding/tool-definition.ts';
import { decodeMessage } from '../../../src/mcp/messages/decode-message.ts';
import type { Request } from '../../../src/mcp/messages/message.ts';
import { anyMessageText } from '../../support/json-texts.ts';
import { runs, SEED } from '../../support/laws.ts';

const SENDER = { asks: { actor: 'agent:a', on_behalf_of: 'user:alice' }, token: { sub: 'alice', client_id: 'a' } };
const CONTEXT: BindingContext = { server: 'github', sender: SENDER };

function request(method: string, params?: Request['params']): Request {
  return { jsonrpc: '2.0', id: 1, method, ...(params === undefined ? undefined : { params }) };
}

function bind(method: string, params?: Request['params'], context = CONTEXT) {
  return bindRequest(request(method, params), 'to_server', context);
}

function define(mapping?: unknown) {
  const inputSchema = { type: 'object', ...(mapping === undefined ? undefined : { 'x-authzen-mapping': mapping }) };
  const definition = toToolDefinition({ name: 'copy', inputSchema });
  if (definition === undefined) throw new Error('no definition');
  return definition;
}

/** A question of the sender's about the method. */
function asked(method: string, fields: object) {
  return { ...SENDER.asks, ...fields, context: { mcp: { server: 'github', method } } };
}

describe('requests of a client', () => {
  it.each<[string, Request['params'], object]>([
    [
      'tools/call',
      { name: 'a/b', arguments: { x: 1 } },
      { action: 'call', resource: 'tool:github/a%2Fb', properties: { args: { x: 1 } } },
    ],
    [
      'resources/read',
      { uri: 'demo://x?y' },
      { action: 'read', resource: 'resource:github/demo%3A%2F%2Fx%3Fy', properties: { uri: 'demo://x?y' } },
    ],
    ['prompts/get', { name: 'greet' }, { action: 'get', resource: 'prompt:github/greet', properties: { args: {} } }],
    [
      'logging/setLevel',
      { level: 'info' },
      { action: 'set_log_level', resource: 'mcp_server:github', properties: { level: 'info' } },
    ],
    ['tasks/cancel', { taskId: 't-1' }, { action: 'cancel', resource: 'task:github/t-1' }],
    ['tasks/list', undefined, { action: 'list_tasks', resource: 'mcp_server:github' }],
  ])('%s %j is a question', (method, params, fields) => {
    expect(bind(method, params)).toEqual({ kind: 'ask', questions: [asked(method, fields)] });
  });

  it.each(['ping', 'initialize', 'tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'])(
    '%s passes',
    (method) => {
      expect(bind(method, {})).toEqual({ kind: 'pass' });
    },
  );

  it.each([
    ...['tools/Call', 'tools/call ', 'tools', '', 'constructor', '__proto__', 'server/discover', 'rpc.discover'],
    // Of servers only, and what is no notification though it is called one.
    ...['sampling/createMessage', 'elicitation/create', 'roots/list', 'notifications/initialized'],
  ])('%j is denied without a question', (method) => {
    expect(bind(method, { name: 'x' })).toMatchObject({ kind: 'refused', error: { code: -32001 } });
  });

  it('initialize is a question where the deployment wants it', () => {
    const context = { ...CONTEXT, decideInitialize: true };
    const fields = {
      action: 'initialize',
      resource: 'mcp_server:github',
      properties: { protocol_version: '2025-06-18' },
    };
    expect(bind('initialize', { protocolVersion: '2025-06-18' }, context)).toEqual({
      kind: 'ask',
      questions: [asked('initialize', fields)],
    });
  });

  it.each([
    ['tools/call', undefined, /params\.name is missing/],
    ['tools/call', { name: '' }, /empty segment/],
    ['tools/call', { name: '..' }, /segment "\.\."/],
    ['tools/call', { name: 'x'.repeat(257) }, /longer than 256 bytes/],
    ['resources/read', { uri: `file:///${'/'.repeat(90)}` }, /longer than 256 bytes/],
    [
      'tools/call',
      { name: 'x', arguments: JSON.parse('{"a":{"__proto__":1}}') },
      /properties\/args\/a has the key "__proto__"/,
    ],
  ])('%s %j is a mapping error', (method, params, message) => {
    const bound = bind(method, params);
    expect(bound).toMatchObject({ kind: 'refused', error: { code: -32602 } });
    expect(bound.kind === 'refused' && bound.error.message).toMatch(message);
  });

  it('have no question under a server whose name cannot be used', () => {
    expect(bind('tasks/list', {}, { ...CONTEXT, server: 'a/b' })).toMatchObject({
      kind: 'refused',
      error: { code: -32602 },
    });
  });
});

describe('requests of a server', () => {
  it.each([
    ['sampling/createMessage', 'sample'],
    ['elicitation/create', 'elicit'],
    ['roots/list', 'list_roots'],
  ])('%s: may the connected agent be asked', (method, action) => {
    expect(bindRequest(request(method), 'to_client', CONTEXT)).toEqual({
      kind: 'ask',
      questions: [asked(method, { action, resource: 'mcp_server:github' })],
    });
  });

  it('ping passes, what only clients ask is denied', () => {
    expect(bindRequest(request('ping'), 'to_client', CONTEXT)).toEqual({ kind: 'pass' });
    for (const method of ['tools/call', 'tools/list', 'initialize', 'resources/read', 'x']) {
      const bound = bindRequest(request(method, { name: 'x', uri: 'x' }), 'to_client', CONTEXT);
      expect(bound, method).toMatchObject({ kind: 'refused', error: { code: -32001 } });
    }
  });
});

describe('messages without an id', () => {
  it.each([
    ['notifications/initialized', true],
    ['notifications/anything/new', true],
    ['tools/call', false],
    ['ping', false],
    ['Notifications/initialized', false],
    ['', false],
  ])('%j passes: %s', (method, passes) => {
    expect(passesUnasked({ jsonrpc: '2.0', method })).toBe(passes);
  });
});

describe('a call of a tool that the server lists', () => {
  const mapping = {
    evaluations: {
      subject: { type: 'identity', id: '$token.sub' },
      context: { agent: '$token.?client_id', why: '$params.arguments.?why' },
      evaluations: [
        { action: { name: 'read' }, resource: { type: 'object', id: '$params.arguments.source' } },
        { action: { name: 'write' }, resource: { type: 'object', id: '$params.arguments.target' } },
      ],
    },
  };
  const args = { source: 'a', target: '/b', why: 'backup' };

  it('names its definition', () => {
    const definition = define();
    expect(needsDefinition(request('tools/call', { name: 'copy' }))).toBe('copy');
    expect(bind('tools/call', { name: 'copy' }, { ...CONTEXT, definition })).toMatchObject({
      questions: [{ resource: 'tool:github/copy', properties: { args: {}, definition: definition.digest } }],
    });
    expect(bind('prompts/get', { name: 'copy' }, { ...CONTEXT, definition })).toEqual(
      bind('prompts/get', { name: 'copy' }),
    );
  });

  it('asks what the tool declares besides', () => {
    const definition = define(mapping);
    const bound = bind('tools/call', { name: 'copy', arguments: args }, { ...CONTEXT, definition });
    const context = { why: 'backup', mcp: { server: 'github', method: 'tools/call' } };
    expect(bound).toEqual({
      kind: 'ask',
      questions: [
        asked('tools/call', {
          action: 'call',
          resource: 'tool:github/copy',
          properties: { args, definition: definition.digest },
        }),
        { ...SENDER.asks, action: 'read', resource: 'object:a', context },
        { ...SENDER.asks, action: 'write', resource: 'object:%2Fb', context },
      ],
    });
  });

  it.each([
    ['is malformed', { search: {} }, args, /malformed/],
    ['does not fit the call', mapping, { source: 'a' }, /No such key: target/],
    [
      'names another subject',
      { evaluation: { ...mapping.evaluations.evaluations[0], subject: { id: 'bob' } } },
      args,
      /subject/,
    ],
    [
      'makes a document that cannot be asked',
      { evaluation: { ...mapping.evaluations.evaluations[0], context: { x: `$${"{'$typeName': 1}"}` } } },
      args,
      /\$typeName/,
    ],
  ])('is refused where the mapping %s', (_, declared, given, message) => {
    const bound = bind('tools/call', { name: 'copy', arguments: given }, { ...CONTEXT, definition: define(declared) });
    expect(bound).toMatchObject({ kind: 'refused', error: { code: -32602 } });
    expect(bound.kind === 'refused' && bound.error.message).toMatch(message);
  });

  it('needs no definition otherwise', () => {
    expect(needsDefinition(request('tools/call'))).toBeUndefined();
    expect(needsDefinition(request('tools/call', { name: 1 }))).toBeUndefined();
    expect(needsDefinition(request('prompts/get', { name: 'copy' }))).toBeUndefined();
  });
});

describe('laws', () => {
  const definition = define({
    evaluation: {
      subject: '$params.?subject.orValue({})',
      action: '$params.?action.orValue({"name": "read"})',
      resource: '$params.?resource.orValue({"type": "object", "id": params.name})',
      context: '$params.?arguments.orValue({})',
    },
  });
  const mostly = (...good: unknown[]) =>
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom<unknown>(...good) }, fc.jsonValue());
  const params = fc.record(
    {
      name: fc.oneof({ weight: 3, arbitrary: fc.constant('copy') }, fc.string({ unit: 'binary' })),
      arguments: mostly({ why: 'x', actor: 'agent:root' }, {}, { agent: 'x' }, { on_behalf_of: 'user:root' }),
      uri: fc.webUrl(),
      ref: mostly({ type: 'ref/prompt', name: 'x' }),
      subject: mostly({ id: 'alice' }, {}, { id: 'bob' }),
      action: mostly({ name: 'write' }, { name: 'read', properties: { actor: 'agent:root' } }),
      resource: mostly({ type: 'object', id: '../x' }, { type: 'user', id: 'a', properties: { actor: 'agent:root' } }),
    },
    { requiredKeys: ['name'] },
  );
  const method = fc.oneof(
    { weight: 6, arbitrary: fc.constant('tools/call') },
    fc.constantFrom('prompts/get', 'completion/complete', 'resources/read', 'tasks/get', 'x', 'sampling/createMessage'),
  );

  it('a mapping never takes the question about the tool away, and nobody but the sender is asked for', () => {
    let added = 0;
    const property = fc.property(
      method,
      params,
      fc.constantFrom('to_server', 'to_client'),
      (called, given, direction) => {
        const asks = request(called, given as Request['params']);
        const bound = bindRequest(asks, direction, { ...CONTEXT, definition });
        if (bound.kind !== 'ask') return;
        const [first] = bound.questions;
        const alone = bindRequest(asks, direction, CONTEXT);
        if (called === 'tools/call') {
          expect(first?.action).toBe('call');
          expect(alone).toMatchObject({ questions: [{ resource: first?.resource, context: first?.context }] });
          expect(bound.questions).toHaveLength(2);
          added += 1;
        } else {
          expect(bound).toEqual(alone);
        }
        for (const question of bound.questions) {
          expect(question).toMatchObject(SENDER.asks);
          expect(question).not.toHaveProperty('agent');
          expect(question).not.toHaveProperty('delegation');
          expect(question.context).toMatchObject({ mcp: { server: 'github', method: called } });
          expect(question.context).not.toHaveProperty('on_behalf_of');
          expect(parseEntity(question.resource).ok).toBe(true);
        }
      },
    );
    fc.assert(property, { seed: SEED, numRuns: runs(1200) });
    expect(added).toBeGreaterThan(100);
  });

  it('every message that decodes is bound, without an exception', () => {
    const property = fc.property(anyMessageText, fc.constantFrom('to_server', 'to_client'), (text, direction) => {
      const decoded = decodeMessage(text);
      if (!decoded.ok || !('method' in decoded.value) || !('id' in decoded.value)) return;
      expect(['pass', 'ask', 'refused']).toContain(
        bindRequest(decoded.value, direction, { ...CONTEXT, definition }).kind,
      );
    });
    fc.assert(property, { seed: SEED, numRuns: runs(600) });
  });

  it('two names are two tools', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('%', '2', 'F', 'f', '/', '.', 'é', 'e\u0301') }),
    );
    const property = fc.property(name, name, (one, other) => {
      const [first, second] = [one, other].map((called) => bind('tools/call', { name: called }));
      if (first?.kind !== 'ask' || second?.kind !== 'ask') return;
      expect(first.questions[0]?.resource === second.questions[0]?.resource).toBe(one === other);
    });
    fc.assert(property, { seed: SEED, numRuns: runs(1000) });
  });
});
