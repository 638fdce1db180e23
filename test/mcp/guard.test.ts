import { describe, expect, test } from 'vitest';
import type { Attributes, Evaluation, EvaluationFault, Question } from '../../src/client/types.ts';
import { ServerRefusal } from '../../src/mcp/definitions.ts';
import { Guard, type GuardOptions } from '../../src/mcp/guard.ts';
import type { Message } from '../../src/mcp/messages/message.ts';
import type { Outcome } from '../../src/mcp/outcome.ts';
import type { Sender } from '../../src/mcp/sender.ts';

const SENDER: Sender = {
  asks: { actor: 'agent:a', on_behalf_of: 'user:alice' },
  token: { sub: 'alice', client_id: 'a' },
};

type Decide = (question: Question) => Evaluation | EvaluationFault;

const allowed: Decide = ({ resource }) => ({ decision: true, id: `d_${resource}`, reason: 'allowed', revision: 'r.1' });
const refused: Decide = ({ resource }) => ({ decision: false, id: `d_${resource}`, reason: 'denied', revision: 'r.1' });

/** A guard whose decision point answers each question by `decide`, and what it was asked. */
function guarded(decide: Decide, options: Partial<GuardOptions> = {}) {
  const asked: { readonly questions: readonly Question[]; readonly requestId: string | undefined }[] = [];
  const told: string[] = [];
  const guard = new Guard({
    server: 'erp',
    point: {
      decide: async (questions, requestId) => {
        asked.push({ questions, requestId });
        return questions.map(decide);
      },
    },
    listTools: async () => ({ tools: [] }),
    log: (text) => told.push(text),
    ...options,
  });
  return { guard, asked, told };
}

const request = (id: string | number, method: string, params: Attributes = {}): Message => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const call = (id: string | number, name = 'pay'): Message =>
  request(id, 'tools/call', { name, arguments: { amount: 5 } });

function errorOf(outcome: Outcome) {
  if (outcome.kind !== 'answer' && outcome.kind !== 'replace') return outcome.kind;
  return 'error' in outcome.message ? { id: outcome.message.id, ...outcome.message.error } : outcome.message;
}

describe('from the client', () => {
  test('what is allowed is passed on, and the question is that of the sender', async () => {
    const { guard, asked } = guarded(allowed);
    expect(await guard.fromClient(call(7), SENDER)).toEqual({ kind: 'forward' });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      requestId: '7',
      questions: [
        {
          actor: 'agent:a',
          on_behalf_of: 'user:alice',
          action: 'call',
          resource: 'tool:erp/pay',
          properties: { args: { amount: 5 } },
        },
      ],
    });
  });

  test('what is denied is answered with the reason and the decision', async () => {
    const { guard } = guarded(refused);
    expect(errorOf(await guard.fromClient(call(7), SENDER))).toEqual({
      id: 7,
      code: -32001,
      message: 'denied: denied',
      data: { reason: 'denied', decision: 'd_tool:erp/pay' },
    });
  });

  test.each<[string, Partial<GuardOptions>]>([
    ['is out of reach', { point: { decide: () => Promise.reject(new Error('no answer')) } }],
    [
      'throws',
      {
        point: {
          decide: () => {
            throw new Error('broken');
          },
        },
      },
    ],
    ['answers too little', { point: { decide: async () => [] } }],
    [
      'answers a fault',
      { point: { decide: async () => [{ decision: false, error: { status: 503, message: 'log' } }] } },
    ],
    [
      'answers a fault that says yes',
      { point: { decide: async () => [{ decision: true, error: { status: 1, message: '' } } as never] } },
    ],
    ['answers nonsense', { point: { decide: async () => [undefined as never] } }],
  ])('where the decision point %s nothing passes, and it is said', async (_what, options) => {
    const { guard, told } = guarded(allowed, options);
    expect(errorOf(await guard.fromClient(call(7), SENDER))).toMatchObject({ id: 7, code: -32603 });
    expect(told).toHaveLength(1);
    // It is over: the id is free again, and the next one is asked anew.
    expect(errorOf(await guard.fromClient(call(7), SENDER))).toMatchObject({ code: -32603 });
  });

  test('only the boolean true is a yes', async () => {
    const { guard } = guarded((question) => ({ ...allowed(question), decision: 'true' as never }));
    expect(errorOf(await guard.fromClient(call(7), SENDER))).not.toBe('forward');
  });

  test('an unknown method, and one without an id, do not pass', async () => {
    const { guard, asked, told } = guarded(allowed);
    expect(errorOf(await guard.fromClient(request(1, 'admin/reset'), SENDER))).toMatchObject({ code: -32001 });
    expect(await guard.fromClient({ jsonrpc: '2.0', method: 'tools/call', params: { name: 'pay' } }, SENDER)).toEqual({
      kind: 'drop',
    });
    expect(told).toHaveLength(1);
    expect(asked).toHaveLength(0);
  });

  test('pings, notifications and responses pass without a question', async () => {
    const { guard, asked } = guarded(refused);
    for (const message of [
      request(1, 'ping'),
      request(2, 'initialize', { protocolVersion: '2025-11-25' }),
      request(3, 'tools/list'),
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 4, result: { tools: [{ name: 'x' }] } },
    ] satisfies Message[]) {
      expect(await guard.fromClient(message, SENDER)).toEqual({ kind: 'forward' });
    }
    expect(asked).toHaveLength(0);
  });

  test('initialize is decided where that is wanted', async () => {
    const { guard, asked } = guarded(refused, { decideInitialize: true });
    const outcome = await guard.fromClient(request(0, 'initialize', { protocolVersion: '2025-11-25' }), SENDER);
    expect(errorOf(outcome)).toMatchObject({ code: -32001 });
    expect(asked[0]?.questions[0]).toMatchObject({ action: 'initialize', resource: 'mcp_server:erp' });
  });

  test('an id that is in use, from its arrival to its answer, is refused', async () => {
    const { guard } = guarded(allowed);
    const first = guard.fromClient(call(7), SENDER);
    expect(errorOf(await guard.fromClient(request(7, 'ping'), SENDER))).toMatchObject({ id: 7, code: -32600 });
    await first;
    expect(errorOf(await guard.fromClient(request(7, 'ping'), SENDER))).toMatchObject({ code: -32600 });
    // A string is another id than a number.
    expect(await guard.fromClient(request('7', 'ping'), SENDER)).toEqual({ kind: 'forward' });
    await guard.fromServer({ jsonrpc: '2.0', id: 7, result: {} }, SENDER);
    expect(await guard.fromClient(request(7, 'ping'), SENDER)).toEqual({ kind: 'forward' });
  });

  test('a request that was cancelled or abandoned frees its id', async () => {
    const { guard } = guarded(allowed);
    await guard.fromClient(request(1, 'ping'), SENDER);
    expect(guard.awaits(1)).toBe(true);
    const cancel: Message = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    expect(await guard.fromClient(cancel, SENDER)).toEqual({ kind: 'forward' });
    expect(guard.awaits(1)).toBe(false);
    await guard.fromClient(request(2, 'ping'), SENDER);
    guard.abandon(2);
    expect(guard.awaits(2)).toBe(false);
  });

  test('ids of the enforcement point are refused, and its requests cannot be cancelled', async () => {
    const { guard, asked } = guarded(allowed);
    expect(errorOf(await guard.fromClient(call('behalf:1'), SENDER))).toMatchObject({ id: 'behalf:1', code: -32600 });
    const cancel: Message = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'behalf:1' } };
    expect(await guard.fromClient(cancel, SENDER)).toEqual({ kind: 'drop' });
    expect(asked).toHaveLength(0);
  });

  test('an id that cannot stand in a record is left out of the question', async () => {
    const { guard, asked } = guarded(allowed);
    await guard.fromClient(call('a\nb'), SENDER);
    await guard.fromClient(call('x'.repeat(129)), SENDER);
    await guard.fromClient(call('plain-1'), SENDER);
    expect(asked.map(({ requestId }) => requestId)).toEqual([undefined, undefined, 'plain-1']);
  });
});

describe('definitions of tools', () => {
  const pay = { name: 'pay', description: 'pays', inputSchema: { type: 'object' } };

  test('the live definition goes with the question, and is asked for once', async () => {
    let fetched = 0;
    const { guard, asked } = guarded(allowed, {
      listTools: async () => {
        fetched += 1;
        return { tools: [pay] };
      },
    });
    await guard.fromClient(call(1), SENDER);
    await guard.fromClient(call(2), SENDER);
    expect(fetched).toBe(1);
    expect(asked[1]?.questions[0]?.properties?.definition).toMatch(/^sha256:/);
    await guard.fromServer({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }, SENDER);
    await guard.fromClient(call(3), SENDER);
    expect(fetched).toBe(2);
  });

  test('what the server answers to tools/list is learned, what it answers to anything else is not', async () => {
    let fetched = 0;
    const { guard, asked } = guarded(allowed, {
      listTools: async () => {
        fetched += 1;
        return { tools: [pay] };
      },
    });
    const forged = { ...pay, description: 'harmless' };
    await guard.fromClient(call(1), SENDER);
    await guard.fromServer({ jsonrpc: '2.0', id: 1, result: { tools: [forged] } }, SENDER);
    await guard.fromClient(call(2), SENDER);
    const digests = asked.filter(({ questions }) => questions[0]?.properties?.args !== undefined);
    expect(digests[0]?.questions[0]?.properties?.definition).toBe(digests[1]?.questions[0]?.properties?.definition);
    await guard.fromClient(request(3, 'tools/list'), SENDER);
    await guard.fromServer({ jsonrpc: '2.0', id: 3, result: { tools: [{ ...pay, name: 'other' }] } }, SENDER);
    await guard.fromClient(call(4, 'other'), SENDER);
    expect(asked.at(-1)?.questions[0]?.properties?.definition).toMatch(/^sha256:/);
    expect(fetched).toBe(1);
  });

  test('a server without tools/list has none; one that cannot say is not called', async () => {
    const none = guarded(allowed, { listTools: () => Promise.reject(new ServerRefusal(-32601, 'Method not found')) });
    expect(await none.guard.fromClient(call(1), SENDER)).toEqual({ kind: 'forward' });
    expect(none.asked[0]?.questions[0]?.properties).not.toHaveProperty('definition');
    const silent = guarded(allowed, { listTools: () => Promise.reject(new Error('no answer')) });
    expect(errorOf(await silent.guard.fromClient(call(1), SENDER))).toMatchObject({ code: -32603 });
    expect(silent.asked).toHaveLength(0);
  });
});

describe('from the server', () => {
  const list = (names: readonly string[]): Message => ({
    jsonrpc: '2.0',
    id: 1,
    result: { tools: names.map((name) => ({ name })), nextCursor: 'p2' },
  });
  const byName =
    (reasons: { readonly [name: string]: string }): Decide =>
    (question) => {
      const reason = reasons[question.resource.slice('tool:erp/'.length)] ?? 'denied';
      return { decision: reason === 'allowed', id: `d_${question.resource}`, reason, revision: 'r.1' };
    };

  test('a list shows what may be called or may depend on the arguments, and keeps the rest of the result', async () => {
    const { guard, asked } = guarded(byName({ a: 'allowed', b: 'depends', c: 'denied' }));
    expect(await guard.fromServer(list(['a', 'b', 'c']), SENDER)).toEqual({
      kind: 'replace',
      message: list(['a', 'b']),
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.questions).toHaveLength(3);
  });

  test('a list of which all may be seen passes as it is, and so does an empty one', async () => {
    const { guard, asked } = guarded(allowed);
    expect(await guard.fromServer(list(['a', 'b']), SENDER)).toEqual({ kind: 'forward' });
    expect(await guard.fromServer(list([]), SENDER)).toEqual({ kind: 'forward' });
    expect(asked).toHaveLength(1);
  });

  test('a list that could not be decided is an error', async () => {
    const { guard } = guarded(allowed, { point: { decide: () => Promise.reject(new Error('no answer')) } });
    expect(errorOf(await guard.fromServer(list(['a']), SENDER))).toMatchObject({ id: 1, code: -32603 });
  });

  test('its requests to the client are decided', async () => {
    const sample = request(9, 'sampling/createMessage', { messages: [] });
    const { guard, asked } = guarded(refused);
    expect(errorOf(await guard.fromServer(sample, SENDER))).toMatchObject({ id: 9, code: -32001 });
    expect(asked[0]?.questions[0]).toMatchObject({ actor: 'agent:a', action: 'sample', resource: 'mcp_server:erp' });
    const { guard: open } = guarded(allowed);
    expect(await open.fromServer(sample, SENDER)).toEqual({ kind: 'forward' });
    expect(errorOf(await open.fromServer(sample, SENDER))).toMatchObject({ id: 9, code: -32600 });
    expect(await open.fromClient({ jsonrpc: '2.0', id: 9, result: {} }, SENDER)).toEqual({ kind: 'forward' });
    expect(await open.fromServer(sample, SENDER)).toEqual({ kind: 'forward' });
    open.abandonFromServer(9);
    expect(await open.fromServer(sample, SENDER)).toEqual({ kind: 'forward' });
  });

  test('notifications and errors pass; answers to the enforcement point do not', async () => {
    const { guard } = guarded(refused);
    const messages: readonly [Message, Outcome['kind']][] = [
      [{ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } }, 'forward'],
      [{ jsonrpc: '2.0', id: 1, error: { code: 1, message: 'no' } }, 'forward'],
      [{ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'what?' } }, 'forward'],
      [{ jsonrpc: '2.0', id: 'behalf:8', result: { tools: [] } }, 'drop'],
      [{ jsonrpc: '2.0', method: 'sampling/createMessage' }, 'drop'],
    ];
    for (const [message, kind] of messages) expect((await guard.fromServer(message, SENDER)).kind).toBe(kind);
  });

  describe('answers that ask for something', () => {
    const consent = { mode: 'url', elicitationId: 'e', url: 'https://login.example/consent', message: 'please' };
    const elicit = (data: unknown): Message => ({
      jsonrpc: '2.0',
      id: 4,
      error: { code: -32042, message: 'consent', data },
    });
    const result = (members: Attributes): Message => ({ jsonrpc: '2.0', id: 4, result: members });

    test('elicitations in an error are decided as the request is', async () => {
      const { guard, asked } = guarded(refused);
      expect(errorOf(await guard.fromServer(elicit({ elicitations: [consent, consent] }), SENDER))).toMatchObject({
        id: 4,
        code: -32001,
        data: { reason: 'denied', decision: 'd_mcp_server:erp' },
      });
      expect(asked[0]?.questions).toMatchObject([{ actor: 'agent:a', action: 'elicit', resource: 'mcp_server:erp' }]);
      const { guard: open, asked: all } = guarded(allowed);
      expect(await open.fromServer(elicit({ elicitations: [consent, consent] }), SENDER)).toEqual({ kind: 'forward' });
      expect(all).toHaveLength(2);
    });

    test.each<[string, Message]>([
      ['no data', elicit(undefined)],
      ['no list', elicit({ elicitations: {} })],
      ['an empty list', elicit({ elicitations: [] })],
      ['a list of something else', elicit({ elicitations: [consent, 'x'] })],
      ['too many', elicit({ elicitations: Array.from({ length: 17 }, () => consent) })],
      ['requests for input in a result', result({ resultType: 'input_required', inputRequests: {} })],
      ['the same in another case', result({ content: [], InputRequests: {} })],
      ['the same without its type', result({ content: [], inputRequests: {} })],
      ['a result type that is not known', result({ resultType: 'task', content: [] })],
      ['a result type that is no text', result({ resultType: null })],
    ])('%s: it cannot be decided, whatever is allowed', async (_what, message) => {
      const { guard, asked } = guarded(allowed);
      expect(errorOf(await guard.fromServer(message, SENDER))).toMatchObject({
        id: 4,
        code: -32001,
        data: { reason: 'undecidable_answer' },
      });
      expect(asked).toEqual([]);
    });

    test('a complete result passes as it is', async () => {
      const { guard } = guarded(refused);
      expect(await guard.fromServer(result({ resultType: 'complete', content: [] }), SENDER)).toEqual({
        kind: 'forward',
      });
    });
  });

  test('what may be cached is for this client alone, and for no time', async () => {
    const { guard } = guarded(byName({ a: 'allowed' }));
    const shared = { cacheScope: 'public', ttlMs: 300_000 };
    const own = { cacheScope: 'private', ttlMs: 0 };
    const of = (result: Attributes): Message => ({ jsonrpc: '2.0', id: 1, result });
    const pairs: readonly (readonly [Attributes, Attributes])[] = [
      [
        { tools: [{ name: 'a' }], ...shared },
        { tools: [{ name: 'a' }], ...own },
      ],
      [
        { tools: [{ name: 'a' }, { name: 'c' }], ttlMs: 1 },
        { tools: [{ name: 'a' }], ...own },
      ],
      [
        { contents: [], ...shared },
        { contents: [], ...own },
      ],
      [
        { contents: [], cacheScope: 'private', ttlMs: 5 },
        { contents: [], ...own },
      ],
    ];
    for (const [given, kept] of pairs) {
      expect(await guard.fromServer(of(given), SENDER)).toEqual({ kind: 'replace', message: of(kept) });
    }
    expect(await guard.fromServer(of({ tools: [{ name: 'a' }], ...own }), SENDER)).toEqual({ kind: 'forward' });
  });

  test('a client that is no agent here is denied, and named', async () => {
    const { guard } = guarded(() => ({
      decision: false,
      error: { status: 400, message: 'x', reason: 'actor_missing' },
    }));
    const sender: Sender = { asks: { actor: 'user:alice', agent: 'some-app' }, token: {} };
    expect(errorOf(await guard.fromClient(call(7), sender))).toMatchObject({
      code: -32001,
      message: expect.stringContaining('"some-app"'),
      data: { reason: 'actor_missing', client: 'some-app' },
    });
  });
});
