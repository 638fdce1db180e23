import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceFile } from '../../src/engine/bundles/publish.ts';
import { openServer, type ServerUnderTest } from '../wire/server-under-test.ts';

/**
 * The decisions of AuthZEN's Todo interoperability scenario, through the HTTP door, on a policy of our own: everybody
 * reads, editors make todos and change and delete their own, admins delete any, and evil geniuses change any.
 */
const TODO: readonly SourceFile[] = [
  policy('user', [{ actions: ['can_read_user'], roles: ['user'] }]),
  policy('todo', [
    { actions: ['can_read_todos'], roles: ['user'] },
    { actions: ['can_create_todo'], roles: ['admin', 'editor'] },
    { actions: ['can_update_todo'], roles: ['evil_genius'] },
    { actions: ['can_delete_todo'], roles: ['admin'] },
    {
      actions: ['can_update_todo', 'can_delete_todo'],
      roles: ['editor'],
      condition: { match: { expr: 'R.attr.ownerID == P.attr.email' } },
    },
  ]),
];

function policy(resource: string, rules: readonly object[]): SourceFile {
  const allowing = rules.map((rule) => ({ ...rule, effect: 'EFFECT_ALLOW' }));
  const document = {
    apiVersion: 'api.cerbos.dev/v1',
    resourcePolicy: { resource, version: 'default', rules: allowing },
  };
  return { path: `policies/${resource}.json`, text: JSON.stringify(document) };
}

/** The subjects of the scenario (https://authzen-interop.net/docs/scenarios/todo), as its identity provider knows them. */
const SUBJECTS = [
  ['CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'rick@the-citadel.com', ['admin', 'evil_genius']],
  ['CiRmZDE2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'morty@the-citadel.com', ['editor']],
  ['CiRmZDI2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'summer@the-smiths.com', ['editor']],
  ['CiRmZDM2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'beth@the-smiths.com', ['viewer']],
  ['CiRmZDQ2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'jerry@the-smiths.com', ['viewer']],
] as const;

interface Suite {
  readonly evaluation: readonly { readonly request: Request; readonly expected: boolean }[];
  readonly evaluations?: readonly {
    readonly request: Request;
    readonly expected: readonly { readonly decision: boolean }[];
  }[];
}

interface Request {
  readonly action?: { readonly name: string };
}

const file = resolve(
  process.env.BEHALF_SUITES ?? resolve(import.meta.dirname, '../../../shared/suites'),
  'authzen/todo-decisions.json',
);

describe('AuthZEN: the Todo scenario', () => {
  if (!existsSync(file)) {
    if (process.env.CI !== undefined) it('is there', () => expect.fail(`${file} is missing: set BEHALF_SUITES`));
    else it.skip(`${file} is missing`, () => {});
    return;
  }
  const suite = JSON.parse(readFileSync(file, 'utf8')) as Suite;
  let server: ServerUnderTest;
  let key: string;

  beforeAll(async () => {
    server = openServer({ files: TODO });
    const author = server.key({ id: 'author', roles: ['author'] });
    key = server.key({ id: 'todo-backend', roles: ['check'], origins: ['user:*'], direct: true });
    for (const [id, email, roles] of SUBJECTS) {
      const body = { roles, attributes: { email } };
      const put = await server.ask('PUT', `/v1/entities/user/${id}`, { key: author, body });
      expect(put.status, put.text).toBe(200);
    }
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('has decisions', () => {
    expect(suite.evaluation.length).toBeGreaterThan(0);
  });

  it.each(suite.evaluation.map((one, index) => [index, one.request.action?.name, one] as const))(
    'evaluation %i: %s',
    async (_index, _name, { request, expected }) => {
      const reply = await server.ask('POST', '/access/v1/evaluation', { key, body: request });
      expect([reply.status, reply.json.decision]).toEqual([200, expected]);
    },
  );

  it.each((suite.evaluations ?? []).map((one, index) => [index, one] as const))(
    'evaluations %i',
    async (_index, { request, expected }) => {
      const reply = await server.ask('POST', '/access/v1/evaluations', { key, body: request });
      expect(reply.status).toBe(200);
      const decisions = reply.json.evaluations.map(({ decision }: { decision: boolean }) => ({ decision }));
      expect(decisions).toEqual(expected);
    },
  );
});
