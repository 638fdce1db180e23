import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALICE, asking, BOB, MAIL, MAILER, type Office, openOffice, Q3, READER } from '../office.ts';

let office: Office;
let mail: string;
let child: string;

beforeAll(async () => {
  office = await openOffice();
  mail = await office.delegate({
    ...MAIL,
    capabilities: [{ ...MAIL.capabilities[0], condition: 'request.context.size < 10' }],
    expires_at: '2030-01-05T00:00:00Z',
  });
  child = await office.delegate({
    parent: mail,
    to: 'agent:reader',
    capabilities: [{ actions: ['read'], resources: ['document:q3'] }],
  });
});
afterAll(() => office[Symbol.asyncDispose]());

function explain(body: unknown, accept = 'application/json', key: keyof Office['keys'] = 'auditor') {
  return office.ask('POST', '/v1/explain', { key: office.keys[key], body, headers: { accept } });
}

async function text(body: unknown): Promise<string> {
  const reply = await explain(body, 'text/plain');
  expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
  return reply.text
    .replaceAll(mail, 'dlg_1')
    .replaceAll(child, 'dlg_2')
    .replace(office.ledger.token(), 'REV')
    .replace(office.ledger.bundle.digest, 'BUNDLE');
}

describe('text', () => {
  test('an allow, hop by hop', async () => {
    expect(await text(asking(READER, 'read', ALICE, { size: 3 }))).toBe(`\
ALLOWED  agent:reader may read document:q3 on behalf of user:alice
  origin    vouched
  decided   2030-01-01T12:00:00Z at revision REV
  bundle    BUNDLE

✓ user:alice  (origin)
│     roles user
│     has can_read on document:q3
│       document:q3#owner@user:alice
│
✓ user:alice delegates to agent:mailer  (dlg_1 "mail for alice")
│     capability 1: mail, read on document:*
│     condition request.context.size < 10 is true
│     valid until 2030-01-05T00:00:00Z, 3 d 12 h left
▼
✓ agent:mailer  (on the path)
│     roles agent
│
✓ agent:mailer delegates to agent:reader  (dlg_2)
│     capability 1: read on document:q3
│     valid until 2030-01-05T00:00:00Z, 3 d 12 h left
▼
✓ agent:reader  (actor)
      roles agent
`);
  });

  test('a deny: the first failing hop marked, all reasons, what would have been needed', async () => {
    expect(await text(asking(READER, 'mail', ALICE, { size: 30, night: true }))).toBe(`\
DENIED  agent:reader may not mail document:q3 on behalf of user:alice
  reasons   condition_false, forbidden, not_covered
  origin    vouched
  decided   2030-01-01T12:00:00Z at revision REV
  bundle    BUNDLE

✓ user:alice  (origin)
│     roles user
│     has can_mail on document:q3
│       document:q3#owner@user:alice
│
✗ user:alice delegates to agent:mailer  (dlg_1 "mail for alice")  ✗ condition_false   <-- the first hop that fails
│     condition request.context.size < 10 is false
│     valid until 2030-01-05T00:00:00Z, 3 d 12 h left
▼
✗ agent:mailer  (on the path)  ✗ forbidden
│     roles agent
│     forbidden by rule no-agents-at-night of resource.document.vdefault
│       condition has(request.context.night) && request.context.night is true
│
✗ agent:mailer delegates to agent:reader  (dlg_2)  ✗ not_covered
│     no capability covers mail on document:q3
│     valid until 2030-01-05T00:00:00Z, 3 d 12 h left
▼
✗ agent:reader  (actor)  ✗ forbidden
      roles agent
      forbidden by rule no-agents-at-night of resource.document.vdefault
        condition has(request.context.night) && request.context.night is true

What would have been needed:
  1. delegation mail for alice, condition_false: a true condition: request.context.size < 10
  2. agent:mailer, forbidden: agent:mailer must not be forbidden: the deny rule no-agents-at-night of resource.document.vdefault
  3. delegation ${'dlg_2'}, not_covered: a capability that covers mail on document:q3; it has read on document:q3
  4. agent:reader, forbidden: agent:reader must not be forbidden: the deny rule no-agents-at-night of resource.document.vdefault
`);
  });

  test('no chain, and nothing but the request to blame', async () => {
    const drawn = await text(asking(READER, 'read', BOB));
    expect(drawn).toContain(
      'has can_read on document:q3\n│       document:q3#viewer@group:finance#member\n│       group:finance#member@user:bob',
    );
    expect(drawn).toContain('1. the request, no_chain: a delegation from user:bob to agent:reader');
    expect(drawn).not.toContain('<--');
  });

  test('nothing that was sent can move the cursor or add a line', async () => {
    const nasty = await office.delegate({
      ...MAIL,
      to: 'agent:nasty',
      condition: '"\u001b[2J" ==\n"\u202e"',
    });
    const drawn = await text(asking({ type: 'agent', id: 'nasty' }, 'mail', ALICE, { delegation: nasty }));
    expect(drawn).toContain('condition "\\u{1b}[2J" == "\\u{202e}" is false');
    expect(drawn).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('Mermaid', () => {
  test('a flowchart whose labels are escaped', async () => {
    const reply = await explain(asking(MAILER, 'mail', ALICE, { size: 30 }), 'text/vnd.mermaid');
    expect(reply.headers['content-type']).toBe('text/vnd.mermaid; charset=utf-8');
    expect(reply.text.replaceAll(mail, 'dlg_1')).toBe(`\
flowchart TD
  s0(["user:alice<br/>roles user<br/>has can_mail on document:q3<br/>document:q3#35;owner@user:alice"]):::pass
  s1["mail for alice (dlg_1)<br/>condition request.context.size #60; 10 is false<br/>valid until 2030-01-05T00:00:00Z, 3 d 12 h left<br/>✗ condition_false"]:::first
  s2(["agent:mailer<br/>roles agent<br/>deny rule no-agents-at-night of resource.document.vdefault does not apply<br/>condition has(request.context.night) #38;#38; request.context.night is false"]):::pass
  verdict{{"DENIED: mail document:q3<br/>condition_false"}}:::fail
  s0 --> s1
  s1 --> s2
  s2 --> verdict
  classDef pass fill:#e6f4ea,stroke:#1e7e34,color:#111
  classDef fail fill:#fdecea,stroke:#b3261e,color:#111
  classDef first fill:#fdecea,stroke:#b3261e,stroke-width:4px,color:#111
`);
  });
});

describe('JSON', () => {
  test('the same decision as a check, with path and shortfalls, and nothing is recorded', async () => {
    const body = asking(READER, 'mail', ALICE, { size: 3 });
    const before = office.log.list({}, { limit: 1 }).records[0]?.id;
    const { status, json } = await explain(body);
    expect(office.log.list({}, { limit: 1 }).records[0]?.id).toBe(before);
    const checked = await office.ask('POST', '/access/v1/evaluation', { key: office.keys.auditor, body });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      decision: checked.json.decision,
      reason: checked.json.context.reason,
      reasons: checked.json.context.reasons,
      request: {
        actor: 'agent:reader',
        origin: 'user:alice',
        proof: 'vouched',
        action: 'mail',
        resource: 'document:q3',
      },
      chain: { delegation: child, allowed: false },
      others: [],
      at: '2030-01-01T12:00:00.000Z',
      revision: office.ledger.token(),
      bundle: office.ledger.bundle.digest,
      redacted: false,
    });
    expect(json.shortfalls[0]).toEqual({
      step: 3,
      where: `delegation ${child}`,
      reason: 'not_covered',
      needed: 'a capability that covers mail on document:q3; it has read on document:q3',
    });
    expect(json.chain.steps[1].expires_at).toBe('2030-01-05T00:00:00.000Z');
    expect(json.recorded).toBeUndefined();
  });

  test('a recorded decision is walked again at its own revision, whatever came after', async () => {
    const body = asking(MAILER, 'mail', ALICE, { size: 3 });
    const checked = await office.ask('POST', '/access/v1/evaluation', { key: office.keys.gateway, body });
    const { id, revision } = checked.json.context;
    const other = await office.delegate({ ...MAIL, to: 'agent:other' });
    await office.ask('POST', `/v1/delegations/${other}/revoke`, { key: office.keys.admin, body: { reason: 'x' } });
    await office.ask('POST', '/v1/entities/agent/mailer/suspend', { key: office.keys.admin });
    const url = `/v1/decisions/${id}/explain`;
    const reply = await office.ask('GET', url, { key: office.keys.auditor });
    expect(reply.json).toMatchObject({ decision: true, revision, recorded: { id, caller: 'gateway', decision: true } });
    const drawn = await office.ask('GET', url, { key: office.keys.auditor, headers: { accept: 'text/plain' } });
    expect(drawn.text).toContain(`recorded as ${id}`);
    expect((await explain(body)).json.reasons).toContain('suspended');
    await office.ask('POST', '/v1/entities/agent/mailer/resume', { key: office.keys.admin });
  });
});

describe('who may see what', () => {
  test('a principal sees itself and the edges that it made or holds, and nothing of the rest', async () => {
    const alice = await office.ask('POST', '/v1/explain', {
      key: office.key({
        id: 'alice-asks',
        roles: ['check'],
        principal: 'agent:reader',
        origins: ['user:*'],
        vouches: ['user:*'],
      }),
      body: asking(READER, 'mail', ALICE, { size: 30 }),
    });
    expect(alice.json.redacted).toBe(true);
    expect(
      alice.json.chain.steps.map(
        (step: { delegation?: string; principal?: string }) => step.delegation ?? step.principal,
      ),
    ).toEqual([child, 'agent:reader']);
    expect(
      alice.json.shortfalls.map(({ step, where }: { step: number; where: string }) => [step, where]),
    ).toContainEqual([0, `delegation ${child}`]);
    expect(alice.text).not.toContain('size < 10');
    expect(alice.text).not.toContain(mail);
  });

  test.each(['gateway', 'author'] as const)('%s sees nothing: 403', async (key) => {
    expect((await explain(asking(MAILER, 'mail'), 'application/json', key)).status).toBe(403);
  });

  test('a malformed question is a problem, whatever format was wanted', async () => {
    const reply = await explain({ ...asking(MAILER, 'mail'), resource: { ...Q3, id: 'a b' } }, 'text/plain');
    expect([reply.status, reply.json.code, reply.json.errors[0].field]).toEqual([400, 'invalid', 'resource']);
  });
});
