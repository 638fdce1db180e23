import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Office, openOffice } from './office.ts';
import { STORE_ID } from './server-under-test.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice({ dev: true });
});
afterAll(() => office[Symbol.asyncDispose]());

/** A body of each door in which one text and one number can be put, and whether its numbers are doubles. */
const DOORS: readonly (readonly [url: string, body: (text: string, number: string) => string, doubles: boolean])[] = [
  [
    '/access/v1/evaluation',
    (id, n) =>
      `{"subject":{"type":"user","id":"${id}"},"action":{"name":"read"},"resource":{"type":"document","id":"q3","properties":{"n":${n}}}}`,
    false,
  ],
  [
    '/api/check/resources',
    (id, n) =>
      `{"requestId":"r","principal":{"id":"${id}","roles":["user"]},"resources":[{"actions":["read"],"resource":{"kind":"document","id":"q3","attr":{"n":${n}}}}]}`,
    true,
  ],
  [
    `/stores/${STORE_ID}/check`,
    (id, n) => `{"tuple_key":{"user":"user:${id}","relation":"viewer","object":"document:q3"},"context":{"n":${n}}}`,
    false,
  ],
  ['/v1/explain', (id, n) => DOORS[0]?.[1](id, n) ?? '', false],
];

async function post(url: string, payload: string | Buffer, type = 'application/json') {
  const { statusCode, body } = await office.app.inject({
    method: 'POST',
    url,
    payload,
    headers: { 'content-type': type },
  });
  return { status: statusCode, body };
}

describe.each(DOORS)('%s', (url, body, doubles) => {
  test('reads what everybody would read', async () => {
    expect((await post(url, body('müller', '9007199254740991'))).status).toBe(200);
    for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'us-ascii']) {
      expect((await post(url, body('a', '1'), `application/json; charset=${charset}`)).status).toBe(200);
    }
  });

  test('takes no body that could be read otherwise, and says where', async () => {
    const twice = await post(url, body('a', '{"amount":90000,"amount":1}'));
    expect(twice).toMatchObject({ status: 400, body: expect.stringContaining('column') });
    const latin1 = await post(url, Buffer.from(body('m\xfcller', '1'), 'latin1'));
    expect(latin1).toMatchObject({ status: 400, body: expect.stringContaining('UTF-8') });
    const utf16 = await post(url, Buffer.from(body('a', '1'), 'utf16le'), 'application/json; charset=utf-16');
    expect(utf16).toMatchObject({ status: 400, body: expect.stringContaining('utf-16') });
    expect((await post(url, body('a', '"\\ud800"'))).status).toBe(400);
    expect((await post(url, body('a', '1e400'))).status).toBe(400);
    expect((await post(url, body('a', '9007199254740993'))).status).toBe(doubles ? 200 : 400);
  });
});

test('a member in snake case beside the same in camel case is there twice', async () => {
  const [url = '', body] = DOORS[1] ?? [];
  const both = body?.('a', '1').replace('"requestId":"r"', '"requestId":"r","request_id":"s"') ?? '';
  expect(await post(url, both)).toMatchObject({ status: 400, body: expect.stringContaining('two spellings') });
});

test('a query is UTF-8', async () => {
  const get = async (url: string) => (await office.app.inject({ method: 'GET', url })).statusCode;
  expect(await get('/v1/decisions?resource=document:%C3%BC')).toBe(200);
  expect(await get('/v1/decisions?resource=document:%F6')).toBe(400);
});
