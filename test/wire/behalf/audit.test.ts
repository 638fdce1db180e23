import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/audit/checkpoints/checkpoint.ts';
import { verifyRecordProof } from '../../../src/audit/checkpoints/record-proof.ts';
import { parsePublicKey } from '../../../src/audit/checkpoints/signing-key.ts';
import { isConsistent } from '../../../src/audit/tree/consistency.ts';
import { asking, MAIL, MAILER, type Office, openOffice, READER } from '../office.ts';

let office: Office;
const ids: string[] = [];

beforeAll(async () => {
  office = await openOffice();
  await office.delegate(MAIL);
  for (let n = 0; n < 5; n += 1) await decide();
});
afterAll(() => office[Symbol.asyncDispose]());

async function decide(): Promise<void> {
  const body = ids.length === 1 ? asking(READER, 'read') : asking(MAILER, 'mail');
  const reply = await office.ask('POST', '/access/v1/evaluation', { key: office.keys.gateway, body });
  ids.push(reply.json.context.id);
}

const get = (path: string, headers = {}) => office.ask('GET', path, { key: office.keys.auditor, headers });

async function publicKey() {
  const { json } = await get('/v1/audit/checkpoint', { accept: 'application/json' });
  const key = parsePublicKey(json.public_key);
  if (!key.ok) throw new Error(key.error);
  return key.value;
}

describe('a checkpoint', () => {
  test('is a signed note of everything until now', async () => {
    const reply = await get('/v1/audit/checkpoint');
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
    const opened = openCheckpoint(reply.text, await publicKey());
    expect(opened).toMatchObject({ ok: true, value: { node: 'test', size: ids.length } });
    await decide();
    const next = openCheckpoint((await get('/v1/audit/checkpoint')).text, await publicKey());
    expect(next).toMatchObject({ ok: true, value: { size: ids.length } });
  });

  test('is the same as long as nothing is new', async () => {
    const { text } = await get('/v1/audit/checkpoint');
    office.clock.now += 60_000;
    expect((await get('/v1/audit/checkpoint')).text).toBe(text);
  });

  test('is told as JSON to whoever likes that best', async () => {
    const { json, headers } = await get('/v1/audit/checkpoint', { accept: 'application/json' });
    const opened = openCheckpoint(json.note, await publicKey());
    if (!opened.ok) throw new Error(opened.error);
    const { node, size, root, last, at } = opened.value;
    expect(json).toMatchObject({ node, size, root, last, time: new Date(at).toISOString() });
    expect(headers.vary).toContain('Accept');
  });
});

describe('the proof of a decision', () => {
  test('shows the record to whoever has the public key, with the path that it refers to', async () => {
    const key = await publicKey();
    for (const [index, id] of ids.entries()) {
      const { json } = await get(`/v1/decisions/${id}/proof`);
      expect(json.record.index).toBe(index);
      const proven = verifyRecordProof(json, key);
      const told = (await get(`/v1/decisions/${id}`)).json;
      if (!proven.ok) throw new Error(proven.error);
      expect(proven.value.record.hash).toBe(told.hash ?? told.sha256);
      expect(proven.value.record.decision.chain?.steps).toHaveLength(told.chain?.steps.length ?? 0);
    }
    const { json } = await get(`/v1/decisions/${ids[2]}/proof`);
    expect(json.references.map(({ index }: { index: number }) => index)).toEqual([0]);
  });

  test('of one that was decided just now makes a checkpoint that covers it', async () => {
    await decide();
    const { json } = await get(`/v1/decisions/${ids.at(-1)}/proof`);
    expect(verifyRecordProof(json, await publicKey())).toMatchObject({
      ok: true,
      value: { checkpoint: { size: ids.length } },
    });
  });

  test.each(['d_none', 'd_00000000zz_test', 'd_0000000001_other', '%2e%2e%2fkey'])(
    'there is none of %s: 404',
    async (id) => {
      const reply = await get(`/v1/decisions/${id}/proof`);
      expect([reply.status, reply.json.code]).toEqual([404, 'not_found']);
    },
  );
});

describe('consistency', () => {
  test('shows that the log of now goes on from the log of then', async () => {
    for (const [from, to] of [
      [0, 3],
      [1, 2],
      [3, 5],
      [4, 4],
    ] as const) {
      const { json } = await get(`/v1/audit/consistency?from=${from}&to=${to}`);
      expect(isConsistent(json.from, json.to, json.path)).toBe(true);
      expect([json.from.size, json.to.size]).toEqual([from, to]);
    }
    const { json } = await get('/v1/audit/consistency?from=2');
    const checkpoint = (await get('/v1/audit/checkpoint', { accept: 'application/json' })).json;
    expect(json.to).toEqual({ size: checkpoint.size, root: checkpoint.root });
  });

  test.each([
    ['from=4&to=3', 'from must not be above 3'],
    ['from=1&to=1000', /^to must not be above \d+: the log has so many records$/],
    ['from=1000', /^from must not be above \d+$/],
    ['from=-1', /from/],
    ['to=2', /from/],
    ['from=x', /from/],
    ['from=1&size=2', /size/],
  ])('%s is 400', async (query, message) => {
    const reply = await get(`/v1/audit/consistency?${query}`);
    expect([reply.status, reply.json.code]).toEqual([400, 'invalid']);
    expect(reply.json.detail).toMatch(message);
  });
});

test.each(['gateway', 'author', 'alice'] as const)('%s may not ask for any of it', async (key) => {
  for (const path of ['/v1/audit/checkpoint', '/v1/audit/consistency?from=0', `/v1/decisions/${ids[0]}/proof`]) {
    expect((await office.ask('GET', path, { key: office.keys[key] })).status).toBe(403);
  }
});
