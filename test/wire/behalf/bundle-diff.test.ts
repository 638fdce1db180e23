import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, asking, BOB, MAIL, MAILER, OFFICE, type Office, openOffice, Q3 } from '../office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

/** The office where nobody's agent reads what is confidential, and where mail goes by night as well. */
const OTHER = [
  OFFICE[0],
  {
    path: 'policies/document.yaml',
    text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: document
  version: default
  rules:
    - name: agents-never-read-the-quarter
      actions: [read]
      effect: EFFECT_DENY
      roles: [agent]
      condition: { match: { expr: R.id == "q3" } }
`,
  },
];

function diff(body: object, key = office.keys.auditor) {
  return office.ask('POST', '/v1/bundles/diff', { key, body });
}

async function check(body: object): Promise<{ decision: boolean; context: { id: string } }> {
  return (await office.ask('POST', '/access/v1/evaluation', { key: office.keys.gateway, body })).json;
}

describe('recorded decisions', () => {
  it('are taken again at their own revision and time; those that flip come with both paths', async () => {
    const delegation = await office.delegate(MAIL);
    const read = await check(asking(MAILER, 'read'));
    const mail = await check(asking(MAILER, 'mail'));
    const night = await check(asking(MAILER, 'mail', ALICE, { night: true }));
    const bobs = await check(asking(MAILER, 'read', BOB));
    expect([read, mail, night, bobs].map(({ decision }) => decision)).toEqual([true, true, false, false]);
    // What happens later plays no part in what was decided before.
    office.clock.now += 1000;
    await office.ask('POST', `/v1/delegations/${delegation}/revoke`, { key: office.keys.admin, body: { reason: 'x' } });
    const before = (await office.ask('GET', '/v1/decisions', { key: office.keys.auditor })).json.decisions.length;

    const found = await diff({ old: 'current', new: { files: OTHER } });
    expect(found.status).toBe(200);
    expect(found.json).toMatchObject({ compared: 4, skipped: 0 });
    expect(found.json.flips.map((flip: Record<string, unknown>) => flip.decision)).toEqual([
      read.context.id,
      night.context.id,
    ]);
    const [first, second] = found.json.flips;
    expect(first.old.explanation).toMatchObject({ decision: true, bundle: found.json.old });
    expect(first.new.explanation).toMatchObject({ decision: false, bundle: found.json.new, reasons: ['forbidden'] });
    expect(first.new.text).toContain('agents-never-read-the-quarter');
    expect(second.old.text).toContain('no-agents-at-night');
    expect(second.new.explanation.decision).toBe(true);
    expect((await office.ask('GET', '/v1/decisions', { key: office.keys.auditor })).json.decisions).toHaveLength(
      before,
    );
  });

  it('only the newest, where it is told how many', async () => {
    const found = await diff({ old: 'current', new: { files: OTHER }, decisions: 1 });
    expect(found.json).toMatchObject({ compared: 1, flips: [] });
  });

  it('a bundle against itself flips nothing', async () => {
    const { digest } = (await office.ask('GET', '/v1/bundles/current', { key: office.keys.auditor })).json;
    const found = await diff({ old: 'current', new: digest });
    expect(found.json).toMatchObject({ old: digest, new: digest, compared: 4, flips: [] });
  });
});

describe('requests', () => {
  it('are decided as things are now, for whoever they name', async () => {
    const requests = [
      { subject: BOB, action: { name: 'read' }, resource: Q3 },
      { subject: BOB, action: { name: 'archive' }, resource: { ...Q3, properties: { state: 'final' } } },
    ];
    const found = await diff({ old: 'current', new: { files: OTHER }, requests });
    expect(found.json.compared).toBe(2);
    expect(found.json.flips).toMatchObject([
      { request: 1, old: { explanation: { decision: true } }, new: { explanation: { decision: false } } },
    ]);
  });

  it('that cannot be put are named by their place', async () => {
    const requests = [
      { subject: BOB, action: { name: 'read' }, resource: Q3 },
      { subject: BOB, action: { name: 'read' }, resource: Q3, context: { agent: 'helper' } },
    ];
    const refused = await diff({ old: 'current', new: { files: OTHER }, requests });
    expect(refused.status).toBe(422);
    expect(refused.json.errors).toMatchObject([{ field: 'requests/1' }]);
    expect((await diff({ old: 'current', new: 'current', requests: [{ subject: BOB }] })).status).toBe(400);
    expect((await diff({ old: 'current', new: 'current', requests: [], decisions: 3 })).status).toBe(400);
  });
});

it('a broken bundle is refused with its mistakes, an unknown one is not found, and only auditors compare', async () => {
  const broken = [{ path: 'policies/x.yaml', text: 'apiVersion: api.cerbos.dev/v1\nresourcePolicy: 3\n' }];
  const refused = await diff({ old: 'current', new: { files: broken } });
  expect(refused.status).toBe(422);
  expect(refused.json.problems[0]).toMatchObject({ file: 'policies/x.yaml' });
  expect(refused.json.detail).toContain('the new bundle');
  expect((await diff({ old: 'sha256:00000000', new: 'current' })).status).toBe(404);
  expect((await diff({ old: 'current', new: 'current' }, office.keys.author)).status).toBe(403);
});
