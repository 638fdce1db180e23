import type { SourceFile } from '../../src/engine/bundles/publish.ts';
import { type Options, openServer, type ServerUnderTest, STORE_ID } from './server-under-test.ts';

/**
 * A small office: documents with owners and viewers, a finance group, agents. Reading and mailing go by
 * relationship, archiving by policy, printing by neither; no agent mails at night.
 */
export const OFFICE: readonly SourceFile[] = [
  {
    path: 'model/main.fga',
    text: `model
  schema 1.1

type user

type agent

type group
  relations
    define member: [user]

type document
  relations
    define owner: [user]
    define viewer: [user, group#member]
    define blocked: [user, agent]
    define can_read: (owner or viewer) but not blocked
    define can_mail: owner but not blocked
`,
  },
  {
    path: 'policies/document.yaml',
    text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: document
  version: default
  rules:
    - name: final-is-archived
      actions: [archive]
      effect: EFFECT_ALLOW
      roles: [user]
      condition:
        match:
          expr: R.attr.state == "final"
    - name: no-agents-at-night
      actions: [mail]
      effect: EFFECT_DENY
      roles: [agent]
      condition:
        match:
          expr: has(request.context.night) && request.context.night
`,
  },
];

export const ALICE = { type: 'user', id: 'alice' };
export const BOB = { type: 'user', id: 'bob' };
export const MAILER = { type: 'agent', id: 'mailer' };
export const READER = { type: 'agent', id: 'reader' };
export const Q3 = { type: 'document', id: 'q3' };

/** May `agent` do `name` to `resource` for `origin`? As AuthZEN says it. */
export function asking(
  agent: object,
  name: string,
  origin: object = ALICE,
  context: object = {},
  resource: object = Q3,
) {
  return { subject: agent, action: { name }, resource, context: { on_behalf_of: origin, ...context } };
}

export interface Office extends ServerUnderTest {
  /** Keys: an administrator, an author, an auditor, a gateway that vouches for users, and three principals. */
  readonly keys: {
    readonly [name in 'admin' | 'author' | 'auditor' | 'gateway' | 'alice' | 'bob' | 'mailer']: string;
  };
  /** Makes a delegation as the administrator and returns its id. */
  delegate(draft: object): Promise<string>;
}

/** Mail and read, from alice to the mailer, who may hand it on once. */
export const MAIL = {
  name: 'mail for alice',
  from: 'user:alice',
  to: 'agent:mailer',
  max_depth: 1,
  capabilities: [{ actions: ['mail', 'read'], resources: ['document:*'] }],
};

export async function openOffice(options: Partial<Options> = {}): Promise<Office> {
  const server = openServer({ files: OFFICE, ...options });
  const gateway = { actors: ['agent:*'], origins: ['user:*'], vouches: ['user:*'] };
  const keys: Office['keys'] = {
    admin: server.key({ id: 'admin', roles: ['administer'] }),
    author: server.key({ id: 'author', roles: ['author'] }),
    auditor: server.key({ id: 'auditor', roles: ['audit', 'check'], ...gateway }),
    gateway: server.key({ id: 'gateway', roles: ['check'], ...gateway }),
    alice: server.key({ id: 'alice', roles: ['check', 'delegate'], principal: 'user:alice' }),
    bob: server.key({ id: 'bob', roles: ['check', 'delegate'], principal: 'user:bob' }),
    mailer: server.key({ id: 'mailer', roles: ['check', 'delegate'], principal: 'agent:mailer', origins: ['user:*'] }),
  };
  const tuple_keys = [
    { user: 'user:alice', relation: 'owner', object: 'document:q3' },
    { user: 'group:finance#member', relation: 'viewer', object: 'document:q3' },
    { user: 'user:bob', relation: 'member', object: 'group:finance' },
  ];
  const written = await server.ask('POST', `/stores/${STORE_ID}/write`, {
    key: keys.author,
    body: { writes: { tuple_keys } },
  });
  if (written.status !== 200) throw new Error(written.text);
  return {
    ...server,
    keys,
    delegate: async (draft) => {
      const made = await server.ask('POST', '/v1/delegations', { key: keys.admin, body: draft });
      if (made.status !== 201) throw new Error(made.text);
      return made.json.delegation.id;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
