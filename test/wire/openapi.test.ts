import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALICE, asking, MAIL, MAILER, type Office, openOffice, Q3, READER } from './office.ts';
import type { Reply } from './server-under-test.ts';
import { STORE_ID } from './server-under-test.ts';

let office: Office;
// biome-ignore lint/suspicious/noExplicitAny: a document of many shapes
let document: any;

beforeAll(async () => {
  office = await openOffice();
  document = (await office.ask('GET', '/openapi.json')).json;
});
afterAll(() => office[Symbol.asyncDispose]());

/** The schema that the description gives for an answer, closed: what it does not name must not be there. */
function schemaOf(path: string, method: string, status: number): object {
  const { responses } = document.paths[path][method];
  const response = responses[status] ?? responses[`${Math.floor(status / 100)}XX`];
  const [content] = Object.values<{ schema: object }>(response.content);
  if (content === undefined) throw new Error(`${method} ${path} ${status} is not described`);
  return closed(content.schema) as object;
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isClosable = copy.type === 'object' && Object.keys(copy.properties ?? {}).length > 0;
  return isClosable ? { additionalProperties: false, ...copy } : copy;
}

function matches(reply: Reply, path: string, method: string): void {
  const schema = Compile(schemaOf(path, method, reply.status));
  expect([...schema.Errors(reply.json)], `${method} ${path} ${reply.status}`).toEqual([]);
}

test('it is OpenAPI 3.1, and every route is in it', () => {
  expect(document.openapi).toBe('3.1.0');
  const routes = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(routes.sort()).toEqual(
    [
      'get /.well-known/authzen-configuration',
      'post /access/v1/evaluation',
      'post /access/v1/evaluations',
      'post /access/v1/search/subject',
      'post /access/v1/search/resource',
      'post /access/v1/search/action',
      'get /healthz',
      'get /readyz',
      'post /v1/delegations',
      'get /v1/delegations',
      'get /v1/delegations/{id}',
      'post /v1/delegations/{id}/revoke',
      'post /v1/delegations/{id}/activations',
      'delete /v1/delegations/{id}/activations/{activation}',
      'get /v1/audit/checkpoint',
      'get /v1/audit/consistency',
      'get /v1/decisions/{id}/proof',
      'post /v1/explain',
      'get /v1/reach',
      'get /v1/decisions',
      'get /v1/decisions/summary',
      'get /v1/decisions/{id}',
      'get /v1/decisions/{id}/explain',
      'post /v1/decisions/{id}/replay',
      'post /v1/audit/replay',
      'get /v1/audit/report',
      'get /v1/entities',
      'patch /v1/entities/{type}/{id}',
      'put /v1/entities/{type}/{id}',
      'get /v1/entities/{type}/{id}',
      'delete /v1/entities/{type}/{id}',
      'post /v1/entities/{type}/{id}/suspend',
      'post /v1/entities/{type}/{id}/resume',
      'get /v1/bundles',
      'post /v1/bundles',
      'get /v1/bundles/{digest}',
      'post /v1/bundles/{digest}/rollback',
      'post /v1/bundles/diff',
      'get /v1/caller',
      'get /v1/callers',
      'get /v1/changes',
      'post /v1/callers',
      'delete /v1/callers/{id}',
      'get /api/server_info',
      'get /_cerbos/health',
      'post /api/check/resources',
      'post /api/plan/resources',
      'get /stores',
      'get /stores/{store}',
      'post /stores/{store}/write',
      'post /stores/{store}/read',
      'get /stores/{store}/changes',
      'post /stores/{store}/authorization-models',
      'get /stores/{store}/authorization-models',
      'get /stores/{store}/authorization-models/{id}',
      'post /stores/{store}/check',
      'post /stores/{store}/batch-check',
      'post /stores/{store}/list-objects',
      'post /stores/{store}/streamed-list-objects',
      'post /stores/{store}/list-users',
      'post /stores/{store}/expand',
    ].sort(),
  );
});

test('what is sent is what is described', async () => {
  const admin = { key: office.keys.admin };
  const auditor = { key: office.keys.auditor };
  const author = { key: office.keys.author };
  const made = await office.ask('POST', '/v1/delegations', {
    ...admin,
    body: { ...MAIL, activation: 'session', expires_at: '2030-02-01T00:00:00Z', onward_to: ['agent:*'] },
  });
  matches(made, '/v1/delegations', 'post');
  const { id } = made.json.delegation;
  const child = {
    parent: id,
    to: 'agent:reader',
    capabilities: [{ actions: ['read'], resources: ['document:q3'], condition: 'true' }],
  };
  await office.delegate(child);
  const activation = await office.ask('POST', `/v1/delegations/${id}/activations`, {
    key: office.keys.alice,
    body: { origin: 'user:alice' },
  });
  matches(activation, '/v1/delegations/{id}/activations', 'post');
  const checked = await office.ask('POST', '/access/v1/evaluation', { ...auditor, body: asking(READER, 'mail') });
  matches(checked, '/access/v1/evaluation', 'post');
  matches(await office.ask('GET', '/v1/reach?resource=document:q3&action=mail&limit=1', auditor), '/v1/reach', 'get');
  for (const [target, looked] of [
    ['subject', { subject: { type: 'agent' }, action: { name: 'mail' }, resource: Q3 }],
    ['resource', { subject: MAILER, action: { name: 'mail' }, resource: { type: 'document' } }],
    ['action', { subject: MAILER, resource: Q3 }],
  ] as const) {
    const body = { ...looked, context: { on_behalf_of: ALICE } };
    const path = `/access/v1/search/${target}`;
    matches(await office.ask('POST', path, { ...auditor, body }), path, 'post');
  }
  matches(await office.ask('POST', '/v1/explain', { ...auditor, body: asking(READER, 'mail') }), '/v1/explain', 'post');
  const decision = `/v1/decisions/${checked.json.context.id}`;
  matches(await office.ask('GET', decision, auditor), '/v1/decisions/{id}', 'get');
  matches(await office.ask('GET', `${decision}/explain`, auditor), '/v1/decisions/{id}/explain', 'get');
  matches(await office.ask('GET', '/v1/decisions', auditor), '/v1/decisions', 'get');
  const revoked = await office.ask('POST', `/v1/delegations/${id}/revoke`, { ...admin, body: { reason: 'x' } });
  matches(revoked, '/v1/delegations/{id}/revoke', 'post');
  matches(await office.ask('POST', `${decision}/replay`, auditor), '/v1/decisions/{id}/replay', 'post');
  matches(
    await office.ask('POST', '/v1/audit/replay', { ...auditor, body: { sample: 1 } }),
    '/v1/audit/replay',
    'post',
  );
  const period = 'from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z';
  matches(await office.ask('GET', `/v1/audit/report?${period}`, auditor), '/v1/audit/report', 'get');
  matches(await office.ask('GET', `/v1/delegations/${id}`, admin), '/v1/delegations/{id}', 'get');
  matches(await office.ask('GET', '/v1/delegations', admin), '/v1/delegations', 'get');
  matches(
    await office.ask('PATCH', '/v1/entities/user/x', { ...author, body: { attributes: { a: null, b: 2 } } }),
    '/v1/entities/{type}/{id}',
    'patch',
  );
  matches(await office.ask('GET', '/v1/entities?limit=1', author), '/v1/entities', 'get');
  matches(
    await office.ask('PUT', '/v1/entities/user/x', { ...author, body: { attributes: { a: 1 } } }),
    '/v1/entities/{type}/{id}',
    'put',
  );
  matches(
    await office.ask('POST', '/v1/callers', { ...admin, body: { id: 'x', roles: ['check'] } }),
    '/v1/callers',
    'post',
  );
  matches(await office.ask('GET', '/v1/bundles', author), '/v1/bundles', 'get');
  matches(await office.ask('GET', '/v1/bundles/current', author), '/v1/bundles/{digest}', 'get');
  const { files } = (await office.ask('GET', '/v1/bundles/current', author)).json;
  matches(await office.ask('POST', '/v1/bundles', { ...author, body: { files } }), '/v1/bundles', 'post');
  const [model] = files;
  const empty = { files: [model] };
  matches(
    await office.ask('POST', '/v1/bundles/diff', { ...auditor, body: { old: 'current', new: empty } }),
    '/v1/bundles/diff',
    'post',
  );
  matches(await office.ask('GET', '/v1/callers', admin), '/v1/callers', 'get');
  matches(await office.ask('GET', '/v1/changes', auditor), '/v1/changes', 'get');
  matches(await office.ask('GET', '/v1/caller', { key: office.keys.mailer }), '/v1/caller', 'get');
  matches(await office.ask('GET', '/readyz'), '/readyz', 'get');
  matches(await office.ask('GET', '/stores', author), '/stores', 'get');
  matches(
    await office.ask('POST', `/stores/${STORE_ID}/read`, { ...author, body: {} }),
    '/stores/{store}/read',
    'post',
  );
});

test('refusals are what is described', async () => {
  const unreadable = { files: [{ path: 'model/a.fga', text: 'modell' }] };
  matches(
    await office.ask('POST', '/v1/bundles', { key: office.keys.author, body: unreadable }),
    '/v1/bundles',
    'post',
  );
  matches(await office.ask('POST', '/v1/delegations', { key: office.keys.admin, body: {} }), '/v1/delegations', 'post');
  matches(
    await office.ask('POST', '/access/v1/evaluation', { body: asking(MAILER, 'mail') }),
    '/access/v1/evaluation',
    'post',
  );
  matches(await office.ask('POST', `/stores/${STORE_ID}/read`, { body: {} }), '/stores/{store}/read', 'post');
});
