import { expect, test } from 'vitest';
import { ALICE, asking, MAIL, MAILER, type Office, openOffice } from '../office.ts';
import { logLike } from '../server-under-test.ts';

interface Gate {
  /** Records that came to the log. */
  arrived: number;
  hold(): void;
  release(): void;
}

/** An office whose records wait at a gate before the real log takes them. */
async function openHeld(): Promise<{ office: Office; gate: Gate }> {
  const held: (() => void)[] = [];
  let open = true;
  const gate: Gate = {
    arrived: 0,
    hold: () => {
      open = false;
    },
    release: () => {
      open = true;
      for (const go of held.splice(0)) go();
    },
  };
  const office = await openOffice({
    wrapLog: (log) =>
      logLike(log, {
        append: async (entry) => {
          gate.arrived += 1;
          if (!open) await new Promise<void>((resolve) => held.push(resolve));
          return log.append(entry);
        },
      }),
  });
  return { office, gate };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const EVALUATION = '/access/v1/evaluation';

test('an allow that waits for its record while a revocation is acknowledged leaves as a deny (invariant 36)', async () => {
  const { office, gate } = await openHeld();
  await using _office = office;
  const delegation = await office.delegate(MAIL);
  const body = asking(MAILER, 'mail', ALICE);

  gate.hold();
  const arrived = gate.arrived;
  const waiting = office.ask('POST', EVALUATION, { key: office.keys.auditor, body });
  await until(() => gate.arrived > arrived);

  const revoked = await office.ask('POST', `/v1/delegations/${delegation}/revoke`, {
    key: office.keys.alice,
    body: { reason: 'changed my mind' },
  });
  expect(revoked.status).toBe(200);
  gate.release();

  const reply = await waiting;
  expect(reply.json).toMatchObject({
    decision: false,
    context: { reason: 'revoked', revision: revoked.json.revision },
  });
  const [second, first] = office.log.list({ actor: 'agent:mailer' }, { limit: 10 }).records;
  expect(first).toMatchObject({ decision: { allowed: true } });
  expect(second).toMatchObject({ id: reply.json.context.id, supersedes: first?.id, decision: { allowed: false } });
});

test('an allow that waits while something else changes is decided again, and allowed', async () => {
  const { office, gate } = await openHeld();
  await using _office = office;
  await office.delegate(MAIL);
  gate.hold();
  const arrived = gate.arrived;
  const waiting = office.ask('POST', EVALUATION, { key: office.keys.gateway, body: asking(MAILER, 'mail') });
  await until(() => gate.arrived > arrived);
  const written = await office.ask('PUT', '/v1/entities/document/other', { key: office.keys.author, body: {} });
  gate.release();
  const reply = await waiting;
  expect(reply.json).toMatchObject({ decision: true, context: { revision: written.json.revision } });
});

test('a revocation counts on the very next call, and so does a suspension', async () => {
  await using office = await openOffice();
  const delegation = await office.delegate(MAIL);
  const ask = () => office.ask('POST', EVALUATION, { key: office.keys.gateway, body: asking(MAILER, 'mail') });
  const admin = { key: office.keys.admin };
  expect((await ask()).json.decision).toBe(true);
  await office.ask('POST', '/v1/entities/agent/mailer/suspend', admin);
  expect((await ask()).json.decision).toBe(false);
  await office.ask('POST', '/v1/entities/agent/mailer/resume', admin);
  expect((await ask()).json.decision).toBe(true);
  await office.ask('POST', `/v1/delegations/${delegation}/revoke`, { ...admin, body: { reason: 'over' } });
  expect((await ask()).json.decision).toBe(false);
});
