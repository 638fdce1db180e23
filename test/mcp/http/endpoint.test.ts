import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { HttpProxyOptions } from '../../../src/mcp/http/proxy-options.ts';
import { freePort } from '../everything.ts';
import { type Gateway, openGateway } from '../gateway.ts';
import { ask, call, dataOf, type Endpoint, INITIALIZE, post, request } from '../raw-mcp.ts';
import { openStream, type Script, type ScriptedServer, sendJson, startScripted } from '../scripted-server.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const ECHO = call(1, 'echo');
const OK = { content: [{ type: 'text', text: 'done' }] };

/** A proxy in front of a server that does as it is told, and how the helper speaks to it. */
async function behind(
  script: Script,
  options: Partial<HttpProxyOptions> = {},
): Promise<Endpoint & { readonly server: ScriptedServer } & AsyncDisposable> {
  const server = await startScripted(script);
  const proxy = await gateway.proxy({ upstream: server.url, ...options });
  return {
    url: proxy.url,
    headers: { authorization: `Bearer ${gateway.keys.helper}` },
    server,
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const answers: Script = (message, reply) => sendJson(reply, message, OK);

describe('headers', () => {
  test('end-to-end ones pass, those of the connection and the client’s credential do not', async () => {
    const upstreamHeaders = [
      { name: 'Authorization', value: 'Bearer of-the-proxy' },
      { name: 'X-Team', value: 'one' },
    ];
    await using proxy = await behind(answers, { upstreamHeaders });
    const headers = {
      ...proxy.headers,
      'mcp-session-id': 's-1',
      'mcp-protocol-version': '2025-06-18',
      'last-event-id': 'e-1',
      'x-team': 'of the client',
      'x-own': 'kept',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      'accept-encoding': 'gzip',
    };
    expect((await ask({ ...proxy, headers }, ECHO)).result).toEqual(OK);
    const sent = proxy.server.requests.at(-1)?.headers;
    expect(sent).toMatchObject({
      authorization: 'Bearer of-the-proxy',
      'mcp-session-id': 's-1',
      'mcp-protocol-version': '2025-06-18',
      'last-event-id': 'e-1',
      'x-team': 'one',
      'x-own': 'kept',
      traceparent: headers.traceparent,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      host: new URL(proxy.server.url).host,
    });
    // What the proxy itself asked for the call belongs to the same session.
    const own = proxy.server.requests.find(({ body }) => body.includes('behalf:'));
    expect(own?.headers).toMatchObject({
      'mcp-session-id': 's-1',
      'mcp-protocol-version': '2025-06-18',
      'x-team': 'one',
    });
    expect(own?.headers).not.toHaveProperty('last-event-id');
  });

  test('what a Connection header names is for that connection', async () => {
    await using proxy = await behind(answers);
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest(
        proxy.url,
        {
          method: 'POST',
          headers: {
            ...proxy.headers,
            'content-type': 'application/json',
            connection: 'close, x-hop',
            'x-hop': '1',
            te: 'trailers',
            'proxy-authorization': 'Basic eA==',
            'x-end': '2',
          },
        },
        (answer) => resolve(answer.resume().statusCode),
      );
      sent.on('error', reject);
      sent.end(JSON.stringify(request(1, 'ping')));
    });
    expect(status).toBe(200);
    const sent = proxy.server.requests.at(-1)?.headers ?? {};
    expect(sent['x-end']).toBe('2');
    for (const name of ['x-hop', 'te', 'proxy-authorization']) expect(sent).not.toHaveProperty(name);
    expect(sent.authorization).toBeUndefined();
  });

  test('the credential is handed on where that was configured', async () => {
    await using proxy = await behind(answers, { forwardAuthorization: true });
    await ask(proxy, ECHO);
    for (const { headers } of proxy.server.requests) expect(headers.authorization).toBe(proxy.headers.authorization);
  });

  test('those of the answer come back', async () => {
    await using proxy = await behind((message, reply) =>
      sendJson(reply, message, OK, {
        'x-of-server': 'a',
        'set-cookie': ['a=1', 'b=2'],
        connection: 'x-hop',
        'x-hop': '1',
      }),
    );
    const answer = await post(proxy, request(1, 'ping'));
    expect(answer.headers.get('x-of-server')).toBe('a');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.headers.has('x-hop')).toBe(false);
  });
});

describe('what is no message for the server', () => {
  let proxy: Awaited<ReturnType<typeof behind>>;
  beforeAll(async () => {
    proxy = await behind(answers, { bodyBytes: 1000, allowedOrigins: ['https://app.example.com'] });
  });
  afterAll(() => proxy[Symbol.asyncDispose]());

  test.each([
    ['no JSON', '{', 400, -32700],
    ['a batch', JSON.stringify([ECHO]), 400, -32600],
    ['a member twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', 400, -32600],
    ['nothing', '', 400, -32700],
    ['too much', JSON.stringify(call(1, 'echo', { x: 'x'.repeat(1000) })), 413, -32600],
    ['far too much', 'x'.repeat(3_000_000), 413, -32600],
  ])('%s', async (_, body, status, code) => {
    const before = proxy.server.requests.length;
    const answer = await post(proxy, body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', error: { code } });
    expect(proxy.server.requests).toHaveLength(before);
  });

  test.each<[string, string, object, string, number]>([
    ['another content type', 'POST', { 'content-type': 'text/plain' }, '', 415],
    ['compressed', 'POST', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, '', 415],
    ['another method', 'PUT', {}, '', 405],
    ['another path', 'POST', { 'content-type': 'application/json' }, 'x', 404],
    ['another website', 'POST', { origin: 'https://evil.example' }, '', 403],
    ['a sandboxed page', 'POST', { origin: 'null' }, '', 403],
    ['a website that calls itself localhost', 'POST', { origin: 'http://localhost.evil.example' }, '', 403],
    ['an origin that is none', 'POST', { origin: 'http://localhost/path' }, '', 403],
    ['a page that says no origin', 'POST', { 'sec-fetch-site': 'cross-site' }, '', 403],
    ['a page of a sibling', 'POST', { 'sec-fetch-site': 'same-site' }, '', 403],
  ])('%s', async (_, method, headers, path, status) => {
    const answer = await fetch(`${proxy.url}${path}`, {
      method,
      headers: { ...proxy.headers, ...headers },
      body: JSON.stringify(ECHO),
    });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ id: null, error: { message: expect.any(String) } });
    if (status === 405) expect(answer.headers.get('allow')).toBe('POST, GET, DELETE');
  });

  test.each(['http://localhost:6274', 'http://127.0.0.1', 'http://[::1]:6274', 'https://app.example.com'])(
    'the origin %s is fine',
    async (origin) => {
      expect((await ask({ ...proxy, headers: { ...proxy.headers, origin } }, ECHO)).result).toEqual(OK);
    },
  );

  test('a header that contradicts the message', async () => {
    const before = proxy.server.requests.length;
    const answer = await post({ ...proxy, headers: { ...proxy.headers, 'mcp-name': 'another' } }, JSON.stringify(ECHO));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ id: expect.anything(), error: { code: -32020 } });
    expect(proxy.server.requests).toHaveLength(before);
  });

  test('a header that says two things', async () => {
    const answer = await new Promise<number | undefined>((resolve) => {
      const headers = { ...proxy.headers, 'content-type': 'application/json', 'mcp-session-id': ['a', 'b'] };
      httpRequest(proxy.url, { method: 'POST', headers }, (reply) => resolve(reply.resume().statusCode)).end(
        JSON.stringify(request(1, 'ping')),
      );
    });
    expect(answer).toBe(400);
  });
});

describe('nobody who is not known', () => {
  test.each<[string, () => Promise<object> | object, number]>([
    ['nobody', () => ({}), 401],
    ['another scheme', () => ({ authorization: 'Basic eDp5' }), 401],
    ['a key that is none', () => ({ authorization: `Bearer bhf.helper.${'x'.repeat(43)}` }), 401],
    ['a token that is none', () => ({ authorization: 'Bearer x.y.z' }), 401],
    ['a caller that is no agent', () => ({ authorization: `Bearer ${gateway.keys.nobody}` }), 403],
  ])('%s', async (_, headers, status) => {
    await using proxy = await behind(answers);
    const answer = await post({ url: proxy.url, headers: (await headers()) as Endpoint['headers'] }, ECHO);
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    if (status !== 200) {
      expect(proxy.server.requests).toEqual([]);
      expect(await answer.text()).not.toContain(gateway.keys.nobody);
    }
  });

  test('a key that was removed is dead on the next request, also on one that asks nothing', async () => {
    await using proxy = await behind(answers);
    const key = gateway.behalf.key({ id: 'brief', roles: ['check'], principal: 'agent:helper', origins: ['user:*'] });
    const endpoint = { url: proxy.url, headers: { authorization: `Bearer ${key}` } };
    expect((await post(endpoint, request(1, 'ping'))).status).toBe(200);
    await gateway.behalf.ask('DELETE', '/v1/callers/brief', { key: gateway.admin });
    expect((await post(endpoint, request(2, 'ping'))).status).toBe(401);
  });

  test('requests without credentials have the sender of the configuration', async () => {
    const senders = { anonymous: { agent: 'agent:helper' }, onBehalfOf: 'user:alice' };
    await using proxy = await behind(answers, { senders });
    expect((await ask({ url: proxy.url, headers: {} }, ECHO)).result).toEqual(OK);
    // A page whose name resolves here (DNS rebinding) says that name.
    const rebound = await new Promise<number | undefined>((resolve) => {
      const headers = { host: 'evil.example', 'content-type': 'application/json', accept: 'application/json' };
      httpRequest(proxy.url, { method: 'POST', headers }, (reply) => resolve(reply.resume().statusCode)).end(
        JSON.stringify(ECHO),
      );
    });
    expect(rebound).toBe(403);
    const wrong = await post({ url: proxy.url, headers: { authorization: 'Bearer x' } }, ECHO);
    expect(wrong.status).toBe(401);
  });

  test('for whom an agent acts can come from a header, and then has to', async () => {
    const senders = { anonymous: { agent: 'agent:helper' }, originHeader: 'X-Person' };
    await using proxy = await behind(answers, { senders });
    const as = (headers: Endpoint['headers']) => post({ url: proxy.url, headers }, ECHO);
    expect(await (await as({ 'x-person': 'user:alice' })).json()).toMatchObject({ result: OK });
    expect(await (await as({ 'x-person': 'user:bob' })).json()).toMatchObject({ error: { code: -32001 } });
    expect((await as({})).status).toBe(400);
    expect((await as({ 'x-person': 'alice' })).status).toBe(400);
    // Who is somebody else for each person, so are the sessions.
    await as({ 'x-person': 'user:alice', 'mcp-session-id': 's' });
    expect((await as({ 'x-person': 'user:bob', 'mcp-session-id': 's' })).status).toBe(404);
  });
});

describe('a server that', () => {
  test('cannot be reached', async () => {
    const proxy = await gateway.proxy({ upstream: `http://127.0.0.1:${await freePort()}/mcp` });
    const endpoint = { url: proxy.url, headers: { authorization: `Bearer ${gateway.keys.helper}` } };
    const answer = await post(endpoint, INITIALIZE);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ id: 'init', error: { code: -32603 } });
    await proxy.close();
  });

  test.each([404, 405, 429, 500, 503])('answers %i is passed on as it is', async (status) => {
    await using proxy = await behind((_, reply) => {
      reply.writeHead(status, { 'content-type': 'text/plain', 'retry-after': '7' }).end('not today');
    });
    for (const init of [
      { method: 'POST', body: JSON.stringify(request(1, 'ping')) },
      { method: 'GET' },
      { method: 'DELETE' },
    ]) {
      const headers = { ...proxy.headers, 'content-type': 'application/json' };
      const answer = await fetch(proxy.url, { ...init, headers });
      expect([answer.status, await answer.text(), answer.headers.get('retry-after')]).toEqual([
        status,
        'not today',
        '7',
      ]);
    }
  });

  test('has lost a session: its id is free again', async () => {
    let isLost = false;
    await using proxy = await behind((message, reply) =>
      isLost ? reply.writeHead(404).end() : sendJson(reply, message, {}, { 'mcp-session-id': 'one' }),
    );
    await post(proxy, INITIALIZE);
    const asHelper = { ...proxy, headers: { ...proxy.headers, 'mcp-session-id': 'one' } };
    const asReader = { ...asHelper, headers: { ...asHelper.headers, authorization: `Bearer ${gateway.keys.reader}` } };
    expect((await post(asReader, request(1, 'ping'))).status).toBe(404);
    isLost = true;
    expect((await post(asHelper, request(2, 'ping'))).status).toBe(404);
    isLost = false;
    expect((await post(asReader, request(3, 'ping'))).status).toBe(200);
  });

  test('gives two senders the same session serves the first only', async () => {
    await using proxy = await behind((message, reply) => sendJson(reply, message, OK, { 'mcp-session-id': 'same' }));
    expect((await post(proxy, INITIALIZE)).status).toBe(200);
    const headers = { authorization: `Bearer ${gateway.keys.reader}` };
    expect((await post({ url: proxy.url, headers }, INITIALIZE)).status).toBe(502);
  });

  test.each<[string, Script]>([
    ['redirects', (_, reply) => reply.writeHead(307, { location: 'http://127.0.0.1:1/mcp' }).end()],
    ['compresses', (message, reply) => sendJson(reply, message, OK, { 'content-encoding': 'gzip' })],
    ['answers in HTML', (_, reply) => reply.writeHead(200, { 'content-type': 'text/html' }).end('<p>tools</p>')],
    [
      'answers no message',
      (_, reply) => reply.writeHead(200, { 'content-type': 'application/json' }).end('{"tools":[]}'),
    ],
    ['answers a batch', (_, reply) => reply.writeHead(200, { 'content-type': 'application/json' }).end('[]')],
    [
      'breaks off',
      (_, reply) => {
        reply.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        reply.write('{', () => reply.destroy());
      },
    ],
    [
      'asks instead of answering',
      (_, reply) => {
        reply.writeHead(200, { 'content-type': 'application/json' });
        reply.end(JSON.stringify(request('s', 'no/such/method')));
      },
    ],
  ])('%s is a bad gateway', async (_, script) => {
    await using proxy = await behind(script);
    const answer = await post(proxy, request('mine', 'ping'));
    expect(answer.status).toBe(502);
    expect(answer.headers.has('location')).toBe(false);
    expect(await answer.json()).toMatchObject({ id: 'mine', error: { code: -32603 } });
  });

  test('has no sessions is asked for its tools once, and two clients of a sender may use the same ids', async () => {
    await using proxy = await behind(answers);
    const replies = await Promise.all([ask(proxy, ECHO), ask(proxy, ECHO)]);
    expect([...replies, await ask(proxy, ECHO)].map(({ result }) => result)).toEqual([OK, OK, OK]);
    expect(proxy.server.requests.filter(({ body }) => body.includes('tools/list'))).toHaveLength(1);
  });

  test('answers nothing to what needs no answer', async () => {
    await using proxy = await behind((_, reply) => reply.writeHead(202).end());
    const answer = await post(proxy, { jsonrpc: '2.0', method: 'notifications/initialized' });
    expect([answer.status, await answer.text()]).toEqual([202, '']);
  });

  test('answers with a megabyte', async () => {
    const text = '0123456789abcdef'.repeat(70_000);
    await using proxy = await behind((message, reply) =>
      sendJson(reply, message, { content: [{ type: 'text', text }] }),
    );
    expect((await ask(proxy, ECHO)).result.content[0].text).toBe(text);
  });
});

describe('streams', () => {
  test('pass event by event as they come, in their own bytes', async () => {
    const parts = [
      ': hello\n\n',
      'id: 1\r\nretry: 5\r\ndata:\r\n\r\n',
      `event: message\ndata: {"jsonrpc":"2.0",\ndata: "method":"notifications/progress"}\nid: 2\n\n`,
      `data:{"jsonrpc":"2.0","id":1,"result":{"content":[]}}\r\r`,
    ];
    const turns = parts.map(() => Promise.withResolvers<void>());
    await using proxy = await behind(async (_, reply) => {
      openStream(reply);
      for (const [index, part] of parts.entries()) {
        // In two pieces, which are one event all the same.
        reply.write(part.slice(0, 3));
        reply.write(part.slice(3));
        await turns[index]?.promise;
      }
      reply.end();
    });
    const answer = await post(proxy, ECHO);
    let seen = '';
    let turn = 0;
    for await (const chunk of answer.body ?? []) {
      seen += new TextDecoder().decode(chunk);
      // The next part is not sent before this one is there: nothing waits in between.
      if (seen === parts.slice(0, turn + 1).join('')) turns[turn++]?.resolve();
    }
    expect(seen).toBe(parts.join(''));
  });

  test('what the server asks is decided; what is denied never arrives, and the server is told', async () => {
    await using proxy = await behind((message, reply) => {
      if (message.method !== 'tools/call') return reply.writeHead(202).end();
      openStream(reply);
      reply.write(`id: 1\ndata: ${JSON.stringify(request('s1', 'sampling/createMessage'))}\n\n`);
      reply.write(`data: ${JSON.stringify(request('s2', 'no/such/method'))}\n\n`);
      reply.write('data: no message\n\n');
      reply.end(`id: 2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result: OK })}\n\n`);
    });
    const headers = { authorization: `Bearer ${gateway.keys.reader}`, 'mcp-session-id': 'one' };
    const stream = await (await post({ url: proxy.url, headers }, ECHO)).text();
    expect(stream).toBe(`id: 1\n\n:\n\n:\n\nid: 2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result: OK })}\n\n`);
    const told = proxy.server.requests.filter(({ body }) => body.includes('"error"'));
    expect(told.map(({ body }) => JSON.parse(body))).toMatchObject([
      { id: 's1', error: { code: -32001 } },
      { id: 's2', error: { code: -32001 } },
    ]);
    for (const { headers } of told) expect(headers['mcp-session-id']).toBe('one');
  });

  test('lists in them are filtered, and keep their fields', async () => {
    const tools = ['echo', 'get-env'].map((name) => ({ name, inputSchema: { type: 'object' } }));
    await using proxy = await behind((message, reply) => {
      openStream(reply);
      reply.end(
        `event: message\nid: 9\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { tools } })}\n\n`,
      );
    });
    const headers = { authorization: `Bearer ${gateway.keys.reader}` };
    const stream = await (await post({ url: proxy.url, headers }, request(1, 'tools/list'))).text();
    expect(stream).toMatch(/^event: message\nid: 9\ndata: \{.*\}\n\n$/);
    const [data = ''] = dataOf(stream);
    expect(JSON.parse(data).result.tools).toEqual([tools[0]]);
  });

  test('what breaks off at the server does not look like an end', async () => {
    await using proxy = await behind((_, reply) => {
      openStream(reply);
      reply.write('id: 1\ndata:\n\ndata: {"half', () => setTimeout(() => reply.destroy(), 50));
    });
    const answer = await post(proxy, ECHO);
    await expect(answer.text()).rejects.toThrow();
  });

  test('the server hears that the client is gone', async () => {
    const gone = Promise.withResolvers<void>();
    await using proxy = await behind((_, reply) => {
      openStream(reply);
      reply.write(': hello\n\n');
      reply.once('close', () => gone.resolve());
    });
    const session = { ...proxy, headers: { ...proxy.headers, 'mcp-session-id': 'one' } };
    const cut = new AbortController();
    const answer = await post(session, ECHO, { signal: cut.signal });
    await answer.body?.getReader().read();
    cut.abort();
    await gone.promise;
    // What was not answered does not hold its id.
    const again = new AbortController();
    const other = await post(session, ECHO, { signal: again.signal });
    expect(other.headers.get('content-type')).toBe('text/event-stream');
    again.abort();
  });

  test('what the server asked on a stream that was cut, it may ask again', async () => {
    const asked = `id: 1\ndata: ${JSON.stringify(request('s1', 'roots/list'))}\n\n`;
    const cuts: Promise<unknown>[] = [];
    await using proxy = await behind((message, reply) => {
      if (message.method !== undefined) return sendJson(reply, message, {}, { 'mcp-session-id': 'one' });
      openStream(reply);
      reply.write(asked);
      cuts.push(once(reply, 'close'));
    });
    await post(proxy, INITIALIZE);
    const headers = { ...proxy.headers, 'mcp-session-id': 'one', accept: 'text/event-stream' };
    for (let time = 0; time < 2; time++) {
      const cut = new AbortController();
      const answer = await fetch(proxy.url, { headers, signal: cut.signal });
      const first = await answer.body?.getReader().read();
      expect(new TextDecoder().decode(first?.value)).toBe(asked);
      cut.abort();
      await cuts[time];
    }
    expect(proxy.server.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });

  test('a stream ends with the credential that it was opened with', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      await using proxy = await behind((_, reply) => {
        openStream(reply);
        reply.write(': hello\n\n');
      });
      const key = gateway.behalf.key({ id: 'short', roles: ['check'], principal: 'agent:helper', origins: ['user:*'] });
      const answer = await fetch(proxy.url, { headers: { authorization: `Bearer ${key}` } });
      const stream = answer.body?.getReader();
      await stream?.read();
      const next = stream?.read();
      vi.advanceTimersByTime(20_000);
      await gateway.behalf.ask('DELETE', '/v1/callers/short', { key: gateway.admin });
      vi.advanceTimersByTime(20_000);
      await expect(next).rejects.toThrow();
    } finally {
      vi.useRealTimers();
    }
  });

  test('a client that does not read is waited for', async () => {
    const event = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x'.repeat(60_000) } })}\n\n`;
    let written = 0;
    await using proxy = await behind(async (_, reply) => {
      openStream(reply);
      for (; written < 600 && !reply.destroyed; written++) {
        if (!reply.write(event)) await once(reply, 'drain');
      }
      reply.end();
    });
    const { hostname, port, pathname } = new URL(proxy.url);
    const socket = connectSocket(Number(port), hostname);
    socket.pause();
    const body = JSON.stringify(request(1, 'ping'));
    socket.write(
      `POST ${pathname} HTTP/1.1\r\nhost: x\r\nauthorization: ${proxy.headers.authorization}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    let before = -1;
    while (before !== written || written === 0) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(written).toBeLessThan(400);
    let read = 0;
    socket.on('data', (chunk) => {
      read += chunk.length;
    });
    socket.resume();
    while (read < 600 * event.length) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written).toBe(600);
    socket.destroy();
  });
});
