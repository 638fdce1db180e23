import { HTTP } from '@cerbos/http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServer, type ServerUnderTest } from '../server-under-test.ts';

/** `POST /api/plan/resources`, as the official client sends it and as it stands on the wire. */

const POLICY = `
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: leave_request
  version: default
  rules:
    - actions: [view]
      effect: EFFECT_ALLOW
      roles: [employee]
      condition: { match: { expr: R.attr.owner == P.id } }
    - actions: [view]
      effect: EFFECT_DENY
      roles: ['*']
      condition: { match: { expr: R.attr.status == "DRAFT" } }
    - { actions: [create], effect: EFFECT_ALLOW, roles: [employee] }
    - actions: [odd]
      effect: EFFECT_ALLOW
      roles: [employee]
      condition: { match: { expr: R.attr.?owner.orValue("") == P.id } }
`;
const MODEL = `
model
  schema 1.1
type user
type wiki
  relations
    define viewer: [user]
    define can_read: viewer
`;
const PLAN = '/api/plan/resources';

describe.each(['cerbos', 'strict'] as const)('with the semantics %s', (semantics) => {
  let server: ServerUnderTest;
  let client: HTTP;

  beforeAll(async () => {
    const files = [
      { path: 'policies/leave.yaml', text: POLICY },
      { path: 'policies/behalf.yaml', text: `semantics: ${semantics}\n` },
    ];
    server = openServer({ files, dev: true });
    client = new HTTP(await server.app.listen({ port: 0, host: '127.0.0.1' }));
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const principal = { id: 'alice', roles: ['employee'] };

  it('gives the official client a condition', async () => {
    const plan = await client.planResources({
      principal,
      resource: { kind: 'leave_request' },
      actions: ['view'],
      includeMetadata: true,
    });
    expect(plan.kind).toBe('KIND_CONDITIONAL');
    expect(plan.metadata?.conditionString).toBe(
      '(and (not (eq request.resource.attr.status "DRAFT")) (eq request.resource.attr.owner "alice"))',
    );
  });

  it('puts in what is known of the resources', async () => {
    const planned = (attr: { owner: string; status: string }) =>
      client.planResources({ principal, resource: { kind: 'leave_request', attr }, actions: ['view', 'create'] });
    expect((await planned({ owner: 'alice', status: 'SENT' })).kind).toBe('KIND_ALWAYS_ALLOWED');
    expect((await planned({ owner: 'alice', status: 'DRAFT' })).kind).toBe('KIND_ALWAYS_DENIED');
    expect((await planned({ owner: 'bob', status: 'SENT' })).kind).toBe('KIND_ALWAYS_DENIED');
  });

  it('answers what was asked, with the names of the wire', async () => {
    const resource = { kind: 'leave_request', policyVersion: 'default', attr: { status: 'SENT' } };
    const body = { requestId: 'r1', action: 'view', principal, resource, includeMeta: true };
    const reply = await server.ask('POST', PLAN, { body });
    expect(reply).toMatchObject({ status: 200 });
    const own = {
      expression: { operator: 'eq', operands: [{ variable: 'request.resource.attr.owner' }, { value: 'alice' }] },
    };
    expect(reply.json).toEqual({
      requestId: 'r1',
      action: 'view',
      resourceKind: 'leave_request',
      policyVersion: 'default',
      filter: { kind: 'KIND_CONDITIONAL', condition: own },
      meta: { filterDebug: '(eq request.resource.attr.owner "alice")' },
      cerbosCallId: reply.headers['x-request-id'],
    });
  });

  it('joins several actions, and tells the scope of each', async () => {
    const body = { actions: ['create', 'view'], principal, resource: { kind: 'leave_request' }, includeMeta: true };
    const { json } = await server.ask('POST', PLAN, { body });
    expect(json).toMatchObject({ actions: ['create', 'view'], filter: { kind: 'KIND_CONDITIONAL' } });
    expect(json.meta.matchedScopes).toEqual({ create: '', view: '' });
    expect(json).not.toHaveProperty('action');
  });

  it('denies what no policy speaks of', async () => {
    const body = { action: 'burn', principal, resource: { kind: 'leave_request' }, includeMeta: true };
    const { json } = await server.ask('POST', PLAN, { body });
    expect(json.filter).toEqual({ kind: 'KIND_ALWAYS_DENIED' });
    expect(json.meta).toEqual({ filterDebug: 'NO_MATCH' });
  });

  it.each([
    ['neither action nor actions', { principal, resource: { kind: 'x' } }, /either action or actions/],
    ['both', { action: 'a', actions: ['b'], principal, resource: { kind: 'x' } }, /either action or actions/],
    ['an unknown member', { action: 'a', principal, resource: { kind: 'x' }, foo: 1 }, /foo/],
    ['no roles', { action: 'a', principal: { id: 'x', roles: [] }, resource: { kind: 'x' } }, /roles/],
    ['the same action twice', { actions: ['a', 'a'], principal, resource: { kind: 'x' } }, /actions/],
    ['what no filter can say', { action: 'odd', principal, resource: { kind: 'leave_request' } }, /optional values/],
  ])('refuses %s', async (_what, body, message) => {
    const reply = await server.ask('POST', PLAN, { body });
    expect(reply.status).toBe(400);
    expect(reply.json).toEqual({ code: 3, message: expect.stringMatching(message) });
  });
});

describe('beside a model', () => {
  it('refuses what relationships decide, for they have no filter', async () => {
    await using server = openServer({ files: [{ path: 'model/wiki.fga', text: MODEL }], dev: true });
    const body = { action: 'read', principal: { id: 'alice', roles: ['x'] }, resource: { kind: 'wiki' } };
    const reply = await server.ask('POST', PLAN, { body });
    expect(reply.status).toBe(400);
    expect(reply.json.message).toMatch(/relationships decide about read on wiki.*search/);
  });

  it('asks for the role check, and hides suspended people', async () => {
    await using server = openServer({ files: [{ path: 'policies/leave.yaml', text: POLICY }], dev: true });
    const author = server.key({ id: 'author', roles: ['author'] });
    const body = {
      action: 'create',
      principal: { id: 'alice', roles: ['employee'] },
      resource: { kind: 'leave_request' },
    };
    expect((await server.ask('POST', PLAN, { key: author, body })).status).toBe(403);
    expect((await server.ask('POST', PLAN, { body })).json.filter.kind).toBe('KIND_ALWAYS_ALLOWED');
    expect((await server.ask('POST', '/v1/entities/user/alice/suspend')).status).toBeLessThan(300);
    expect((await server.ask('POST', PLAN, { body })).json.filter.kind).toBe('KIND_ALWAYS_DENIED');
  });
});
