import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALICE, asking, BOB, MAIL, MAILER, type Office, openOffice, Q3, READER } from '../office.ts';
import type { Reply } from '../server-under-test.ts';

const URL = '/access/v1/evaluation';
let office: Office;
let mail: string;

beforeAll(async () => {
  office = await openOffice();
  mail = await office.delegate(MAIL);
});
afterAll(() => office[Symbol.asyncDispose]());

function evaluate(body: unknown, key = office.keys.gateway, headers = {}): Promise<Reply> {
  return office.ask('POST', URL, { key, body, headers });
}

describe('answers', () => {
  test('an allow is 200 with the id of its record, one reason and the revision', async () => {
    const reply = await evaluate(asking(MAILER, 'mail'));
    expect(reply.status).toBe(200);
    const { id } = reply.json.context;
    expect(reply.json).toEqual({
      decision: true,
      context: { id, reason: 'allowed', revision: office.ledger.token() },
    });
    expect(office.log.get(id)).toMatchObject({ caller: 'gateway', enforced: true });
  });

  test('a deny is 200 as well', async () => {
    const reply = await evaluate(asking(READER, 'mail'));
    expect([reply.status, reply.json.decision]).toEqual([200, false]);
  });

  test('both delegated shapes mean the same', async () => {
    const coaz = { subject: ALICE, action: { name: 'mail' }, resource: Q3, context: { agent: MAILER } };
    const reply = await evaluate(coaz);
    expect(reply.json.decision).toBe(true);
    expect(office.log.get(reply.json.context.id)?.request).toMatchObject({
      actor: 'agent:mailer',
      origin: 'user:alice',
    });
  });

  test('a bare agent name means what the settings of its caller map it to, and nothing to others', async () => {
    const key = office.key({
      id: 'coaz',
      roles: ['check'],
      actors: ['agent:*'],
      origins: ['user:*'],
      vouches: ['user:*'],
      agents: { 'mail-client': 'agent:mailer' },
    });
    const body = { subject: ALICE, action: { name: 'mail' }, resource: Q3, context: { agent: 'mail-client' } };
    expect((await evaluate(body, key)).json.decision).toBe(true);
    expect((await evaluate(body)).status).toBe(400);
    expect((await evaluate({ ...body, context: { agent: 'toString' } }, key)).status).toBe(400);
  });

  test('unknown members are ignored', async () => {
    const body = { ...asking({ ...MAILER, nickname: 'm' }, 'mail'), verbose: true };
    expect((await evaluate(body)).json.decision).toBe(true);
  });

  test('policies see the whole context, and what it holds decides', async () => {
    expect((await evaluate(asking(MAILER, 'mail', ALICE, { night: true }))).json.decision).toBe(false);
    expect((await evaluate(asking(MAILER, 'mail', ALICE, { night: false }))).json.decision).toBe(true);
  });

  test('context.delegation pins the chain', async () => {
    expect((await evaluate(asking(MAILER, 'mail', ALICE, { delegation: mail }))).json.decision).toBe(true);
    expect((await evaluate(asking(MAILER, 'mail', ALICE, { delegation: 'dlg_none' }))).json.decision).toBe(false);
  });

  test('a name in context.chain means what the caller maps it to, and nobody otherwise', async () => {
    const { json } = await office.ask('POST', '/v1/callers', {
      key: office.keys.admin,
      body: {
        id: 'mapping-gateway',
        roles: ['check', 'audit'],
        actors: ['agent:*'],
        origins: ['user:*'],
        vouches: ['user:*'],
        agents: { 'mail-app': 'agent:mailer' },
      },
    });
    const claim = async (name: string) => {
      const body = asking(MAILER, 'mail', ALICE, { chain: ['user:alice', { name }] });
      return (await office.ask('POST', '/access/v1/evaluation', { key: json.key, body })).json;
    };
    expect(await claim('mail-app')).toMatchObject({ decision: true });
    // What a terminal or a text would take for more than a name stands there encoded.
    for (const name of ['agent:mailer', 'helper', 'a\n\u001b[2J']) {
      const { decision, context } = await claim(name);
      expect([decision, context.reason]).toEqual([false, 'claim_mismatch']);
      const { request } = office.log.get(context.id) ?? {};
      expect(request?.claimedChain?.[1]).toMatch(/^\?[\x21-\x7e]+$/);
    }
  });

  test('context.chain is compared with the graph, in both forms', async () => {
    const claim = (chain: unknown[]) => evaluate(asking(MAILER, 'mail', ALICE, { chain }));
    expect((await claim([ALICE, MAILER])).json.decision).toBe(true);
    expect((await claim(['user:alice', 'agent:mailer'])).json.decision).toBe(true);
    expect((await claim(['user:alice', 'agent:reader', 'agent:mailer'])).json).toMatchObject({
      decision: false,
      context: { reason: 'claim_mismatch' },
    });
  });

  test('context.revision: the token of an answer is satisfied, one of another history is stale, garbage is 400', async () => {
    const { revision } = (await evaluate(asking(MAILER, 'mail'))).json.context;
    expect((await evaluate(asking(MAILER, 'mail', ALICE, { revision }))).json.decision).toBe(true);
    const other = await evaluate(asking(MAILER, 'mail', ALICE, { revision: 'ffffffff-0000.1' }));
    expect(other.json).toMatchObject({ decision: false, context: { reason: 'stale' } });
    expect((await evaluate(asking(MAILER, 'mail', ALICE, { revision: 'soon' }))).status).toBe(400);
  });

  test('scope and policy version count only from callers that may assert them', async () => {
    const body = asking(MAILER, 'mail', ALICE, { scope: 'acme', policy_version: 'v2' });
    const asserting = office.key({
      id: 'scoper',
      roles: ['check'],
      actors: ['agent:*'],
      origins: ['user:*'],
      vouches: ['user:*'],
      asserts: ['scope'],
    });
    const plain = office.log.get((await evaluate(body)).json.context.id)?.request;
    const scoped = office.log.get((await evaluate(body, asserting)).json.context.id)?.request;
    expect([plain?.scope, plain?.policyVersion]).toEqual([undefined, undefined]);
    expect([scoped?.scope, scoped?.policyVersion]).toEqual(['acme', 'v2']);
  });

  test('X-Request-ID is echoed and stands in the record; a dangerous one is replaced', async () => {
    const reply = await evaluate(asking(MAILER, 'mail'), office.keys.gateway, { 'x-request-id': 'bfe9eb29-ab87' });
    expect(reply.headers['x-request-id']).toBe('bfe9eb29-ab87');
    expect(office.log.get(reply.json.context.id)?.requestId).toBe('bfe9eb29-ab87');
    const long = await evaluate(asking(MAILER, 'mail'), office.keys.gateway, { 'x-request-id': 'x'.repeat(129) });
    expect(String(long.headers['x-request-id'])).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('who may see what', () => {
  test('a caller that may see paths gets the path, all reasons and the bundle', async () => {
    const reply = await evaluate(asking(MAILER, 'print'), office.keys.auditor);
    const { context } = reply.json;
    expect(reply.json.decision).toBe(false);
    expect(context.reasons).toEqual(['not_entitled', 'not_covered']);
    expect(context.path.map((step: { kind: string }) => step.kind)).toEqual(['principal', 'edge', 'principal']);
    expect(context.path[1]).toMatchObject({ delegation: mail, not_before: '2030-01-01T12:00:00.000Z' });
    expect(context.bundle).toBe(office.ledger.bundle.digest);
  });

  test('a check-only caller learns id, reason and revision, and unknown looks like forbidden', async () => {
    const unknown = await evaluate(asking({ type: 'agent', id: 'nobody' }, 'mail'));
    const notEntitled = await evaluate(asking(MAILER, 'mail', BOB));
    const notCovered = await evaluate(asking(MAILER, 'print'));
    const noType = await evaluate(asking(MAILER, 'mail', ALICE, {}, { type: 'spaceship', id: 'x' }));
    for (const { status, json } of [unknown, notEntitled, notCovered, noType]) {
      expect(status).toBe(200);
      expect(Object.keys(json.context)).toEqual(['id', 'reason', 'revision']);
      expect([json.decision, json.context.reason]).toEqual([false, 'denied']);
    }
  });

  test('observe mode answers allow, records the deny and tells those who may know', async () => {
    const gateway = { actors: ['agent:*'], origins: ['user:*'], vouches: ['user:*'], mode: 'observe' as const };
    const key = office.key({ id: 'watching', roles: ['check'], ...gateway });
    const seeing = office.key({ id: 'watching-all', roles: ['check', 'audit'], ...gateway });
    const reply = await evaluate(asking(READER, 'mail'), key);
    expect(reply.json.decision).toBe(true);
    expect(Object.keys(reply.json.context)).toEqual(['id', 'reason', 'revision']);
    expect(office.log.get(reply.json.context.id)).toMatchObject({ enforced: true, decision: { allowed: false } });
    expect((await evaluate(asking(READER, 'mail'), seeing)).json).toMatchObject({
      decision: true,
      context: { observed: false },
    });
  });

  test('what a caller may not assert has no effect', async () => {
    const final = { ...Q3, properties: { state: 'final' } };
    const archive = { ...MAIL, name: 'archive', capabilities: [{ actions: ['archive'], resources: ['document:*'] }] };
    await office.delegate(archive);
    expect((await evaluate(asking(MAILER, 'archive', ALICE, {}, final))).json.decision).toBe(true);
    const forged = asking({ ...MAILER, properties: { roles: ['user'] } }, 'archive', {
      ...ALICE,
      properties: { roles: ['admin'] },
    });
    const reply = await evaluate(forged);
    expect(office.log.get(reply.json.context.id)?.request.asserted).toBeUndefined();
  });
});

describe('refusals', () => {
  const good = asking(MAILER, 'mail');
  test.each<[string, unknown, RegExp]>([
    ['no subject', { ...good, subject: undefined }, /subject is missing/],
    ['no action', { ...good, action: undefined }, /action is missing/],
    ['no resource', { ...good, resource: undefined }, /resource is missing/],
    ['no subject type', { ...good, subject: { id: 'mailer' } }, /subject\/type is missing/],
    ['a number for an id', { ...good, subject: { type: 'agent', id: 1 } }, /subject\/id must be string/],
    ['text for properties', { ...good, subject: { ...MAILER, properties: 'x' } }, /subject\/properties must be object/],
    ['a list for properties', { ...good, resource: { ...Q3, properties: [] } }, /resource\/properties must be object/],
    ['text for context', { ...good, context: 'x' }, /context must be object/],
    ['no action name', { ...good, action: {} }, /action\/name is missing/],
    ['an empty action', { ...good, action: { name: '' } }, /action is empty/],
    ['an action with a star', { ...good, action: { name: 'mail*' } }, /action/],
    ['an empty type', { ...good, subject: { type: '', id: 'x' } }, /subject: the type is empty/],
    ['an empty id', { ...good, resource: { type: 'document', id: '' } }, /resource: the id is empty/],
    ['an id with a star', { ...good, resource: { type: 'document', id: 'a*' } }, /resource: .*"\*"/],
    ['an id with a space', { ...good, resource: { type: 'document', id: 'a b' } }, /resource: .*U\+0020/],
    ['an id with dots', { ...good, resource: { type: 'document', id: 'a/../b' } }, /resource: .*"\.\."/],
    ['text for on_behalf_of', asking(MAILER, 'mail', ALICE, { on_behalf_of: 'user:alice' }), /context\/on_behalf_of/],
    ['half an on_behalf_of', asking(MAILER, 'mail', { type: 'user' }), /on_behalf_of\/id is missing/],
    ['a number in the chain', asking(MAILER, 'mail', ALICE, { chain: [1] }), /context\/chain\/0/],
    ['a bad name in the chain', asking(MAILER, 'mail', ALICE, { chain: ['alice'] }), /context\.chain\/0/],
    ['a number for delegation', asking(MAILER, 'mail', ALICE, { delegation: 1 }), /context\/delegation/],
    ['both shapes at once', asking(MAILER, 'mail', ALICE, { agent: READER }), /two ways/],
    ['on_behalf_of on a human', asking(ALICE, 'mail', BOB), /not of an agent type/],
    ['a human as agent', { ...good, subject: ALICE, context: { agent: BOB } }, /not of an agent type/],
    ['a human alone', { ...good, subject: ALICE, context: {} }, /without an agent/],
    ['an empty agent', { ...good, subject: ALICE, context: { agent: '' } }, /bare name ""/],
    ['no agent but null', { ...good, subject: ALICE, context: { agent: null } }, /context\/agent/],
    ['a top-level list', [good], /must be object/],
    ['null', null, /must be object/],
    ['text', 'null null', /not JSON/],
    ['half a body', '{"subject":', /not JSON/],
    ['nothing', '', /must be object/],
    ['__proto__', '{"subject":{"type":"agent","id":"mailer","properties":{"__proto__":{"a":1}}}}', /"__proto__"/],
    ['constructor', '{"context":{"constructor":{"prototype":{}}}}', /"constructor"/],
    ['__proto__, escaped', '{"context":{"\\u005f_proto__":{}}}', /"__proto__"/],
    [
      'a lone surrogate',
      '{"subject":{"type":"agent","id":"mailer"},"action":{"name":"mail"},"resource":{"type":"document","id":"q3","properties":{"a":"\\ud800"}},"context":{"on_behalf_of":{"type":"user","id":"alice"}}}',
      /surrogate/,
    ],
    ['a refused key in the context', asking(MAILER, 'mail', ALICE, { $typeName: 'x' }), /context: .*\$typeName/],
    ['too much in the context', asking(MAILER, 'mail', ALICE, { list: Array(10_001).fill(0) }), /10000 values/],
    [
      'a refused key in the action',
      { ...asking(MAILER, 'mail'), action: { name: 'mail', properties: { $typeName: 'x' } } },
      /action\.properties/,
    ],
    ['depth', `{"context":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, /nested more than 32/],
    ['100,000 brackets', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /nested more than 32/],
  ])('%s is 400 and says why', async (_what, body, message) => {
    const reply = await evaluate(body);
    expect(reply.status).toBe(400);
    expect(reply.json.error).toMatchObject({ status: 400, message: expect.stringMatching(message) });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'text/json'])(
    'the content type %s is 400',
    async (type) => {
      const reply = await evaluate(good, office.keys.gateway, { 'content-type': type });
      expect([reply.status, reply.json.error.message]).toEqual([400, expect.stringContaining('application/json')]);
    },
  );

  test.each(['application/json; charset=utf-8', 'Application/JSON'])('the content type %s is fine', async (type) => {
    expect((await evaluate(good, office.keys.gateway, { 'content-type': type })).status).toBe(200);
  });

  test('a body over the limit is 413', async () => {
    const reply = await evaluate(asking(MAILER, 'mail', ALICE, { text: 'x'.repeat(1024 * 1024) }));
    expect([reply.status, reply.json.error.status]).toEqual([413, 413]);
  });

  test.each([undefined, 'nonsense', `bhf.gateway.${'A'.repeat(43)}`])('the key %s is 401', async (key) => {
    const reply = await office.ask('POST', URL, { ...(key === undefined ? {} : { key }), body: good });
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(reply.json.error.status).toBe(401);
  });

  test('another scheme is 401', async () => {
    const reply = await office.ask('POST', URL, {
      body: good,
      headers: { authorization: `Basic ${office.keys.gateway}` },
    });
    expect(reply.status).toBe(401);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'] as const)('%s is 405', async (method) => {
    const reply = await office.ask(method, URL);
    expect([reply.status, reply.headers.allow]).toEqual([405, 'POST']);
  });

  test('who may not check, or may not name these, is 403', async () => {
    expect((await evaluate(good, office.keys.author)).status).toBe(403);
    expect((await evaluate(good, office.keys.alice)).status).toBe(403);
    expect((await evaluate(asking(READER, 'mail'), office.keys.mailer)).status).toBe(403);
    expect((await evaluate(good, office.keys.mailer)).status).toBe(200);
  });

  test('no refusal leaves a record', async () => {
    const before = office.log.list({}, { limit: 1 }).records[0]?.id;
    await evaluate({});
    await evaluate(good, office.keys.author);
    await evaluate(good, 'nonsense');
    expect(office.log.list({}, { limit: 1 }).records[0]?.id).toBe(before);
  });
});

test('only a direct caller may ask for a human alone', async () => {
  const key = office.key({ id: 'portal', roles: ['check'], origins: ['user:*'], direct: true });
  const alone = { subject: ALICE, action: { name: 'mail' }, resource: Q3 };
  expect((await evaluate(alone, key)).json.decision).toBe(true);
  expect((await evaluate({ ...alone, subject: BOB }, key)).json.decision).toBe(false);
});
