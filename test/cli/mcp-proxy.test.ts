import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { toCallerRow } from '../../src/callers/caller-row.ts';
import { makeKey } from '../../src/callers/key.ts';
import type { Running } from '../../src/cli/start-server.ts';
import { Behalf } from '../../src/client/client.ts';
import { run, startWorld } from '../support/command.ts';
import { HELLO, LineProcess } from '../support/line-process.ts';
import { makeMcpWorld } from '../support/mcp-world.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const SERVER = [process.execPath, new URL('../support/mcp-server.mjs', import.meta.url).pathname];
const world = makeMcpWorld();
const ENGINE = [
  '--store',
  world.path('own/behalf.db'),
  '--model',
  'model',
  '--policies',
  'policies',
  '--seed',
  'seed.yaml',
];
const WHO = ['--server', 'erp', '--agent', 'agent:assistant', '--on-behalf-of', 'user:alice'];

let behalf: Running;
const started: LineProcess[] = [];

beforeAll(async () => {
  behalf = await startWorld(world, { seed: world.path('seed.yaml'), dev: true });
});
afterEach(() => {
  for (const one of started.splice(0)) one.child.kill('SIGKILL');
});
afterAll(async () => {
  await behalf.close();
  world.remove();
});

interface Way {
  readonly who?: readonly string[];
  readonly point?: readonly string[];
  readonly server?: readonly string[];
  readonly env?: { readonly [name: string]: string };
}

function proxy({ who = WHO, point = ['--behalf', behalf.url], server = SERVER, env = {} }: Way = {}): LineProcess {
  const args = [MAIN, 'mcp-proxy', ...who, ...point, ...(server.length === 0 ? [] : ['--', ...server])];
  const one = new LineProcess(process.execPath, args, {
    cwd: world.directory,
    env: { PATH: process.env.PATH, ...env },
  });
  started.push(one);
  return one;
}

const call = (id: number | string, name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

function errorOf(line: string): { readonly code: number; readonly message: string; readonly data?: unknown } {
  return (JSON.parse(line) as { error: { code: number; message: string } }).error;
}

describe('what passes, passes as it is', () => {
  let session: LineProcess;
  beforeAll(() => {
    session = proxy({
      env: { BEHALF_KEY: '', VISIBLE: 'yes' },
      server: [...SERVER, 'an argument; $(with) "all" that'],
    });
    session.send(...HELLO);
    // Not of the session's own tests.
    started.pop();
  });
  afterAll(() => session.child.kill('SIGKILL'));

  test('the line of a request reaches the server byte for byte, and the arguments of the command do', async () => {
    const line =
      '{ "id":1,\t"method" : "tools/call", "params":{"name":"echo","arguments":{"x":1.50,"y":"\\u00e9é"}},"jsonrpc":"2.0"}';
    session.send(`${line}\r`);
    expect(JSON.parse(await session.answer(1))).toMatchObject({
      result: { line, args: ['an argument; $(with) "all" that'] },
    });
  });

  test('the environment reaches it, the key does not', async () => {
    session.send(call(2, 'env'));
    const { result } = JSON.parse(await session.answer(2)) as { result: { env: { [name: string]: string } } };
    expect(result.env.VISIBLE).toBe('yes');
    expect(result.env).not.toHaveProperty('BEHALF_KEY');
  });

  test.each<[string, string, number | null, number]>([
    ['not JSON', 'hello', null, -32700],
    ['a batch', JSON.stringify([call(3, 'echo')]), null, -32600],
    ['a member twice', '{"jsonrpc":"2.0","id":4,"method":"ping","method":"tools/call"}', 4, -32600],
    ['a carriage return', '{"jsonrpc":"2.0",\r"id":5,"method":"ping"}', 5, -32600],
    ['an unknown method', '{"jsonrpc":"2.0","id":6,"method":"tools/install"}', 6, -32001],
    ['a reserved id', JSON.stringify(call('behalf:1', 'echo')), null, -32600],
    ['no name', '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{}}', 7, -32602],
  ])('%s is refused, and the session goes on', async (_what, line, id, code) => {
    const before = session.lines.length;
    session.send(line);
    const answered = await session.line(
      (message) => session.lines.indexOf(JSON.stringify(message)) >= before && 'error' in message,
    );
    const { error, id: answeredId } = JSON.parse(answered) as { error: { code: number }; id: unknown };
    expect(error.code).toBe(code);
    if (id !== null) expect(answeredId).toBe(id);
  });

  test('a line that is too large is refused, and the next one is read', async () => {
    session.send(`"${'x'.repeat(17 * 1024 * 1024)}"`, call(8, 'echo'));
    await session.answer(8);
    expect(session.lines.some((line) => errorOf(line)?.message.includes('larger than'))).toBe(true);
  });

  test('what the server says that is no message goes no further, and is told', async () => {
    session.send(call(9, 'raw', { text: 'starting up...\n{"jsonrpc":"2.0","id":9,"result":{},"result":{}}\n' }));
    expect(errorOf(await session.answer(9)).code).toBe(-32603);
    await session.says('is no message');
    expect(session.lines.every((line) => line.startsWith('{'))).toBe(true);
  });
});

test('messages keep their order, and many are decided at once', async () => {
  const session = proxy();
  session.send(...HELLO);
  await session.answer('hello');
  const began = performance.now();
  for (let id = 0; id < 300; id++) {
    session.send(id % 3 === 0 ? { jsonrpc: '2.0', id, method: 'ping' } : call(id, id % 3 === 1 ? 'echo' : 'secret'));
  }
  await session.answer(299);
  const ids = session.lines.map((line) => (JSON.parse(line) as { id: unknown }).id).filter((id) => id !== 'hello');
  expect(ids).toEqual([...ids].sort((a, b) => Number(a) - Number(b)));
  expect(performance.now() - began).toBeLessThan(20_000);
});

describe('the end', () => {
  test('when the client has sent everything it is all decided, then the server’s input ends, and its status is told', async () => {
    const session = proxy();
    session.send(...HELLO, call(1, 'echo'), call(2, 'exit', { status: 7 }));
    session.close();
    expect(await session.ended).toBe(7);
    expect(JSON.parse(session.lines.at(-1) ?? '')).toMatchObject({ id: 1 });
  });

  test('a signal is passed on, and the server decides what becomes of it', async () => {
    const session = proxy();
    session.send(...HELLO);
    await session.answer('hello');
    session.child.kill('SIGINT');
    expect(await session.ended).toBe(3);
    expect(session.err).toContain('interrupted');
  });

  test('a server that is killed by a signal is told as shells tell it', async () => {
    const session = proxy();
    session.send(...HELLO);
    await session.answer('hello');
    session.child.kill('SIGTERM');
    expect(await session.ended).toBe(128 + 15);
  });

  test('a server that ignores the end of a session does not outlive it', async () => {
    const session = proxy({ server: [...SERVER, 'stubborn'] });
    session.send(...HELLO);
    await session.answer('hello');
    session.close();
    await session.says('input ended');
    session.child.kill('SIGTERM');
    expect(await session.ended).toBe(128 + 9);
    expect(session.err).toContain('not yet');
  });

  test('a server that is not there', async () => {
    const session = proxy({ server: ['no-such-mcp-server'] });
    expect(await session.ended).toBe(127);
    expect(session.err).toContain('cannot start no-such-mcp-server: there is no such command');
    expect(session.lines).toEqual([]);
  });
});

describe('the decision point', () => {
  test('in this process it has store, log and records of its own, and a caller that only it has', async () => {
    const session = proxy({ point: ENGINE });
    session.send(...HELLO, call(1, 'echo'), { jsonrpc: '2.0', id: 2, method: 'tools/list' });
    await session.answer(1);
    expect(JSON.parse(await session.answer(2))).toMatchObject({ result: { tools: expect.any(Array) } });
    const second = proxy({ point: ENGINE });
    expect(await second.ended).toBe(2);
    expect(second.err).toMatch(/another process has it open[\s\S]*--behalf URL/);
    session.close();
    expect(await session.ended).toBe(0);
    const reopened = await startWorld(world, { store: world.path('own/behalf.db') });
    const { decisions } = await new Behalf({ url: reopened.url }).decisions({ action: 'call' });
    expect(decisions.at(-1)).toMatchObject({
      caller: 'mcp-proxy:erp',
      decision: true,
      request_id: '1',
      request: { actor: 'agent:assistant', origin: 'user:alice', proof: 'vouched', resource: 'tool:erp/echo' },
    });
    await reopened.close();
  });

  test('out of reach nothing passes; when it is back everything goes on', async () => {
    let how: 'dead' | 'broken' | 'nonsense' | 'alive' = 'alive';
    const inFront = createServer(async (request, response) => {
      const body = await new Response(request as never).text();
      if (how === 'dead') request.socket.destroy();
      else if (how === 'broken') response.writeHead(503).end('{"error":{"status":503,"message":"the log is gone"}}');
      else if (how === 'nonsense') response.end('{"evaluations":[{"decision":"true"}]}');
      else {
        const answer = await fetch(`${behalf.url}${request.url}`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        });
        response.end(await answer.text());
      }
    });
    await new Promise<void>((resolve) => inFront.listen(0, '127.0.0.1', resolve));
    const { port } = inFront.address() as { port: number };
    const session = proxy({ point: ['--behalf', `http://127.0.0.1:${port}`] });
    session.send(...HELLO, call('first', 'echo'));
    await session.answer('first');
    for (const state of ['dead', 'broken', 'nonsense'] as const) {
      how = state;
      session.send(call(state, 'echo'));
      expect(errorOf(await session.answer(state)).code).toBe(-32603);
    }
    how = 'alive';
    session.send(call('last', 'echo'));
    expect(JSON.parse(await session.answer('last'))).toHaveProperty('result');
    inFront.close();
    inFront.closeAllConnections();
  });

  test('one that is not there yet is told, and the server runs all the same', async () => {
    const session = proxy({ point: ['--behalf', 'http://127.0.0.1:9'] });
    await session.says('until this is over nothing passes');
    session.send(...HELLO, call(1, 'echo'));
    expect(errorOf(await session.answer(1)).code).toBe(-32603);
    await session.answer('hello');
  });
});

describe('in front of a server that speaks HTTP', () => {
  const post = (url: string, message: object, key?: string) =>
    fetch(url, {
      method: 'POST',
      body: JSON.stringify(message),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(key === undefined ? undefined : { authorization: `Bearer ${key}` }),
      },
    });

  /** Runs the command until `use` has used its endpoint. */
  async function inFrontOf(
    flags: readonly string[],
    use: (url: string) => Promise<void>,
    noted: RegExp = /^$/,
  ): Promise<void> {
    const upstream = createServer(async (request, response) => {
      const { id, method } = JSON.parse(await new Response(request as never).text()) as { id: number; method: string };
      const result = method === 'tools/list' ? { tools: [{ name: 'echo' }] } : { reached: method };
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as { port: number };
    const stop = Promise.withResolvers<void>();
    const listening = Promise.withResolvers<string>();
    const words = ['mcp-proxy', '--server', 'erp', '--upstream', `http://127.0.0.1:${port}/mcp`, ...flags];
    const ended = run(words, {
      stopped: stop.promise,
      printed: (text) => {
        const url = / at (http:\S+)$/.exec(text)?.[1];
        if (url !== undefined) listening.resolve(url);
      },
    });
    try {
      const early = ended.then(({ err }) => Promise.reject(new Error(`it ended: ${err}`)));
      early.catch(() => {});
      await use(await Promise.race([listening.promise, early]));
    } finally {
      stop.resolve();
      expect(await ended).toMatchObject({ status: 0, err: expect.stringMatching(noted) });
      upstream.close();
      upstream.closeAllConnections();
    }
  }

  test('one agent on loopback, decided by a running Behalf', async () => {
    const flags = ['--agent', 'agent:assistant', '--on-behalf-of', 'user:alice', '--behalf', behalf.url];
    await inFrontOf(flags, async (url) => {
      expect(await (await post(url, call(1, 'echo'))).json()).toMatchObject({ result: { reached: 'tools/call' } });
      const stranger = { jsonrpc: '2.0', id: 2, method: 'prompts/get', params: { name: 'x' } };
      expect(await (await post(url, stranger)).json()).toMatchObject({ result: {} });
      const elsewhere = { jsonrpc: '2.0', id: 3, method: 'resources/read', params: { uri: 'file:///etc/passwd' } };
      expect(await (await post(url, elsewhere)).json()).toMatchObject({ error: { code: -32001 } });
    });
  });

  test('clients with keys of their own, decided by this process', async () => {
    const store = world.path('http/behalf.db');
    const added = await run([
      'callers',
      'add',
      'assistant',
      '--role',
      'check',
      '--principal',
      'agent:assistant',
      '--origin',
      'user:*',
      '--vouches',
      'user:*',
      '--store',
      store,
      '--json',
    ]);
    const key = /bhf\.[^\s"]+/.exec(added.out)?.[0] ?? '';
    const engine = [
      '--store',
      store,
      '--model',
      world.path('model'),
      '--policies',
      world.path('policies'),
      '--seed',
      world.path('seed.yaml'),
      '--on-behalf-of',
      'user:alice',
    ];
    await inFrontOf(engine, async (url) => {
      expect((await post(url, call(1, 'echo'))).status).toBe(401);
      expect((await post(url, call(1, 'echo'), `${key}x`)).status).toBe(401);
      expect((await post(url, call(1, 'echo'), key)).status).toBe(200);
    });
    // Twice the rate at once, as a server has it; what cannot be recorded does not pass.
    await inFrontOf(
      [...engine, '--log-rate', '1'],
      async (url) => {
        const answers = [];
        for (const id of [1, 2, 3]) answers.push(await (await post(url, call(id, 'echo'), key)).json());
        expect(answers).toMatchObject([{ result: {} }, { result: {} }, { error: { code: -32603 } }]);
      },
      /asks for more than 1 decisions a second/,
    );
  });

  test('clients with access tokens, whose names for themselves the command line explains', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwks = world.path('http/jwks.json');
    mkdirSync(dirname(jwks), { recursive: true });
    writeFileSync(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] }));
    const [issuer, audience] = ['https://login.example.com', 'https://mcp.example.com/mcp'];
    const token = (client: string): Promise<string> =>
      new SignJWT({ client_id: client })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'one' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject('alice')
        .setExpirationTime('5m')
        .sign(privateKey);
    const sources = [
      '--model',
      world.path('model'),
      '--policies',
      world.path('policies'),
      '--seed',
      world.path('seed.yaml'),
    ];
    const tokens = ['--jwks', jwks, '--issuer', issuer, '--audience', audience];
    const engine = ['--store', world.path('tokens/behalf.db'), ...sources];
    const names = ['--agent-name', 'https://helper.example/?app=1=agent:assistant'];
    await inFrontOf(
      [...engine, ...tokens, ...names],
      async (url) => {
        const known = await post(url, call(1, 'echo'), await token('https://helper.example/?app=1'));
        expect(await known.json()).toMatchObject({ result: { reached: 'tools/call' } });
        const unknown = await post(url, call(2, 'echo'), await token('somebody'));
        expect(await unknown.json()).toMatchObject({
          error: { code: -32001, data: { reason: 'actor_missing', client: 'somebody' } },
        });
      },
      /bare name "somebody"/,
    );
  });

  test.each([
    [['--agent-name', 'helper', '--store', 'x.db'], /not NAME=ENTITY/],
    [['--agent-name', 'helper=agent:a', '--behalf', 'http://127.0.0.1:9'], /goes with --store/],
    [['--port', '65536', '--behalf', 'http://127.0.0.1:9'], /--port is 65536/],
    [['--jwks', 'keys.json', '--behalf', 'http://127.0.0.1:9'], /--jwks, --issuer and --audience/],
    [['--upstream-header', 'nonsense', '--behalf', 'http://127.0.0.1:9'], /"Name: value"/],
    [['--host', '0.0.0.0', '--agent', 'agent:a', '--behalf', 'http://127.0.0.1:9'], /reachable from other machines/],
    [['--behalf', 'http://127.0.0.1:9', '--', 'some-server'], /not both/],
  ])('%j is refused', async (flags, message) => {
    const words = ['mcp-proxy', '--server', 'erp', '--upstream', 'http://127.0.0.1:9/mcp', ...flags];
    const { status, err } = await run(words);
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });

  test('its flags say nothing to a command', async () => {
    const { err } = await run(['mcp-proxy', ...WHO, '--allow-origin', 'https://a.example', '--', 'server']);
    expect(err).toContain('--allow-origin goes with --upstream');
  });
});

describe('what cannot be is told before anything starts', () => {
  let guarded: Running;
  let key: string;
  beforeAll(async () => {
    guarded = await startWorld(world, { store: world.path('keys/behalf.db'), dev: false });
    const made = makeKey('gateway');
    key = made.key;
    const caller = {
      id: 'gateway',
      roles: ['check'],
      actors: ['agent:assistant'],
      origins: ['user:*'],
      vouches: ['user:*'],
      direct: false,
      asserts: [],
      mode: 'enforce',
    } as const;
    guarded.ledger.write({ ...caller, id: 'operator', roles: ['administer'] }, () => ({
      ok: true,
      value: {
        act: 'test',
        changes: [{ kind: 'caller', key: 'gateway', value: toCallerRow(caller, made.keyHash) }],
        answer: undefined,
      },
    }));
  });
  afterAll(() => guarded.close());

  test('a key that is one works', async () => {
    const session = proxy({ point: ['--behalf', guarded.url], env: { BEHALF_KEY: key } });
    session.send(...HELLO, call(1, 'env'));
    expect(await session.answer('hello')).toContain('result');
    expect(session.err).toBe('');
  });

  test.each<[string, () => Way, RegExp]>([
    ['a wrong key', () => ({ point: ['--behalf', guarded.url, '--key', 'bhk_nobody_x'] }), /key/],
    ['no key', () => ({ point: ['--behalf', guarded.url] }), /key/],
    [
      'an agent that the key may not name',
      () => ({
        who: ['--server', 'erp', '--agent', 'agent:other', '--on-behalf-of', 'user:alice'],
        point: ['--behalf', guarded.url],
        env: { BEHALF_KEY: key },
      }),
      /may not name agent:other/,
    ],
    ['a person as the agent', () => ({ who: [...WHO, '--agent', 'user:bob'] }), /not of an agent type/],
    ['no agent', () => ({ who: ['--server', 'erp'] }), /--agent agent:NAME/],
    ['an agent that is no entity', () => ({ who: [...WHO, '--agent', 'assistant'] }), /--agent: .*type:id/],
    ['a server with a separator', () => ({ who: [...WHO, '--server', 'a/b'] }), /separator/],
    ['no command', () => ({ server: [] }), /after --/],
    ['nowhere to ask', () => ({ point: [] }), /--behalf URL[\s\S]*--store FILE/],
    ['two places', () => ({ point: ['--behalf', behalf.url, ...ENGINE] }), /not both/],
    [
      'a flag without effect',
      () => ({ point: ['--behalf', behalf.url, '--model', world.path('model')] }),
      /--model would have no/,
    ],
    ['a broken configuration', () => ({ point: ['--store', world.path('x/b.db'), '--node', 'a b'] }), /--node/],
  ])('%s', async (_what, way, message) => {
    const { who = WHO, point = ['--behalf', behalf.url], server = SERVER, env = {} } = way();
    const words = ['mcp-proxy', ...who, ...point, ...(server.length === 0 ? [] : ['--', ...server])];
    const { status, out, err } = await run(words, { env });
    expect(status).toBe(2);
    expect(err).toMatch(message);
    expect(out).toBe('');
  });
});
