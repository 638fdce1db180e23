import { afterEach, beforeEach, expect, test } from 'vitest';
import { ALICE, BOB, MAIL, MAILER, type Office, openOffice, Q3, READER } from '../office.ts';
import { logLike, type Reply, STORE_ID } from '../server-under-test.ts';

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office[Symbol.asyncDispose]());

type Target = 'subject' | 'resource' | 'action';

const search = (target: Target, body: object, key = office.keys.gateway, at: Office = office): Promise<Reply> =>
  at.ask('POST', `/access/v1/search/${target}`, { key, body });

/** Follows the tokens to the end; pages that follow one another must be bounded. */
async function pages(target: Target, body: object, limit: number, key?: string): Promise<(readonly object[])[]> {
  const found: (readonly object[])[] = [];
  let token: string | undefined;
  for (let page = 0; page < 100; page++) {
    const reply = await search(target, { ...body, page: { limit, ...(token === undefined ? {} : { token }) } }, key);
    expect(reply.status, reply.text).toBe(200);
    found.push(reply.json.results);
    token = reply.json.page.next_token;
    if (token === '') return found;
  }
  throw new Error('the pages have no end');
}

const write = (...tuple_keys: object[]) =>
  office.ask('POST', `/stores/${STORE_ID}/write`, { key: office.keys.author, body: { writes: { tuple_keys } } });

/** Documents d00, d01, … of alice. */
async function documents(count: number): Promise<readonly object[]> {
  const ids = Array.from({ length: count }, (_, index) => `d${String(index).padStart(2, '0')}`);
  await write(...ids.map((id) => ({ user: 'user:alice', relation: 'owner', object: `document:${id}` })));
  return ids.map((id) => ({ type: 'document', id }));
}

const MAILS_OF_ALICE = {
  subject: MAILER,
  action: { name: 'mail' },
  resource: { type: 'document' },
  context: { on_behalf_of: ALICE },
};

test('what an agent may do for somebody, in both shapes', async () => {
  await office.delegate(MAIL);
  const asAgent = await search('resource', MAILS_OF_ALICE);
  const { on_behalf_of: _, ...rest } = MAILS_OF_ALICE.context;
  const asHuman = await search('resource', { ...MAILS_OF_ALICE, subject: ALICE, context: { ...rest, agent: MAILER } });
  expect(asAgent.json).toMatchObject({ results: [Q3], page: { next_token: '' } });
  expect(asHuman.json.results).toEqual([Q3]);
  expect(asAgent.json.context.revision).toBe(office.ledger.token());
});

test('a resource that only a capability names is found', async () => {
  await office.ask('PUT', '/v1/entities/document/shelf', { key: office.keys.author, body: {} });
  await office.delegate({
    ...MAIL,
    capabilities: [{ actions: ['archive'], resources: ['document:letter'] }],
  });
  const body = {
    ...MAILS_OF_ALICE,
    action: { name: 'archive' },
    resource: { type: 'document', properties: { state: 'final' } },
  };
  expect((await search('resource', body)).json.results).toEqual([{ type: 'document', id: 'letter' }]);
});

test('the actions of the model, of policies and of capabilities', async () => {
  await office.delegate({ ...MAIL, capabilities: [{ actions: ['*'], resources: ['document:*'] }] });
  const body = { subject: MAILER, resource: Q3, context: { on_behalf_of: ALICE } };
  expect((await search('action', body)).json.results).toEqual([{ name: 'mail' }, { name: 'read' }]);
  const final = { ...body, resource: { ...Q3, properties: { state: 'final' } } };
  expect((await search('action', final)).json.results).toEqual(['archive', 'mail', 'read'].map((name) => ({ name })));
});

test('for whom an agent may act, and which agent for somebody', async () => {
  await office.delegate(MAIL);
  await office.delegate({ ...MAIL, name: 'for bob', from: 'user:bob', to: 'agent:reader' });
  const origins = { subject: { type: 'user' }, action: { name: 'read' }, resource: Q3, context: { agent: MAILER } };
  expect((await search('subject', origins)).json.results).toEqual([ALICE]);
  const agents = { ...origins, subject: { type: 'agent' }, context: { on_behalf_of: BOB } };
  expect((await search('subject', agents)).json.results).toEqual([READER]);
});

test('the id of what is looked for is ignored, whatever it is; the others need one', async () => {
  await office.delegate(MAIL);
  for (const id of ['nothing', '', 7, null]) {
    const reply = await search('resource', { ...MAILS_OF_ALICE, resource: { type: 'document', id } });
    expect(reply.json.results).toEqual([Q3]);
  }
  const action = { ...MAILS_OF_ALICE, resource: Q3, action: { name: 7 } };
  expect((await search('action', action)).json.results).toEqual([{ name: 'mail' }, { name: 'read' }]);
  const { action: _, ...actionless } = MAILS_OF_ALICE;
  for (const [target, body] of [
    ['resource', { ...MAILS_OF_ALICE, subject: { type: 'agent' } }],
    ['resource', { ...MAILS_OF_ALICE, resource: {} }],
    ['resource', actionless],
    ['subject', { ...MAILS_OF_ALICE, resource: { type: 'document' } }],
    ['action', { ...MAILS_OF_ALICE, resource: { type: 'document' } }],
    ['subject', { ...MAILS_OF_ALICE, resource: Q3, page: { limit: -1 } }],
    ['subject', { ...MAILS_OF_ALICE, resource: Q3, page: { limit: 1.5 } }],
    ['subject', { ...MAILS_OF_ALICE, resource: Q3, page: { token: 7 } }],
    ['subject', []],
    ['subject', ''],
  ] as const) {
    const reply = await search(target, body as object);
    expect([reply.status, reply.json.error.status], JSON.stringify(body)).toEqual([400, 400]);
  }
});

test('unknown types and ids have no results', async () => {
  await office.delegate(MAIL);
  const bodies: readonly [Target, object][] = [
    ['resource', { ...MAILS_OF_ALICE, resource: { type: 'spaceship' } }],
    ['resource', { ...MAILS_OF_ALICE, subject: { type: 'agent', id: 'nobody' } }],
    ['resource', { ...MAILS_OF_ALICE, action: { name: 'launch' } }],
    ['subject', { ...MAILS_OF_ALICE, subject: { type: 'agent' }, resource: { type: 'document', id: 'none' } }],
    ['action', { subject: MAILER, resource: { type: 'spaceship', id: 'one' }, context: { on_behalf_of: ALICE } }],
  ];
  for (const [target, body] of bodies) {
    const reply = await search(target, body);
    expect([reply.status, reply.json.results, reply.json.page], JSON.stringify(body)).toEqual([
      200,
      [],
      { next_token: '' },
    ]);
  }
});

test('pages are complete and have nothing twice', async () => {
  const all = [...(await documents(7)), Q3];
  await office.delegate(MAIL);
  for (const limit of [1, 3, 8, 9]) {
    const found = await pages('resource', MAILS_OF_ALICE, limit);
    expect(found.flat()).toEqual(all);
    expect(found.every((page) => page.length <= limit)).toBe(true);
  }
  const nothing = await search('resource', { ...MAILS_OF_ALICE, page: { limit: 0 } });
  expect(nothing.json.results).toEqual([]);
  expect(nothing.json.page.next_token).not.toBe('');
});

test('a token is for this caller, this question, and a while', async () => {
  await documents(3);
  await office.delegate(MAIL);
  const first = await search('resource', { ...MAILS_OF_ALICE, page: { limit: 1 } });
  const page = { token: first.json.page.next_token };
  const refused = async (reply: Promise<Reply>, words: RegExp): Promise<void> => {
    const { status, json } = await reply;
    expect([status, json.error?.message]).toEqual([400, expect.stringMatching(words)]);
  };
  await refused(search('resource', { ...MAILS_OF_ALICE, page }, office.keys.auditor), /another caller/);
  await refused(search('resource', { ...MAILS_OF_ALICE, action: { name: 'read' }, page }), /something else/);
  await refused(
    search('resource', { ...MAILS_OF_ALICE, context: { ...MAILS_OF_ALICE.context, x: 1 }, page }),
    /something else/,
  );
  await refused(search('subject', { ...MAILS_OF_ALICE, resource: Q3, page }), /something else/);
  const turned = `${page.token.startsWith('A') ? 'B' : 'A'}${page.token.slice(1)}`;
  for (const token of [turned, 'x', `${page.token}AAAA`]) {
    await refused(search('resource', { ...MAILS_OF_ALICE, page: { token } }), /none that this server gave/);
  }
  const other = { context: MAILS_OF_ALICE.context, resource: { id: 'ignored', type: 'document' } };
  expect((await search('resource', { ...MAILS_OF_ALICE, ...other, page })).status).toBe(200);
  office.clock.now += 16 * 60 * 1000;
  await refused(search('resource', { ...MAILS_OF_ALICE, page }), /older than 15 minutes/);
});

test('a token tells nothing', async () => {
  await documents(3);
  await office.delegate(MAIL);
  const first = await search('resource', { ...MAILS_OF_ALICE, page: { limit: 2 } });
  const bytes = Buffer.from(first.json.page.next_token, 'base64url').toString('latin1');
  for (const word of ['d01', 'gateway', 'document', 'revision']) expect(bytes).not.toContain(word);
});

test('later pages are of the first one’s revision; what is denied since is left out', async () => {
  const [, d01, d02] = await documents(3);
  await office.delegate(MAIL);
  const first = await search('resource', { ...MAILS_OF_ALICE, page: { limit: 1 } });
  await write(
    { user: 'user:alice', relation: 'owner', object: 'document:d015' },
    { user: 'user:alice', relation: 'blocked', object: 'document:d02' },
  );
  const rest = { ...MAILS_OF_ALICE, page: { token: first.json.page.next_token } };
  const second = await search('resource', rest);
  expect(second.json.results).toEqual([d01, Q3]);
  expect(second.json.context).toEqual(first.json.context);
  const anew = await search('resource', MAILS_OF_ALICE);
  expect(anew.json.results).toContainEqual({ type: 'document', id: 'd015' });
  expect(anew.json.results).not.toContainEqual(d02);
});

test('what ends between two pages is not on the second', async () => {
  const [d00] = await documents(2);
  await office.delegate({ ...MAIL, expires_at: '2030-01-01T12:05:00Z' });
  const first = await search('resource', { ...MAILS_OF_ALICE, page: { limit: 1 } });
  expect(first.json.results).toEqual([d00]);
  office.clock.now += 5 * 60 * 1000;
  const second = await search('resource', { ...MAILS_OF_ALICE, page: { token: first.json.page.next_token } });
  expect(second.json.results).toEqual([]);
});

test('callers find what they may name', async () => {
  await office.delegate(MAIL);
  await office.delegate({ ...MAIL, name: 'second', to: 'agent:reader' });
  const agents = {
    subject: { type: 'agent' },
    action: { name: 'read' },
    resource: Q3,
    context: { on_behalf_of: ALICE },
  };
  expect((await search('subject', agents)).json.results).toEqual([MAILER, READER]);
  const mailers = office.key({
    id: 'mailers',
    roles: ['check'],
    actors: ['agent:mailer'],
    origins: ['user:*'],
    vouches: ['user:*'],
  });
  expect((await search('subject', agents, mailers)).json.results).toEqual([MAILER]);
  const other = await search('resource', { ...MAILS_OF_ALICE, subject: READER }, mailers);
  expect([other.status, other.json.error.message]).toEqual([403, expect.stringContaining('may not name agent:reader')]);
  const author = await search('subject', agents, office.keys.author);
  expect([author.status, author.json.error.message]).toEqual([403, expect.stringContaining('role check')]);
  expect((await office.ask('POST', '/access/v1/search/subject', { body: agents })).status).toBe(401);
  const human = await search('subject', { ...agents, subject: { type: 'user' }, context: {} });
  expect([human.status, human.json.error.message]).toEqual([400, expect.stringContaining('without an agent')]);
});

test('every result is a record of its own before it leaves', async () => {
  await documents(2);
  const delegation = await office.delegate(MAIL);
  const reply = await search('resource', MAILS_OF_ALICE);
  expect(reply.json.results).toHaveLength(3);
  const { records } = office.log.list({}, { limit: 10 });
  expect(records.map(({ request }) => request.resource)).toEqual(['document:q3', 'document:d01', 'document:d00']);
  for (const record of records) {
    expect(record).toMatchObject({
      caller: 'gateway',
      search: 'resource',
      enforced: true,
      decision: { allowed: true },
    });
    expect(record.requestId).toBe(reply.headers['x-request-id']);
    expect(record.decision.chain?.delegation).toBe(delegation);
  }
  const told = await office.ask('GET', `/v1/decisions/${records[0]?.id}`, { key: office.keys.auditor });
  expect(told.json).toMatchObject({ search: 'resource', decision: true });
});

test('a caller that only observes is answered as its checks are', async () => {
  await office.delegate(MAIL);
  const watcher = office.key({
    id: 'watcher',
    roles: ['check'],
    actors: ['agent:*'],
    origins: ['user:*'],
    mode: 'observe',
  });
  const body = { ...MAILS_OF_ALICE, action: { name: 'launch' } };
  expect((await search('resource', body, watcher)).json.results).toEqual([Q3]);
  expect(office.log.list({}, { limit: 1 }).records).toMatchObject([{ enforced: true, decision: { allowed: false } }]);
});

test('a demanded revision that does not come has no results', async () => {
  await office.delegate(MAIL);
  const revision = office.ledger.token(office.ledger.revision + 1);
  const reply = await search('resource', { ...MAILS_OF_ALICE, context: { ...MAILS_OF_ALICE.context, revision } });
  expect(reply.json).toMatchObject({ results: [], page: { next_token: '' }, context: { reason: 'stale' } });
  const wrong = await search('resource', { ...MAILS_OF_ALICE, context: { ...MAILS_OF_ALICE.context, revision: '?' } });
  expect(wrong.status).toBe(400);
});

test('results that wait for their records while a change is acknowledged leave without what it denies (invariant 36)', async () => {
  const waiting: (() => void)[] = [];
  let hold = false;
  await using held = await openOffice({
    wrapLog: (log) =>
      logLike(log, {
        append: async (entry) => {
          if (hold) await new Promise<void>((resolve) => waiting.push(resolve));
          return log.append(entry);
        },
      }),
  });
  const mine = await held.delegate({ ...MAIL, capabilities: [{ actions: ['mail'], resources: ['document:q3'] }] });
  await held.delegate({ ...MAIL, name: 'reading', capabilities: [{ actions: ['read'], resources: ['document:q3'] }] });
  hold = true;
  const body = { subject: MAILER, resource: Q3, context: { on_behalf_of: ALICE } };
  const asked = search('action', body, held.keys.gateway, held);
  while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const revoked = await held.ask('POST', `/v1/delegations/${mine}/revoke`, {
    key: held.keys.admin,
    body: { reason: 'x' },
  });
  expect(revoked.status).toBe(200);
  hold = false;
  for (const go of waiting.splice(0)) go();
  expect((await asked).json.results).toEqual([{ name: 'read' }]);
  const [last] = held.log.list({ action: 'mail' }, { limit: 5 }).records;
  expect(last).toMatchObject({ decision: { allowed: false, reason: 'not_covered' }, supersedes: expect.any(String) });
});

test('a log that cannot write is a fault, not a result', async () => {
  await using broken = await openOffice({
    wrapLog: (log) => logLike(log, { append: () => Promise.reject(new Error('the disk is full')) }),
  });
  await broken.delegate(MAIL);
  const reply = await search('resource', MAILS_OF_ALICE, broken.keys.gateway, broken);
  expect([reply.status, reply.json.results]).toEqual([503, undefined]);
});
