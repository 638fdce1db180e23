import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAIL, type Office, openOffice } from '../office.ts';
import { STORE_ID } from '../server-under-test.ts';

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
