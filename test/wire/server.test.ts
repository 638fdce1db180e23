import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asking, MAIL, MAILER, OFFICE, type Office, openOffice } from './office.ts';
import { openServer } from './server-under-test.ts';

let office: Office;
let base: string;

beforeAll(async () => {
  office = await openOffice();
  base = await office.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => office[Symbol.asyncDispose]());

describe('over real HTTP', () => {
  test('a check', async () => {
    await office.delegate(MAIL);
    const reply = await fetch(`${base}/access/v1/evaluation`, {
      method: 'POST',
      headers: { authorization: `Bearer ${office.keys.gateway}`, 'content-type': 'application/json' },
      body: JSON.stringify(asking(MAILER, 'mail')),
    });
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(await reply.json()).toMatchObject({ decision: true });
  });

  test('a body without an end does not exhaust memory: 413', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { port } = office.app.server.address() as AddressInfo;
      const sent = request({
        port,
        method: 'POST',
        path: '/access/v1/evaluation',
        headers: { authorization: `Bearer ${office.keys.gateway}`, 'content-type': 'application/json' },
      });
      sent.on('response', (reply) => resolve(reply.statusCode));
      sent.on('error', reject);
      sent.write('"'.padEnd(2 * 1024 * 1024, 'x'));
    });
    expect(status).toBe(413);
  });
});

describe('routes that are not there', () => {
  test.each(['/', '/v1', '/v2/delegations', '/access/v1/search'])('%s is 404, as a problem', async (url) => {
    const reply = await office.ask('GET', url, { key: office.keys.admin });
    expect([reply.status, reply.json.code]).toEqual([404, 'no_such_route']);
    expect(reply.headers['x-request-id']).toBe(reply.json.request_id);
  });

  test('a path that is not percent-encoding is 400, as a problem', async () => {
    const reply = await office.ask('GET', '/v1/delegations/%zz', { key: office.keys.admin });
    expect([reply.status, reply.json.code]).toEqual([400, 'invalid']);
    expect(reply.headers['x-request-id']).toBe(reply.json.request_id);
  });
});

test('HEAD answers like GET, without a body', async () => {
  const reply = await office.ask('HEAD', '/healthz');
  expect([reply.status, reply.text]).toEqual([200, '']);
});

describe('--dev', () => {
  test('without a key everything is the dev caller; a wrong key is refused even so', async () => {
    await using server = openServer({ files: OFFICE, dev: true });
    expect((await server.ask('GET', '/v1/callers')).status).toBe(200);
    expect((await server.ask('GET', '/v1/callers', { key: 'wrong' })).status).toBe(401);
    const empty = await server.ask('GET', '/v1/callers', { headers: { authorization: '' } });
    expect(empty.status).toBe(401);
    const reply = await server.ask('POST', '/access/v1/evaluation', { body: asking(MAILER, 'mail') });
    expect(server.log.get(reply.json.context.id)?.caller).toBe('dev');
  });

  test('otherwise nothing but health, the configuration and the description answers without a key', async () => {
    const { paths } = (await office.ask('GET', '/openapi.json')).json;
    const open: string[] = [];
    for (const [path, methods] of Object.entries<object>(paths)) {
      for (const method of Object.keys(methods)) {
        const url = path.replaceAll(/\{\w+\}/g, 'x');
        const reply = await office.app.inject({ method: method.toUpperCase() as 'GET', url });
        if (reply.statusCode !== 401) open.push(path);
      }
    }
    expect(open.sort()).toEqual([
      '/.well-known/authzen-configuration',
      '/_cerbos/health',
      '/api/server_info',
      '/healthz',
      '/readyz',
    ]);
  });
});
