import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DecisionLog } from '../../../src/audit/log.ts';
import { LogError } from '../../../src/audit/log.ts';
import { ALICE, BOB, MAIL, MAILER, type Office, openOffice, Q3, READER } from '../office.ts';
import { logLike } from '../server-under-test.ts';

const URL = '/access/v1/evaluations';
const READ = { name: 'read' };
const MAIL_IT = { name: 'mail' };
const PRINT = { name: 'print' };
const DEFAULTS = { subject: MAILER, action: READ, resource: Q3, context: { on_behalf_of: ALICE } };

let office: Office;
let brokenAt = Number.POSITIVE_INFINITY;

/** The real log, until it is told to break. */
function breakable(log: DecisionLog): DecisionLog {
  let count = 0;
  return logLike(log, {
    append: (entry) => (++count >= brokenAt ? Promise.reject(new LogError('no space left')) : log.append(entry)),
  });
}

beforeAll(async () => {
  office = await openOffice({ wrapLog: breakable });
  await office.delegate(MAIL);
});
afterAll(() => office[Symbol.asyncDispose]());

function evaluate(body: unknown, key = office.keys.gateway) {
  return office.ask('POST', URL, { key, body });
}

async function decisions(body: unknown): Promise<unknown> {
  const reply = await evaluate(body);
  expect(reply.status).toBe(200);
  return reply.json.evaluations.map(({ decision }: { decision: boolean }) => decision);
}

function records(): number {
  return office.log.list({}, { limit: 500 }).records.length;
}

describe('one evaluation', () => {
  test.each([[{}], [{ evaluations: [] }]])('where there are no items: %j', async (more) => {
    const reply = await evaluate({ ...DEFAULTS, ...more });
    expect(reply.json).toMatchObject({ decision: true, context: { reason: 'allowed' } });
    expect(reply.json.evaluations).toBeUndefined();
  });

  test('which must be whole', async () => {
    const reply = await evaluate({ subject: MAILER, action: READ });
    expect([reply.status, reply.json.error.message]).toEqual([400, expect.stringContaining('resource is missing')]);
  });
});

describe('semantics', () => {
  const mixed = [{}, { action: PRINT }, { action: MAIL_IT }];

  test('execute_all is the default and answers everything in order', async () => {
    expect(await decisions({ ...DEFAULTS, evaluations: mixed })).toEqual([true, false, true]);
    const options = { evaluations_semantic: 'execute_all' };
    expect(await decisions({ ...DEFAULTS, evaluations: mixed, options })).toEqual([true, false, true]);
  });

  test('deny_on_first_deny ends with the first deny, and nothing after it is decided', async () => {
    const before = records();
    const options = { evaluations_semantic: 'deny_on_first_deny' };
    expect(await decisions({ ...DEFAULTS, evaluations: mixed, options })).toEqual([true, false]);
    expect(records() - before).toBe(2);
  });

  test('permit_on_first_permit ends with the first permit', async () => {
    const options = { evaluations_semantic: 'permit_on_first_permit' };
    expect(await decisions({ ...DEFAULTS, evaluations: [{ action: PRINT }, ...mixed], options })).toEqual([
      false,
      true,
    ]);
  });

  test('a bad item denies, and so ends deny_on_first_deny', async () => {
    const options = { evaluations_semantic: 'deny_on_first_deny' };
    expect(await decisions({ ...DEFAULTS, evaluations: [{ action: 'read' }, {}], options })).toEqual([false]);
  });

  test.each([{ evaluations_semantic: 'any' }, { evaluations_semantic: 1 }])('%j is 400', async (options) => {
    expect((await evaluate({ ...DEFAULTS, evaluations: [{}], options })).status).toBe(400);
  });
});

describe('items', () => {
  test('a bad item is an answer of its own', async () => {
    const items = [7, [], { subject: { type: 'agent' } }, { resource: { type: 'document', id: '*' } }, {}];
    const reply = await evaluate({ ...DEFAULTS, evaluations: items });
    expect(reply.status).toBe(200);
    expect(reply.json.evaluations.slice(0, 4)).toEqual(
      items.slice(0, 4).map(() => ({
        decision: false,
        context: { error: { status: 400, message: expect.stringMatching(/./) } },
      })),
    );
    expect(reply.json.evaluations[4].decision).toBe(true);
  });

  test('an item that nothing completes is bad', async () => {
    const reply = await evaluate({ subject: MAILER, action: READ, evaluations: [{ resource: Q3 }, {}] });
    expect(reply.json.evaluations[1].context.error.message).toContain('resource is missing');
  });

  test('an override replaces the entity as a whole', async () => {
    const archive = { ...MAIL, name: 'archive', capabilities: [{ actions: ['archive'], resources: ['document:*'] }] };
    await office.delegate(archive);
    const resource = { ...Q3, properties: { state: 'final' } };
    const defaults = { ...DEFAULTS, action: { name: 'archive' }, resource };
    expect(await decisions({ ...defaults, evaluations: [{}, { resource: Q3 }] })).toEqual([true, false]);
  });

  test('an item with a context of its own keeps who acts for whom', async () => {
    const reply = await evaluate({ ...DEFAULTS, evaluations: [{ context: { night: true } }] });
    const { id } = reply.json.evaluations[0].context;
    expect(office.log.get(id)?.request).toMatchObject({
      origin: 'user:alice',
      context: { night: true, on_behalf_of: ALICE },
    });
  });

  test('an item can narrow by an agent where the whole names none', async () => {
    const whole = { subject: ALICE, action: READ, resource: Q3 };
    expect(await decisions({ ...whole, evaluations: [{ context: { agent: MAILER } }, {}] })).toEqual([true, false]);
  });

  test.each<[string, object, object]>([
    ['on_behalf_of', { on_behalf_of: ALICE }, { on_behalf_of: BOB }],
    ['delegation', { on_behalf_of: ALICE, delegation: 'dlg_1' }, { delegation: 'dlg_2' }],
    ['chain', { on_behalf_of: ALICE, chain: ['user:alice'] }, { chain: ['user:alice', 'agent:mailer'] }],
    ['revision', { on_behalf_of: ALICE, revision: 'a.1' }, { revision: 'a.0' }],
  ])('an item cannot change %s', async (name, context, own) => {
    const reply = await evaluate({ ...DEFAULTS, context, evaluations: [{ context: own }] });
    expect(reply.json.evaluations[0]).toMatchObject({ decision: false, context: { error: { status: 400 } } });
    expect(reply.json.evaluations[0].context.error.message).toContain(`context.${name}`);
  });

  test('an item cannot change the agent of a human subject', async () => {
    const whole = { subject: ALICE, action: READ, resource: Q3, context: { agent: MAILER } };
    const reply = await evaluate({
      ...whole,
      evaluations: [{ context: { agent: READER } }, { context: { agent: MAILER } }],
    });
    expect(reply.json.evaluations[0].context.error.status).toBe(400);
    expect(reply.json.evaluations[1].decision).toBe(true);
  });

  test('what the caller may not name is an answer of its own', async () => {
    const reply = await evaluate({ ...DEFAULTS, evaluations: [{}, { subject: { type: 'user', id: 'eve' } }] });
    expect(reply.json.evaluations[1].context.error.status).toBe(400);
    const mailer = await evaluate({ ...DEFAULTS, evaluations: [{}, { subject: READER }] }, office.keys.mailer);
    expect(mailer.json.evaluations[1].context.error.status).toBe(403);
  });
});

describe('refusals of the whole', () => {
  test.each<[string, unknown]>([
    ['evaluations that are no list', { ...DEFAULTS, evaluations: {} }],
    ['a mistyped default', { ...DEFAULTS, subject: 'x', evaluations: [{ subject: MAILER }] }],
    ['options that are no object', { ...DEFAULTS, evaluations: [{}], options: [] }],
    ['more items than the limit', { ...DEFAULTS, evaluations: Array(257).fill({}) }],
    ['a list', [DEFAULTS]],
  ])('%s: 400', async (_what, body) => {
    expect((await evaluate(body)).status).toBe(400);
  });

  test('256 items share their write to the disk', async () => {
    const answers = await decisions({ ...DEFAULTS, evaluations: Array(256).fill({}) });
    expect(answers).toEqual(Array(256).fill(true));
  });

  test('a log that cannot be written makes the whole batch 503, never an unlogged allow', async () => {
    brokenAt = 0;
    try {
      const reply = await evaluate({ ...DEFAULTS, evaluations: [{}, {}] });
      expect([reply.status, reply.json.error.status]).toEqual([503, 503]);
      const single = await office.ask('POST', '/access/v1/evaluation', { key: office.keys.gateway, body: DEFAULTS });
      expect(single.status).toBe(503);
    } finally {
      brokenAt = Number.POSITIVE_INFINITY;
    }
  });
});
