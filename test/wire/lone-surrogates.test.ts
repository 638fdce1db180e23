import { afterAll, expect, test } from 'vitest';
import { asking, BOB, MAILER, OFFICE } from './office.ts';
import { openServer } from './server-under-test.ts';

const server = openServer({ files: OFFICE, dev: true });
afterAll(() => server[Symbol.asyncDispose]());

const LONE = 'x\ud83d';
const question = asking(MAILER, 'read');
const cerbos = {
  principal: { id: 'alice', roles: ['user'] },
  resources: [{ actions: ['read'], resource: { kind: 'document', id: 'q3' } }],
};
const [entry] = cerbos.resources;

// The body is one text: whatever part of it cannot be recorded, nothing of it is decided.
const places: readonly [string, string, object][] = [
  ['action', '/access/v1/evaluation', { ...question, action: { name: LONE } }],
  ['property', '/access/v1/evaluation', { ...question, resource: { ...question.resource, properties: { a: LONE } } }],
  ['name of a property', '/access/v1/evaluation', { ...question, action: { name: 'x', properties: { [LONE]: 1 } } }],
  ['id', '/access/v1/evaluation', { ...question, subject: { ...BOB, id: LONE } }],
  ['role', '/access/v1/evaluation', { ...question, subject: { ...MAILER, properties: { roles: [LONE] } } }],
  ['delegation', '/access/v1/evaluation', asking(MAILER, 'read', undefined, { delegation: LONE })],
  ['scope', '/access/v1/evaluation', asking(MAILER, 'read', undefined, { scope: LONE })],
  ['open attribute', '/access/v1/evaluation', asking(MAILER, 'read', undefined, { open_attributes: [LONE] })],
  ['action (Cerbos)', '/api/check/resources', { ...cerbos, resources: [{ ...entry, actions: [LONE, 'x'] }] }],
  ['role (Cerbos)', '/api/check/resources', { ...cerbos, principal: { id: 'alice', roles: [LONE] } }],
  ['scope (Cerbos)', '/api/check/resources', { ...cerbos, principal: { ...cerbos.principal, scope: LONE } }],
  ['version (Cerbos)', '/api/check/resources', { ...cerbos, principal: { ...cerbos.principal, policyVersion: LONE } }],
];

test.each(places)(
  '%s: what cannot be recorded is a malformed request, not a fault of the log',
  async (_, url, body) => {
    const reply = await server.ask('POST', url, { body });
    expect([reply.status, reply.text]).toEqual([400, expect.any(String)]);
    expect(server.log.state.last.sequence).toBe(0);
  },
);
