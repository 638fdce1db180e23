import { HTTP } from '@cerbos/http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE } from '../office.ts';
import { openServer, type ServerUnderTest } from '../server-under-test.ts';

const ALL = ['roles', 'attributes', 'scope'] as const;

/** Reports that employees read by role, owners edit by derived role, and nobody but finance approves. */
const FILES = (settings: string) => [
  { path: 'policies/behalf.yaml', text: settings },
  {
    path: 'policies/roles.yaml',
    text: `apiVersion: api.cerbos.dev/v1
derivedRoles:
  name: common
  definitions:
    - name: owner
      parentRoles: [employee]
      condition: { match: { expr: R.attr.owner == P.id } }
`,
  },
  {
    path: 'policies/report.yaml',
    text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: report
  version: default
  importDerivedRoles: [common]
  schemas:
    resourceSchema: { ref: "cerbos:///report.json", ignoreWhen: { actions: [list] } }
  rules:
    - { actions: [read, list], effect: EFFECT_ALLOW, roles: [employee] }
    - name: own
      actions: [edit]
      effect: EFFECT_ALLOW
      derivedRoles: [owner]
      output: { when: { ruleActivated: '"edited by " + P.id', conditionNotMet: '"no"' } }
`,
  },
  {
    path: 'policies/report-acme.yaml',
    text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: report
  version: default
  scope: acme
  rules:
    - { actions: [approve], effect: EFFECT_ALLOW, roles: [employee], condition: { match: { expr: P.scope == "" && P.attr.level > 2 } } }
`,
  },
  {
    path: 'policies/_schemas/report.json',
    text: '{"type":"object","properties":{"owner":{"type":"string"}},"required":["owner"]}',
  },
];

const ANN = { id: 'ann', roles: ['employee'], attr: { level: 3 } };
const REPORT = { kind: 'report', id: 'q3', attr: { owner: 'ann' } };

describe('the Cerbos door', () => {
  let server: ServerUnderTest;
  let url: string;
  let full: string;
  beforeAll(async () => {
    server = openServer({ files: FILES('semantics: cerbos\nschema_enforcement: reject\n') });
    url = await server.app.listen({ host: '127.0.0.1', port: 0 });
    full = server.key({
      id: 'shop',
      roles: ['check'],
      origins: ['user:*'],
      actors: ['agent:*'],
      direct: true,
      asserts: ALL,
    });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const ask = (body: unknown, key = full) => server.ask('POST', '/api/check/resources', { key, body });
  const one = (resource: object, actions: readonly string[], principal: object = ANN) => ({
    principal,
    resources: [{ actions, resource }],
  });
  const effects = async (resource: object, actions: readonly string[], principal: object = ANN, key = full) => {
    const reply = await ask(one(resource, actions, principal), key);
    expect(reply.status, reply.text).toBe(200);
    return reply.json.results[0].actions;
  };

  it('answers the official client', async () => {
    const cerbos = new HTTP(url, { headers: { authorization: `Bearer ${full}` } });
    const response = await cerbos.checkResources({
      requestId: 'r1',
      includeMetadata: true,
      principal: ANN,
      resources: [
        { resource: REPORT, actions: ['read', 'edit'] },
        { resource: { ...REPORT, id: 'q4', scope: 'acme' }, actions: ['approve', 'delete'] },
        { resource: { ...REPORT, id: 'bad', attr: { owner: 5 } }, actions: ['read', 'list'] },
      ],
    });
    expect(response.requestId).toBe('r1');
    expect(response.isAllowed({ resource: { kind: 'report', id: 'q3' }, action: 'read' })).toBe(true);
    expect(response.allAllowed({ kind: 'report', id: 'q3' })).toBe(true);
    expect(response.isAllowed({ resource: { kind: 'report', id: 'q4' }, action: 'approve' })).toBe(true);
    expect(response.isAllowed({ resource: { kind: 'report', id: 'q4' }, action: 'delete' })).toBe(false);
    const [q3, q4, bad] = response.results;
    expect(q3?.metadata).toEqual({
      actions: {
        read: { matchedPolicy: 'resource.report.vdefault', matchedScope: '' },
        edit: { matchedPolicy: 'resource.report.vdefault', matchedScope: '' },
      },
      effectiveDerivedRoles: ['owner'],
    });
    expect(q3?.outputs).toMatchObject([
      { source: 'resource.report.vdefault#own', action: 'edit', value: 'edited by ann' },
    ]);
    expect(q4?.metadata?.actions.approve).toEqual({
      matchedPolicy: 'resource.report.vdefault/acme',
      matchedScope: 'acme',
    });
    // One action that is not ignored is enough for all of them.
    expect(bad?.actions).toEqual({ read: 'EFFECT_DENY', list: 'EFFECT_DENY' });
    expect(bad?.validationErrors).toMatchObject([
      { path: '/owner', message: 'expected string, but got number', source: 'SOURCE_RESOURCE' },
    ]);
    expect((await cerbos.serverInfo()).version).toBe('');
    expect((await cerbos.checkHealth()).status).toBe('SERVING');
    await expect(
      new HTTP(url, { headers: { authorization: 'Bearer no' } }).checkResources({
        principal: ANN,
        resources: [{ resource: REPORT, actions: ['read'] }],
      }),
    ).rejects.toMatchObject({ code: 16 });
  });

  it('validates only where some action is not ignored', async () => {
    expect(await effects({ kind: 'report', id: 'x', attr: {} }, ['list'])).toEqual({ list: 'EFFECT_ALLOW' });
    expect(await effects({ kind: 'report', id: 'x', attr: {} }, ['read'])).toEqual({ read: 'EFFECT_DENY' });
  });

  it('records every action as one decision, under the id of the call', async () => {
    const reply = await ask(one(REPORT, ['read', 'edit', 'shred']));
    const { records } = server.log.list({}, { limit: 3 });
    expect(records.map(({ requestId }) => requestId)).toEqual(Array(3).fill(reply.json.cerbosCallId));
    expect(records.map(({ request }) => request.action).sort()).toEqual(['edit', 'read', 'shred']);
    expect(records[0]?.request).toMatchObject({ actor: 'user:ann', origin: 'user:ann', resource: 'report:q3' });
  });

  it('keeps apart what belongs to the principal and what to the resource', async () => {
    const scoped = { ...REPORT, scope: 'acme' };
    expect(await effects(scoped, ['approve'])).toEqual({ approve: 'EFFECT_ALLOW' });
    expect(await effects(scoped, ['approve'], { ...ANN, scope: 'acme' })).toEqual({ approve: 'EFFECT_DENY' });
    expect(await effects({ ...REPORT, scope: '.' }, ['read'])).toEqual({ read: 'EFFECT_ALLOW' });
  });

  it.each([
    ['roles', ['attributes', 'scope'], REPORT, 'read'],
    ['attributes', ['roles', 'scope'], { ...REPORT, scope: 'acme' }, 'approve'],
    ['scope', ['roles', 'attributes'], { ...REPORT, scope: 'acme' }, 'approve'],
  ] as const)('does not believe a caller that may not assert %s', async (what, asserts, resource, action) => {
    const caller = { roles: ['check'], origins: ['user:*'], direct: true } as const;
    const without = server.key({ ...caller, id: `no-${what}`, asserts });
    expect(await effects(resource, [action], ANN, without)).toEqual({ [action]: 'EFFECT_DENY' });
    expect(await effects(resource, [action])).toEqual({ [action]: 'EFFECT_ALLOW' });
  });

  it('is only for callers that may ask directly, and only for whom they may name', async () => {
    const delegated = server.key({ id: 'gateway', roles: ['check'], origins: ['user:*'], asserts: ALL });
    expect(await ask(one(REPORT, ['read']), delegated)).toMatchObject({ status: 400, json: { code: 3 } });
    const narrow = server.key({ id: 'narrow', roles: ['check'], origins: ['user:bob'], direct: true, asserts: ALL });
    expect(await ask(one(REPORT, ['read']), narrow)).toMatchObject({ status: 403, json: { code: 7 } });
    const author = server.key({ id: 'author', roles: ['author'], origins: ['user:*'], direct: true, asserts: ALL });
    expect(await ask(one(REPORT, ['read']), author)).toMatchObject({ status: 403, json: { code: 7 } });
  });

  it('an agent is never taken for a human', async () => {
    expect(await effects(REPORT, ['read'], { id: 'agent:planner', roles: ['employee'] })).toEqual({
      read: 'EFFECT_ALLOW',
    });
    expect(server.log.list({}, { limit: 1 }).records[0]?.request.actor).toBe('agent:planner');
  });

  it('takes names that no entity can have, and both spellings of members', async () => {
    const principal = { id: 'arn:aws:iam::1:user/x y', roles: ['employee'], policy_version: null };
    expect(
      await effects(
        { kind: 'report', id: '*/..', attr: { owner: 'arn:aws:iam::1:user/x y' }, policy_version: '' },
        ['edit'],
        principal,
      ),
    ).toEqual({ edit: 'EFFECT_ALLOW' });
    expect(server.log.list({}, { limit: 1 }).records[0]?.request).toMatchObject({
      actor: 'user:arn:aws:iam%3A%3A1:user/x%20y',
      resource: 'report:%2A/%2E%2E',
    });
  });

  it.each<[string, unknown]>([
    ['no principal', { resources: [{ actions: ['a'], resource: REPORT }] }],
    ['no resources', { principal: ANN, resources: [] }],
    ['no roles', { ...one(REPORT, ['read']), principal: { id: 'ann', roles: [] } }],
    ['an action twice', one(REPORT, ['read', 'read'])],
    ['no action', one(REPORT, [])],
    ['an unknown member', { ...one(REPORT, ['read']), actor: 'x' }],
    ['an empty id', one({ ...REPORT, id: '' }, ['read'])],
    ['a version with a blank', one({ ...REPORT, policyVersion: 'x y' }, ['read'])],
    ['a scope with an empty part', one({ ...REPORT, scope: 'a..b' }, ['read'])],
    ['an id that is too long', one({ ...REPORT, id: 'x'.repeat(300) }, ['read'])],
    ['a token without key sets', { ...one(REPORT, ['read']), auxData: { jwt: { token: 'a.b.c' } } }],
    ['51 resources', { principal: ANN, resources: Array(51).fill({ actions: ['read'], resource: REPORT }) }],
    [
      '51 actions',
      one(
        REPORT,
        Array.from({ length: 51 }, (_, index) => `a${index}`),
      ),
    ],
    ['no JSON', '{'],
    ['a list', []],
  ])('refuses %s', async (_, body) => {
    const before = server.log.list({}, { limit: 1 }).records[0]?.id;
    const reply = await ask(body);
    expect(reply).toMatchObject({ status: 400, json: { code: 3, message: expect.stringMatching(/\w+/) } });
    expect(server.log.list({}, { limit: 1 }).records[0]?.id).toBe(before);
  });

  it('has no other methods', async () => {
    expect(await server.ask('GET', '/api/check/resources', { key: full })).toMatchObject({
      status: 405,
      json: { code: 12 },
    });
  });
});

describe('the Cerbos door with strict semantics', () => {
  it('decides as everywhere: the model where no policy is about it, entities by their own names', async () => {
    const model = `model
  schema 1.1
type user
type document
  relations
    define owner: [user]
    define can_read: owner
`;
    await using server = openServer({ files: [{ path: 'model/main.fga', text: model }], dev: true });
    await server.ask('POST', '/stores/01HVMMBCMGZNT3SED4Z17ECXCA/write', {
      body: { writes: { tuple_keys: [{ user: 'user:alice', relation: 'owner', object: 'document:q3' }] } },
    });
    const check = async (id: string, resource: object) => {
      const body = { principal: { id, roles: ['x'] }, resources: [{ actions: ['read'], resource }] };
      return server.ask('POST', '/api/check/resources', { body });
    };
    const document = { kind: 'document', id: 'q3' };
    expect((await check(ALICE.id, document)).json.results[0].actions).toEqual({ read: 'EFFECT_ALLOW' });
    expect((await check('user:alice', document)).json.results[0].actions).toEqual({ read: 'EFFECT_ALLOW' });
    expect((await check('bob', document)).json.results[0].actions).toEqual({ read: 'EFFECT_DENY' });
    const refused = await check('a b', document);
    expect(refused).toMatchObject({ status: 400, json: { code: 3 } });
    expect(refused.json.message).toContain('principal.id');
    expect(await check('alice', { kind: 'a:b', id: 'x' })).toMatchObject({ status: 400 });
  });
});
