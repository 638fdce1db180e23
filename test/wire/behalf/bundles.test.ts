import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OFFICE, type Office, openOffice } from '../office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

const [MODEL, POLICY] = OFFICE;
const DENYING = {
  path: 'policies/document.yaml',
  text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: document
  version: default
  rules:
    - { name: nothing-is-read, actions: [read], effect: EFFECT_DENY, roles: [user] }
`,
};

function publish(key: string, files: unknown, rest: object = {}) {
  return office.ask('POST', '/v1/bundles', { key, body: { files, ...rest } });
}

async function mayAliceRead(): Promise<boolean> {
  const body = {
    subject: { type: 'user', id: 'alice' },
    action: { name: 'read' },
    resource: { type: 'document', id: 'q3' },
    context: { agent: { type: 'agent', id: 'mailer' } },
  };
  return (await office.ask('POST', '/access/v1/evaluation', { key: office.keys.gateway, body })).json.decision;
}

describe('publishing', () => {
  it('is in force on the next call, and a rollback brings the old one back as a new publication', async () => {
    await office.delegate({
      from: 'user:alice',
      to: 'agent:mailer',
      capabilities: [{ actions: ['read'], resources: ['document:*'] }],
    });
    expect(await mayAliceRead()).toBe(true);
    const before = (await office.ask('GET', '/v1/bundles', { key: office.keys.auditor })).json.bundles;
    expect(before).toMatchObject([{ by: 'dev', act: 'publish', files: 2, in_force: true }]);

    const published = await publish(office.keys.author, [MODEL, DENYING]);
    expect(published.status).toBe(200);
    expect(published.json).toMatchObject({ changed: true, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(published.headers['behalf-revision']).toBe(published.json.revision);
    expect(await mayAliceRead()).toBe(false);

    const digits = before[0].digest.slice('sha256:'.length, 'sha256:'.length + 10);
    const back = await office.ask('POST', `/v1/bundles/${digits}/rollback`, { key: office.keys.admin });
    expect(back.json).toMatchObject({ changed: true, digest: before[0].digest });
    expect(await mayAliceRead()).toBe(true);
    const after = (await office.ask('GET', '/v1/bundles', { key: office.keys.auditor })).json.bundles;
    expect(after.map(({ act, by, in_force }: Record<string, unknown>) => [act, by, in_force])).toEqual([
      ['rollback', 'admin', true],
      ['publish', 'author', false],
      ['publish', 'dev', false],
    ]);
    expect(after[0].at).toBe('2030-01-01T12:00:00.000Z');
  });

  it('the same bundle again changes nothing', async () => {
    const { bundles } = (await office.ask('GET', '/v1/bundles', { key: office.keys.admin })).json;
    const again = await publish(office.keys.author, [POLICY, MODEL]);
    expect(again.json).toMatchObject({ changed: false, digest: bundles[0].digest });
    expect((await office.ask('GET', '/v1/bundles', { key: office.keys.admin })).json.bundles).toEqual(bundles);
  });

  it('every mistake of a broken bundle comes with its place, and the last good one stays', async () => {
    const broken = [
      { path: 'model/main.fga', text: 'model\n  schema 1.1\ntype user\n  relations\n    define a: nothing\n' },
      { path: 'policies/x.yaml', text: 'apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: x\n  rules: 3\n' },
    ];
    const refused = await publish(office.keys.author, broken);
    expect(refused.status).toBe(422);
    expect(refused.json.code).toBe('unprocessable');
    const places = refused.json.problems.map(({ file, line }: Record<string, unknown>) => [file, typeof line]);
    expect(places).toContainEqual(['model/main.fga', 'number']);
    expect(places).toContainEqual(['policies/x.yaml', 'number']);
    expect(refused.json.problems.every(({ message }: { message: string }) => message !== '')).toBe(true);
    expect(await mayAliceRead()).toBe(true);
  });

  it('what would orphan relationships is refused with their list, unless told otherwise', async () => {
    const smaller = { path: 'model/main.fga', text: 'model\n  schema 1.1\ntype user\ntype agent\ntype document\n' };
    const refused = await publish(office.keys.author, [smaller]);
    expect(refused.status).toBe(409);
    expect(refused.json.detail).toContain('document:q3#owner@user:alice');
    const { bundles } = (await office.ask('GET', '/v1/bundles', { key: office.keys.admin })).json;
    expect((await publish(office.keys.author, [smaller], { orphans: 'allow' })).status).toBe(200);
    const path = `/v1/bundles/${encodeURIComponent(bundles[0].digest)}/rollback`;
    expect((await office.ask('POST', `${path}?orphans=refuse`, { key: office.keys.author })).status).toBe(200);
  });

  it('files that are none of a bundle, twice the same and none at all are refused', async () => {
    const refused = await publish(office.keys.author, [
      MODEL,
      MODEL,
      { path: 'policies/../secret.yaml', text: '' },
      { path: 'policies/delegations/a.yaml', text: '' },
      { path: 'policies/x_test.yaml', text: '' },
    ]);
    expect(refused.status).toBe(422);
    expect(refused.json.problems.map(({ file }: { file: string }) => file)).toEqual([
      'model/main.fga',
      'policies/../secret.yaml',
      'policies/delegations/a.yaml',
      'policies/x_test.yaml',
    ]);
    expect((await publish(office.keys.author, [])).json.problems).toHaveLength(1);
    expect((await publish(office.keys.author, [{ path: 'model/a.fga' }])).status).toBe(400);
  });

  it('needs author or administer; reading also goes with audit', async () => {
    expect((await publish(office.keys.auditor, OFFICE)).status).toBe(403);
    expect((await publish(office.keys.gateway, OFFICE)).status).toBe(403);
    expect((await office.ask('GET', '/v1/bundles', { key: office.keys.gateway })).status).toBe(403);
    expect((await office.ask('GET', '/v1/bundles/current', { key: office.keys.gateway })).status).toBe(403);
    const rollback = await office.ask('POST', '/v1/bundles/current/rollback', { key: office.keys.auditor });
    expect(rollback.status).toBe(403);
  });
});

describe('a bundle', () => {
  it('is read with its files, by its digest or as current', async () => {
    const current = await office.ask('GET', '/v1/bundles/current', { key: office.keys.author });
    expect(current.json.files).toEqual([...OFFICE].sort((a, b) => (a.path < b.path ? -1 : 1)));
    const { digest } = current.json;
    expect((await office.ask('GET', `/v1/bundles/${digest}`, { key: office.keys.auditor })).json).toEqual(current.json);
  });

  it('that nobody published is not found, and what is no digest is refused', async () => {
    const { author: key } = office.keys;
    expect((await office.ask('GET', '/v1/bundles/sha256:0123456789', { key })).status).toBe(404);
    for (const named of ['sha256:0123', 'latest', 'sha256:XYZXYZXYZ']) {
      expect((await office.ask('GET', `/v1/bundles/${named}`, { key })).status).toBe(400);
    }
  });
});
