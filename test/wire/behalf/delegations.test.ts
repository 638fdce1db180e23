import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAIL, type Office, openOffice } from '../office.ts';

const URL = '/v1/delegations';
let office: Office;
let mail: string;

beforeAll(async () => {
  office = await openOffice();
  mail = await office.delegate({ ...MAIL, expires_at: '2030-02-01T00:00:00Z' });
});
afterAll(() => office[Symbol.asyncDispose]());

const CAN_READ = [{ actions: ['read'], resources: ['document:q3'] }];

/** Asks, and sees to it that what is refused changes nothing. */
async function refused(body: unknown, key = office.keys.admin, headers = {}) {
  const before = office.ledger.revision;
  const reply = await office.ask('POST', URL, { key, body, headers });
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(office.ledger.revision).toBe(before);
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(reply.json).toMatchObject({
    type: `urn:behalf:problem:${reply.json.code}`,
    status: reply.status,
    title: expect.stringMatching(/./),
    detail: expect.stringMatching(/./),
    request_id: reply.headers['x-request-id'],
  });
  return reply;
}

describe('making', () => {
  test('a root by its delegator: 201 with the whole view, the revision also in the header', async () => {
    const reply = await office.ask('POST', URL, {
      key: office.keys.alice,
      body: {
        name: 'read q3',
        from: 'user:alice',
        to: 'agent:reader',
        capabilities: [{ actions: ['read'], resources: ['document:q3'], condition: 'request.context.calm' }],
        condition: 'true',
        proof: 'asserted',
        activation: 'session',
        not_before: '2030-01-02T00:00:00+01:00',
        expires_at: '2030-03-01T00:00:00.5Z',
        max_session: 60,
        max_depth: 2,
        onward_to: ['agent:*'],
      },
    });
    expect(reply.status).toBe(201);
    const { delegation, revision } = reply.json;
    expect(reply.headers['behalf-revision']).toBe(revision);
    expect(reply.headers.location).toBe(`${URL}/${delegation.id}`);
    expect(revision).toBe(office.ledger.token());
    expect(delegation).toMatchObject({
      name: 'read q3',
      from: 'user:alice',
      to: 'agent:reader',
      proof: 'asserted',
      activation: 'session',
      not_before: '2030-01-01T23:00:00.000Z',
      expires_at: '2030-03-01T00:00:00.500Z',
      created_at: '2030-01-01T12:00:00.000Z',
      created_by: 'alice',
      basis: 'person',
      state: 'not_yet_valid',
      withdrawn: [],
      activations: [],
      children: [],
      revision,
    });
    expect(delegation.chain.map(({ id }: { id: string }) => id)).toEqual([delegation.id]);
  });

  test('a child by the holder of its parent', async () => {
    const body = { parent: mail, to: 'agent:reader', capabilities: CAN_READ };
    const reply = await office.ask('POST', URL, { key: office.keys.mailer, body });
    expect(reply.status).toBe(201);
    const { delegation } = reply.json;
    expect(delegation).toMatchObject({ parent: mail, from: 'agent:mailer', expires_at: '2030-02-01T00:00:00.000Z' });
    expect(delegation.chain.map(({ id }: { id: string }) => id)).toEqual([mail, delegation.id]);
    const parent = await office.ask('GET', `${URL}/${mail}`, { key: office.keys.admin });
    expect(parent.json.children).toEqual([delegation.id]);
  });

  test('a template by an administrator', async () => {
    const body = { from: 'group:finance#member', to: 'agent:mailer', capabilities: CAN_READ };
    const reply = await office.ask('POST', URL, { key: office.keys.admin, body });
    expect([reply.status, reply.json.delegation.basis]).toEqual([201, 'organisation']);
  });
});

describe('who may', () => {
  const root = { from: 'user:alice', to: 'agent:reader', capabilities: CAN_READ };
  test.each<[string, keyof Office['keys'], object, number]>([
    ['another person', 'bob', root, 403],
    ['the holder, for the delegator', 'mailer', root, 403],
    ['an author', 'author', root, 403],
    ['an auditor', 'auditor', root, 403],
    ['a gateway', 'gateway', root, 403],
    ['a person, a template', 'bob', { ...root, from: 'group:finance#member' }, 403],
    ['a person, a template for everybody', 'alice', { ...root, from: 'user:*' }, 403],
  ])('not %s', async (_who, key, body, status) => {
    expect((await refused(body, office.keys[key])).status).toBe(status);
  });

  test('a parent that the caller may not know of looks like one that does not exist', async () => {
    const child = { to: 'agent:reader', capabilities: CAN_READ };
    const hidden = await refused({ ...child, parent: mail }, office.keys.bob);
    const none = await refused({ ...child, parent: 'dlg_none' }, office.keys.bob);
    expect(hidden.json.detail.replaceAll(mail, 'X')).toBe(none.json.detail.replaceAll('dlg_none', 'X'));
    expect([hidden.status, none.status]).toEqual([422, 422]);
  });

  test('the delegator up the chain does not hand on what it gave away', async () => {
    const reply = await refused({ parent: mail, to: 'agent:reader', capabilities: CAN_READ }, office.keys.alice);
    expect(reply.status).toBe(403);
  });
});

describe('wider than its parent: 422 that names what exceeds what', () => {
  test.each<[string, object, RegExp]>([
    ['an action', { capabilities: [{ actions: ['archive'], resources: ['document:q3'] }] }, /capabilities/],
    ['every action', { capabilities: [{ actions: ['*'], resources: ['document:q3'] }] }, /capabilities/],
    ['a resource', { capabilities: [{ actions: ['read'], resources: ['group:finance'] }] }, /capabilities/],
    ['a longer window', { expires_at: '2030-02-01T00:00:00.001Z' }, /expires_at/],
    ['an earlier start', { not_before: '2029-12-01T00:00:00Z' }, /not_before/],
    ['more depth', { max_depth: 1 }, /max_depth/],
    ['weaker proof', { proof: 'asserted' }, /proof/],
    ['another origin', { origin: 'user:bob' }, /origin/],
    ['another delegator', { from: 'user:bob' }, /from/],
  ])('%s', async (_what, more, field) => {
    const reply = await refused({ parent: mail, to: 'agent:third', capabilities: CAN_READ, ...more });
    expect([reply.status, reply.json.code]).toEqual([422, 'exceeds_parent']);
    const [first] = reply.json.errors;
    expect(first.field).toMatch(field);
    expect([typeof first.asked, typeof first.allowed]).toEqual(['string', 'string']);
    expect(reply.json.detail).toContain(mail);
  });
});

describe('parents that are over', () => {
  test('an expired one', async () => {
    const short = await office.delegate({ ...MAIL, expires_at: '2030-01-01T12:00:01Z' });
    office.clock.now += 1000;
    const reply = await refused({ parent: short, to: 'agent:reader', capabilities: CAN_READ });
    expect([reply.status, reply.json.detail]).toEqual([422, expect.stringContaining('expired at 2030-01-01T12:00:01')]);
  });

  test('a revoked one', async () => {
    const dead = await office.delegate(MAIL);
    const body = { reason: 'over' };
    await office.ask('POST', `${URL}/${dead}/revoke`, { key: office.keys.admin, body });
    const reply = await refused({ parent: dead, to: 'agent:reader', capabilities: CAN_READ });
    expect([reply.status, reply.json.detail]).toEqual([422, expect.stringContaining('revoked')]);
  });
});

describe('what cannot be', () => {
  const good = { from: 'user:alice', to: 'agent:reader', capabilities: CAN_READ };
  const covering = (resource: string, action = 'read') => ({
    capabilities: [{ actions: [action], resources: [resource] }],
  });
  test.each<[string, object, string]>([
    ['a delegator without a type', { from: 'alice' }, 'from'],
    ['a holder with a star', { to: 'agent:*' }, 'to'],
    ['a holder of no known type', { to: 'robot:r2' }, 'to'],
    ['an id with a space', { to: 'agent:a b' }, 'to'],
    ['an id with ..', { to: 'agent:a/../b' }, 'to'],
    ['an id that is not NFC', { to: 'agent:e\u0301' }, 'to'],
    ['a delegation to itself', { to: 'user:alice' }, 'to'],
    ['a bare star for resources', covering('*'), 'capabilities/0/resources/0'],
    ['a star in the middle of a name', covering('document:q*'), 'capabilities/0/resources/0'],
    ['a star before the end', covering('document:*/x'), 'capabilities/0/resources/0'],
    ['an unknown resource type', covering('spaceship:x'), 'capabilities/0/resources/0'],
    ['an action with a star in it', covering('document:q3', 're*'), 'capabilities/0/actions/0'],
    ['no capabilities', { capabilities: [] }, 'capabilities'],
    ['no actions', { capabilities: [{ actions: [], resources: ['document:q3'] }] }, 'capabilities/0/actions'],
    ['a condition that does not parse', { condition: 'request.context.x >' }, 'condition'],
    ['a window in the past', { expires_at: '2029-12-31T00:00:00Z' }, 'expires_at'],
    ['an inverted window', { not_before: '2030-02-02T00:00:00Z', expires_at: '2030-02-01T00:00:00Z' }, 'not_before'],
    ['an empty window', { not_before: '2030-02-01T00:00:00Z', expires_at: '2030-02-01T00:00:00Z' }, 'not_before'],
    ['a negative depth', { max_depth: -1 }, 'max_depth'],
    ['endless depth', { max_depth: 1000 }, 'max_depth'],
    ['a session without end', { activation: 'session', max_session: 10 ** 9 }, 'max_session'],
    ['sessions of a standing one', { activation: 'standing', max_session: 60 }, 'max_session'],
    ['a set of an unknown relation', { from: 'group:finance#boss' }, 'from'],
    ['a name with a line break', { name: 'a\nb' }, 'name'],
  ])('%s is 422 and names the field', async (_what, more, field) => {
    const reply = await refused({ ...good, ...more });
    expect(reply.status).toBe(422);
    expect(reply.json.errors.map((error: { field: string }) => error.field)).toContain(field);
  });
});

describe('what is malformed', () => {
  const good = { from: 'user:alice', to: 'agent:reader', capabilities: CAN_READ };
  test.each<[string, unknown, string]>([
    ['a misspelt bound', { ...good, expire_at: '2030-02-01T00:00:00Z' }, 'expire_at'],
    [
      'a misspelt member of a capability',
      { ...good, capabilities: [{ ...CAN_READ[0], when: 'true' }] },
      'capabilities/0/when',
    ],
    ['no holder', { from: 'user:alice', capabilities: CAN_READ }, 'to'],
    ['no capabilities', { from: 'user:alice', to: 'agent:reader' }, 'capabilities'],
    ['a number for the holder', { ...good, to: 7 }, 'to'],
    [
      'text for a list',
      { ...good, capabilities: [{ actions: 'read', resources: ['document:q3'] }] },
      'capabilities/0/actions',
    ],
    ['half a depth', { ...good, max_depth: 0.5 }, 'max_depth'],
    ['text for a depth', { ...good, max_depth: '1' }, 'max_depth'],
    ['an unknown proof', { ...good, proof: 'sworn' }, 'proof'],
    ['a date for a time', { ...good, expires_at: '2030-02-01' }, 'expires_at'],
    ['the 30th of February', { ...good, expires_at: '2030-02-30T00:00:00Z' }, 'expires_at'],
    ['a time without a zone', { ...good, not_before: '2030-02-01T00:00:00' }, 'not_before'],
    ['a number for a time', { ...good, expires_at: 1893456000 }, 'expires_at'],
    ['null for a time', { ...good, expires_at: null }, 'expires_at'],
  ])('%s is 400 and names the field', async (_what, body, field) => {
    const reply = await refused(body);
    expect([reply.status, reply.json.code]).toEqual([400, 'invalid']);
    expect(reply.json.errors.map((error: { field: string }) => error.field)).toEqual([field]);
  });

  test('what is malformed is said all at once', async () => {
    const reply = await refused({ to: 7, max_depth: 'x', expires: 1 });
    expect(reply.json.errors.map((error: { field: string }) => error.field).sort()).toEqual([
      'capabilities',
      'expires',
      'max_depth',
      'to',
    ]);
  });

  test('bodies that are no JSON, too deep, too large, or poisoned', async () => {
    expect((await refused('{"from":')).status).toBe(400);
    expect((await refused('')).status).toBe(400);
    expect((await refused('[]')).status).toBe(400);
    expect((await refused(`${'['.repeat(5000)}${']'.repeat(5000)}`)).json.detail).toContain('nested');
    expect((await refused('{"__proto__":{"to":"agent:x"}}')).json.detail).toContain('"__proto__"');
    expect((await refused('{"constructor":{}}')).json.detail).toContain('"constructor"');
    const large = await refused({ ...good, name: 'x'.repeat(1024 * 1024) });
    expect([large.status, large.json.code]).toEqual([413, 'limit_exceeded']);
    const text = await refused(JSON.stringify(good), office.keys.admin, { 'content-type': 'text/plain' });
    expect([text.status, text.json.code]).toEqual([415, 'unsupported_media_type']);
  });

  test('no key or a wrong one is 401', async () => {
    const reply = await refused(good, 'wrong');
    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
  });
});

describe('Idempotency-Key', () => {
  const body = { ...MAIL, name: 'once' };
  const headers = { 'idempotency-key': 'k-1' };
  const post = (sent: unknown, key: string, url = URL) => office.ask('POST', url, { key, body: sent, headers });

  test('the same key and body get the same answer, without doing it again', async () => {
    const first = await post(body, office.keys.admin);
    const { revision } = office.ledger;
    const again = await post(body, office.keys.admin);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
    expect(office.ledger.revision).toBe(revision);
  });

  test('another body, or another route, under the same key is refused', async () => {
    expect((await refused({ ...body, name: 'twice' }, office.keys.admin, headers)).json.code).toBe(
      'idempotency_mismatch',
    );
    const other = await post({ reason: 'x' }, office.keys.admin, `${URL}/${mail}/revoke`);
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_mismatch']);
  });

  test('another caller has keys of its own', async () => {
    const reply = await post({ ...body, to: 'agent:reader' }, office.keys.alice);
    expect(reply.status).toBe(201);
  });

  test('a key that is none is refused', async () => {
    expect((await refused(body, office.keys.admin, { 'idempotency-key': 'a b' })).status).toBe(400);
    expect((await refused(body, office.keys.admin, { 'idempotency-key': 'x'.repeat(129) })).status).toBe(400);
  });
});

describe('reading', () => {
  test.each<[keyof Office['keys'], number]>([
    ['admin', 200],
    ['auditor', 200],
    ['alice', 200],
    ['mailer', 200],
    ['bob', 404],
    ['gateway', 404],
    ['author', 404],
  ])('by %s: %i', async (key, status) => {
    expect((await office.ask('GET', `${URL}/${mail}`, { key: office.keys[key] })).status).toBe(status);
  });

  test('what the caller may not know of looks like what does not exist', async () => {
    const hidden = await office.ask('GET', `${URL}/${mail}`, { key: office.keys.bob });
    const none = await office.ask('GET', `${URL}/dlg_none`, { key: office.keys.bob });
    expect(hidden.json.detail.replace(mail, 'X')).toBe(none.json.detail.replace('dlg_none', 'X'));
  });

  test('a list holds what the caller may read, page by page', async () => {
    const list = async (query: string, key = office.keys.admin) =>
      (await office.ask('GET', `${URL}?${query}`, { key })).json;
    const all = (await list('limit=500')).delegations.map(({ id }: { id: string }) => id);
    expect(all).toEqual([...all].sort());
    const paged: string[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page: { delegations: { id: string }[]; next?: string } = await list(
        `limit=2${next === '' ? '' : `&after=${next}`}`,
      );
      paged.push(...page.delegations.map(({ id }) => id));
      next = page.next;
    }
    expect(paged).toEqual(all);
    // Bob made and holds nothing; the template for finance is held for him, as one of its members.
    expect((await list('', office.keys.bob)).delegations.map(({ from }: { from: string }) => from)).toEqual([
      'group:finance#member',
    ]);
    expect((await list('to=agent:reader')).delegations.every(({ to }: { to: string }) => to === 'agent:reader')).toBe(
      true,
    );
    expect((await list('state=revoked')).delegations.map(({ state }: { state: string }) => state)).toEqual(['revoked']);
    const from = await list('from=group:finance%23member');
    expect(from.delegations).toHaveLength(1);
  });

  test.each(['limit=0', 'limit=501', 'limit=x', 'state=dead', 'form=user:alice', 'limit=1&limit=2'])(
    'the query %s is 400',
    async (query) => {
      const reply = await office.ask('GET', `${URL}?${query}`, { key: office.keys.admin });
      expect([reply.status, reply.json.code]).toEqual([400, 'invalid']);
    },
  );
});
