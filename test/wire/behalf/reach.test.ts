import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAIL, type Office, openOffice } from '../office.ts';
import { type Reply, STORE_ID } from '../server-under-test.ts';

let office: Office;
let mail: string;
let reading: string;
beforeEach(async () => {
  office = await openOffice();
  mail = await office.delegate(MAIL);
  reading = await office.delegate({
    name: 'reading',
    parent: mail,
    to: 'agent:reader',
    capabilities: [{ actions: ['read'], resources: ['document:q3'] }],
  });
});
afterEach(() => office[Symbol.asyncDispose]());

const reach = (query: string, key = office.keys.auditor) => office.ask('GET', `/v1/reach?${query}`, { key });

test('what an agent reaches for somebody, and by which delegations', async () => {
  const reply = await reach('actor=agent:reader&origin=user:alice');
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({
    reached: [
      {
        origin: 'user:alice',
        actor: 'agent:reader',
        action: 'read',
        resource: 'document:q3',
        chains: [
          {
            path: ['user:alice', 'agent:mailer', 'agent:reader'],
            delegations: [
              { id: mail, name: 'mail for alice' },
              { id: reading, name: 'reading' },
            ],
          },
        ],
      },
    ],
    revision: office.ledger.token(),
    at: '2030-01-01T12:00:00.000Z',
  });
});

describe('of the past', () => {
  const HOUR = 3_600_000;
  const pairs = (reply: Reply): readonly string[] =>
    reply.json.reached.map(({ origin, actor }: { origin: string; actor: string }) => `${origin} ${actor}`);
  let before: string;
  beforeEach(async () => {
    before = office.ledger.token();
    office.clock.now += HOUR;
    await office.ask('POST', `/v1/delegations/${mail}/revoke`, { key: office.keys.admin, body: { reason: 'over' } });
    office.clock.now += HOUR;
    const dropped = { user: 'group:finance#member', relation: 'viewer', object: 'document:q3' };
    await office.ask('POST', `/stores/${STORE_ID}/write`, {
      key: office.keys.author,
      body: { deletes: { tuple_keys: [dropped] } },
    });
    office.clock.now += HOUR;
  });

  test.each([
    [
      '2030-01-01T12:30:00Z',
      ['user:alice agent:mailer', 'user:alice agent:reader', 'user:alice user:alice', 'user:bob user:bob'],
    ],
    [
      '2030-01-01T12:59:59.999Z',
      ['user:alice agent:mailer', 'user:alice agent:reader', 'user:alice user:alice', 'user:bob user:bob'],
    ],
    ['2030-01-01T13:00:00Z', ['user:alice user:alice', 'user:bob user:bob']],
    ['2030-01-01T15:30:00+01:00', ['user:alice user:alice']],
    ['2030-01-01T11:00:00Z', []],
  ])('who could reach it at %s', async (at, expected) => {
    const reply = await reach(`resource=document:q3&action=read&at=${encodeURIComponent(at)}`);
    expect(pairs(reply)).toEqual(expected);
    expect(reply.json.at).toBe(new Date(at).toISOString());
  });

  test('at a revision, when it was made', async () => {
    const reply = await reach(`resource=document:q3&action=read&revision=${before}`);
    expect(pairs(reply)).toEqual([
      'user:alice agent:mailer',
      'user:alice agent:reader',
      'user:alice user:alice',
      'user:bob user:bob',
    ]);
    expect(reply.json).toMatchObject({ revision: before, at: '2030-01-01T12:00:00.000Z' });
    const latest = await reach(`resource=document:q3&action=read&revision=${office.ledger.token()}`);
    expect(latest.json).toEqual((await reach('resource=document:q3&action=read')).json);
    expect(pairs(await reach(`resource=document:q3&action=read&revision=${before.replace(/\d+$/, '0')}`))).toEqual([]);
  });

  test('what time decides is decided by that time', async () => {
    office.clock.now = Date.parse('2030-01-02T00:00:00Z');
    await office.delegate({ ...MAIL, to: 'agent:payer', expires_at: '2030-01-02T00:00:10Z' });
    office.clock.now = Date.parse('2030-01-03T00:00:00Z');
    const at = async (time: string) =>
      (await reach(`actor=agent:payer&origin=user:alice&at=${time}`)).json.reached.length;
    expect([await at('2030-01-02T00:00:09.999Z'), await at('2030-01-02T00:00:10Z')]).toEqual([2, 0]);
  });

  test('pages go on at the same time, however long ago it is, and whatever is written meanwhile', async () => {
    const question = 'resource=document:q3&action=read&at=2030-01-01T12:30:00Z';
    const all = pairs(await reach(question));
    const found: string[] = [];
    for (let after = ''; ; ) {
      const reply = await reach(`${question}&limit=1${after}`);
      found.push(...pairs(reply));
      expect(reply.json).toMatchObject({ revision: before, at: '2030-01-01T12:30:00.000Z' });
      if (reply.json.next === undefined) break;
      after = `&after=${reply.json.next}`;
      await office.delegate({ ...MAIL, to: 'agent:other', from: 'user:bob' });
    }
    expect(found).toEqual(all);
    const { next } = (await reach(`${question}&limit=1`)).json;
    const other = await reach(`resource=document:q3&action=read&limit=1&after=${next}`);
    expect([other.status, other.json.detail]).toEqual([400, expect.stringContaining('something else')]);
    office.clock.now += 16 * 60_000;
    expect((await reach(`${question}&limit=1&after=${next}`)).json.detail).toContain('older than 15 minutes');
  });

  test.each([
    ['at=2030-02-30T00:00:00Z', 'no time'],
    ['at=yesterday', 'no time'],
    ['at=2031-01-01T00:00:00Z', 'has not come yet'],
    ['revision=1', 'is no revision of this store'],
    ['revision=0f8a2a3e-0000-4000-8000-000000000000.1', 'is no revision of this store'],
  ])('refuses "%s"', async (when, words) => {
    const reply = await reach(`resource=document:q3&action=read&${when}`);
    expect([reply.status, reply.json.detail]).toEqual([400, expect.stringContaining(words)]);
  });

  test('refuses a revision that is not there yet, and both at once', async () => {
    const later = office.ledger.token(office.ledger.revision + 1);
    expect((await reach(`resource=document:q3&action=read&revision=${later}`)).json.detail).toContain('no revision');
    const both = await reach(`resource=document:q3&action=read&at=2030-01-01T12:30:00Z&revision=${before}`);
    expect([both.status, both.json.detail]).toEqual([400, expect.stringContaining('not for both')]);
  });
});

test('every chain that carries it is told, the one that a check reports first', async () => {
  const second = await office.delegate({ ...MAIL, name: 'again', capabilities: MAIL.capabilities });
  const reply = await reach('actor=agent:mailer&origin=user:alice&type=document&action=mail');
  const [reached] = reply.json.reached;
  const chains = reached.chains.map((one: { delegations: { id: string }[] }) => one.delegations.map(({ id }) => id));
  expect(chains).toEqual([[mail], [second]]);
  expect(reply.json.reached).toHaveLength(1);
});

test('who reaches a resource: people themselves, and agents for them', async () => {
  const reply = await reach('resource=document:q3&action=read');
  const pairs = reply.json.reached.map(({ origin, actor }: { origin: string; actor: string }) => [origin, actor]);
  expect(pairs).toEqual([
    ['user:alice', 'agent:mailer'],
    ['user:alice', 'agent:reader'],
    ['user:alice', 'user:alice'],
    ['user:bob', 'user:bob'],
  ]);
  expect(reply.json.reached.at(-1).chains).toEqual([{ path: ['user:bob'], delegations: [] }]);
});

test('a template reaches for every member of its set', async () => {
  await office.delegate({
    from: 'group:finance#member',
    to: 'agent:scribe',
    capabilities: [{ actions: ['read'], resources: ['document:*'] }],
  });
  const found = async (): Promise<unknown[]> =>
    (await reach('resource=document:q3&action=read')).json.reached.map(
      ({ origin, actor }: { origin: string; actor: string }) => `${origin} ${actor}`,
    );
  expect(await found()).toContain('user:bob agent:scribe');
  await office.ask('POST', `/stores/${STORE_ID}/write`, {
    key: office.keys.author,
    body: { deletes: { tuple_keys: [{ user: 'user:bob', relation: 'member', object: 'group:finance' }] } },
  });
  expect(await found()).not.toContain('user:bob agent:scribe');
});

test('what is over is not reached', async () => {
  await office.ask('POST', `/v1/delegations/${mail}/revoke`, { key: office.keys.admin, body: { reason: 'over' } });
  expect((await reach('actor=agent:reader&origin=user:alice')).json.reached).toEqual([]);
});

test('weaker proof of the origin reaches less', async () => {
  await office.delegate({ ...MAIL, name: 'strict', to: 'agent:payer', proof: 'verified' });
  const count = async (proof: string): Promise<number> =>
    (await reach(`actor=agent:payer&origin=user:alice${proof}`)).json.reached.length;
  expect([await count(''), await count('&proof=verified'), await count('&proof=vouched')]).toEqual([2, 2, 0]);
});

describe('what depends on attributes that are left open', () => {
  const reached = async (query: string) =>
    (await reach(`resource=document:q3&action=read${query}`)).json.reached
      .filter(({ actor }: { actor: string }) => actor === 'agent:payer')
      .map(({ chains }: { chains: { depends?: true }[] }) => chains.map(({ depends }) => depends === true));
  const bounded = { ...MAIL, to: 'agent:payer', condition: 'R.attr.args.amount <= 1000.0' };

  test('is told, and not reached otherwise', async () => {
    await office.delegate(bounded);
    expect(await reached('')).toEqual([]);
    expect(await reached('&open_attributes=page')).toEqual([]);
    expect(await reached('&open_attributes=page,args')).toEqual([[true]]);
  });

  test('a chain that carries it whatever they are comes first', async () => {
    await office.delegate(bounded);
    await office.delegate({ ...MAIL, to: 'agent:payer' });
    expect(await reached('')).toEqual([[false]]);
    expect(await reached('&open_attributes=args')).toEqual([[false, true]]);
  });

  test('what no value would allow is not reached', async () => {
    await office.delegate({ ...MAIL, to: 'agent:payer', condition: 'R.attr.args.amount <= 1000.0 && false' });
    expect(await reached('&open_attributes=args')).toEqual([]);
  });

  test('what an agent reaches is asked in the same way', async () => {
    await office.delegate(bounded);
    const of = async (query: string) => (await reach(`actor=agent:payer&origin=user:alice${query}`)).json.reached;
    expect(await of('')).toEqual([]);
    expect((await of('&open_attributes=args'))[0]).toMatchObject({
      resource: 'document:q3',
      chains: [{ depends: true }],
    });
  });

  test.each([
    ['args,', 'a name is empty'],
    [Array.from({ length: 65 }, (_, index) => `a${index}`).join(), '65 names; at most 64'],
  ])('%j is refused', async (names, said) => {
    const reply = await reach(`resource=document:q3&action=read&open_attributes=${names}`);
    expect([reply.status, reply.json.detail]).toEqual([400, expect.stringContaining(said)]);
  });
});

test('pages are bounded, complete and bound to the question', async () => {
  const all = (await reach('resource=document:q3&action=read')).json.reached;
  const found: unknown[] = [];
  let query = 'resource=document:q3&action=read&limit=1';
  for (let page = 0; page < 10; page++) {
    const { json } = await reach(query);
    expect(json.reached.length).toBeLessThanOrEqual(1);
    found.push(...json.reached);
    if (json.next === undefined) break;
    query = `resource=document:q3&action=read&limit=1&after=${json.next}`;
  }
  expect(found).toEqual(all);
  const { next } = (await reach('resource=document:q3&action=read&limit=1')).json;
  const other = await reach(`resource=document:q3&action=mail&after=${next}`);
  expect([other.status, other.json.detail]).toEqual([400, expect.stringContaining('something else')]);
  const stranger = await reach(`resource=document:q3&action=read&after=${next}`, office.keys.admin);
  expect([stranger.status, stranger.json.detail]).toEqual([400, expect.stringContaining('another caller')]);
});

test('only for whoever may see all paths', async () => {
  for (const key of [office.keys.gateway, office.keys.alice, office.keys.author]) {
    expect((await reach('resource=document:q3&action=read', key)).status).toBe(403);
  }
  expect((await office.ask('GET', '/v1/reach?resource=document:q3&action=read')).status).toBe(401);
});

test.each([
  ['', 'one of the two questions'],
  ['resource=document:q3', 'one of the two questions'],
  ['actor=agent:a&resource=document:q3&action=read', 'one of the two questions'],
  ['origin=user:alice&action=read', 'one of the two questions'],
  ['actor=mailer', 'type:id'],
  ['actor=agent:a&type=x:y', 'the type'],
  ['resource=document:q3&action=', 'action'],
  ['actor=agent:a&proof=none', 'proof must be one of'],
  ['actor=agent:a&limit=0', 'limit'],
  ['actor=agent:a&depth=3', 'depth is unknown here'],
])('refuses "%s"', async (query, words) => {
  const reply = await reach(query);
  expect([reply.status, reply.json.detail]).toEqual([400, expect.stringContaining(words)]);
});
