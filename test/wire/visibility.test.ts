import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asking, BOB, MAIL, MAILER, type Office, openOffice } from './office.ts';
import { STORE_ID } from './server-under-test.ts';

const TEMPLATE = {
  name: 'for finance',
  from: 'group:finance#member',
  to: 'agent:mailer',
  activation: 'session',
  max_session: 3600,
  max_depth: 1,
  capabilities: [{ actions: ['read'], resources: ['document:*'] }],
};

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office[Symbol.asyncDispose]());

async function addMember(member: string, world = office): Promise<void> {
  const tuple_keys = [{ user: member, relation: 'member', object: 'group:finance' }];
  const body = { writes: { tuple_keys } };
  expect((await world.ask('POST', `/stores/${STORE_ID}/write`, { key: world.keys.author, body })).status).toBe(200);
}

test('explaining tells a principal no more of others than a check: who is in a set, who may what', async () => {
  await office.delegate({ ...TEMPLATE, activation: 'standing', max_session: undefined });
  const strange = asking(MAILER, 'mail', { type: 'user', id: 'carol' });
  const explained = await office.ask('POST', '/v1/explain', { key: office.keys.mailer, body: strange });
  expect(explained.json).toMatchObject({ reason: 'denied', redacted: true });
  expect(explained.json.reasons).not.toContain('not_entitled');
  expect(explained.json.reasons).not.toContain('not_in_set');
  expect(explained.text).not.toContain('"held"');
  // What its own edge lacks it may know.
  expect(explained.json.reasons).toContain('not_covered');
  const whole = await office.ask('POST', '/v1/explain', { key: office.keys.auditor, body: strange });
  expect(whole.json.reasons).toEqual(expect.arrayContaining(['not_entitled', 'not_in_set']));
});

test('a revocation lists the delegations that the caller may know of', async () => {
  const mine = await office.delegate({ ...MAIL, name: 'from alice' });
  await office.delegate({ ...MAIL, name: 'any origin', from: 'user:*' });
  const dry = { reason: 'x', dry_run: true };
  const asAlice = await office.ask('POST', `/v1/delegations/${mine}/revoke`, { key: office.keys.alice, body: dry });
  const asAdmin = await office.ask('POST', `/v1/delegations/${mine}/revoke`, { key: office.keys.admin, body: dry });
  expect(asAdmin.json.keeps).toHaveLength(1);
  // `user:*` is held for alice, too.
  expect(asAlice.json.keeps).toHaveLength(1);
  const bobs = await office.delegate({ ...MAIL, name: 'from bob', from: 'user:bob' });
  const asBob = await office.ask('POST', `/v1/delegations/${bobs}/revoke`, { key: office.keys.bob, body: dry });
  expect(asBob.json.keeps.map(({ through }: { through: string }) => through)).not.toContain(mine);
});

describe('members of a template', () => {
  test('see their own sessions and withdrawals only; its holder and auditors see all', async () => {
    await addMember('user:alice');
    const id = await office.delegate(TEMPLATE);
    const open = (origin: string) =>
      office.ask('POST', `/v1/delegations/${id}/activations`, { key: office.keys.gateway, body: { origin } });
    for (const origin of ['user:alice', 'user:bob']) expect((await open(origin)).status).toBe(201);
    const onward = { parent: id, to: 'agent:reader', origin: 'user:bob', capabilities: TEMPLATE.capabilities };
    await office.ask('POST', '/v1/delegations', { key: office.keys.admin, body: onward });
    const withdrawn = await office.ask('POST', `/v1/delegations/${id}/revoke`, {
      key: office.keys.bob,
      body: { reason: 'my own reasons', on_behalf_of: 'user:bob' },
    });
    expect(withdrawn.status).toBe(200);
    const seenBy = async (key: string) => {
      const { text, json } = await office.ask('GET', `/v1/delegations/${id}`, { key });
      const list = await office.ask('GET', '/v1/delegations?name=for%20finance', { key });
      expect(list.json.delegations[0]).toEqual(json);
      return {
        text,
        sessions: json.activations.length,
        withdrawn: json.withdrawn.length,
        children: json.children.length,
      };
    };
    expect(await seenBy(office.keys.bob)).toMatchObject({ sessions: 1, withdrawn: 1, children: 1 });
    const alice = await seenBy(office.keys.alice);
    expect(alice).toMatchObject({ sessions: 1, withdrawn: 0, children: 0 });
    expect(alice.text).not.toMatch(/user:bob|my own reasons/);
    for (const key of [office.keys.mailer, office.keys.auditor]) {
      expect(await seenBy(key)).toMatchObject({ sessions: 2, withdrawn: 1, children: 1 });
    }
  });
});

describe('two worlds that differ only in what a caller may not see', () => {
  /** Who besides bob is in finance, and what the directory says of bob: nothing of the mailer's business. */
  const HIDDEN: readonly ((world: Office) => Promise<void>)[] = [
    async (world) => {
      const tuple_keys = [{ user: 'user:bob', relation: 'owner', object: 'document:q3' }];
      await world.ask('POST', `/stores/${STORE_ID}/write`, {
        key: world.keys.author,
        body: { writes: { tuple_keys } },
      });
    },
    async (world) => {
      const body = { roles: [], attributes: { state: 'final' } };
      await world.ask('PUT', '/v1/entities/document/q3', { key: world.keys.admin, body });
    },
    (world) => addMember('user:carol', world),
    async (world) => {
      const body = { roles: ['boss'], attributes: { level: 9 } };
      await world.ask('PUT', '/v1/entities/user/bob', { key: world.keys.admin, body });
    },
    async (world) => {
      await world.delegate({ ...MAIL, name: 'of others', to: 'agent:other' });
    },
    async (world) => {
      const tuple_keys = [{ user: 'user:carol', relation: 'viewer', object: 'document:q3' }];
      await world.ask('POST', `/stores/${STORE_ID}/write`, {
        key: world.keys.author,
        body: { writes: { tuple_keys } },
      });
    },
  ];

  /** Everything that the mailer is answered, without ids, revisions and times. */
  async function answers(world: Office): Promise<readonly string[]> {
    const questions = ['read', 'mail', 'archive'].flatMap((action) =>
      ['alice', 'bob', 'carol', 'nobody'].map((id) => asking(MAILER, action, { type: 'user', id })),
    );
    const told: string[] = [];
    for (const body of questions) {
      for (const url of ['/access/v1/evaluation', '/v1/explain']) {
        told.push((await world.ask('POST', url, { key: world.keys.mailer, body })).text);
      }
    }
    told.push((await world.ask('GET', '/v1/delegations', { key: world.keys.mailer })).text);
    return told.map((text) =>
      text.replaceAll(/(dlg|act|d)_[A-Za-z0-9_-]+|[0-9a-f-]{36}\.\d+|\d{4}-\d\d-\d\dT[0-9:.]+Z/g, '…'),
    );
  }

  test.each(HIDDEN.map((change, index) => [index, change] as const))('%i: are told alike', async (_index, change) => {
    const world = await openOffice();
    try {
      for (const one of [office, world])
        await one.delegate({ ...TEMPLATE, activation: 'standing', max_session: undefined });
      const before = await answers(office);
      await change(world);
      const after = await answers(world);
      // Where the decision, with its coarse reason, is another one, the caller learns that, and may. An explanation goes
      // with the check before it.
      const decisions = (all: readonly string[]) =>
        all.map((text, at) => {
          const check = at < 24 && at % 2 === 1 ? all[at - 1] : text;
          return /"decision":(?:true|false)|"reason":"\w+"/g
            [Symbol.match](check ?? '')
            ?.slice(0, 2)
            .join();
        });
      const same = before.flatMap((_, at) => (decisions(before)[at] === decisions(after)[at] ? [at] : []));
      expect(same.length).toBeGreaterThan(20);
      for (const at of same) expect(after[at]).toBe(before[at]);
    } finally {
      await world[Symbol.asyncDispose]();
    }
  });
});

test('what a check tells is one coarse reason', async () => {
  await office.delegate(TEMPLATE);
  const { json } = await office.ask('POST', '/access/v1/evaluation', {
    key: office.keys.mailer,
    body: asking(MAILER, 'mail', BOB),
  });
  expect(json).toMatchObject({ decision: false, context: { reason: 'denied' } });
});
