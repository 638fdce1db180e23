import { expect, test } from 'vitest';
import type { DecisionLog, StoredDecision } from '../../../src/audit/log.ts';
import { ALICE, asking, MAIL, MAILER, type Office, openOffice } from '../office.ts';

/** The real log, whose records wait at a gate before they are written. */
class HeldLog implements DecisionLog {
  arrived = 0;
  private readonly log: DecisionLog;
  private held: (() => void)[] = [];
  private open = true;

  constructor(log: DecisionLog) {
    this.log = log;
  }

  hold(): void {
    this.open = false;
  }

  release(): void {
    this.open = true;
    for (const go of this.held.splice(0)) go();
  }

  async append(entry: Parameters<DecisionLog['append']>[0]): Promise<StoredDecision> {
    this.arrived += 1;
    if (!this.open) await new Promise<void>((resolve) => this.held.push(resolve));
    return this.log.append(entry);
  }

  get(id: string) {
    return this.log.get(id);
  }

  list(...args: Parameters<DecisionLog['list']>) {
    return this.log.list(...args);
  }

  get healthy() {
    return this.log.healthy;
  }

  close() {
    return this.log.close();
  }
}

async function openHeld(): Promise<{ office: Office; held: HeldLog }> {
  let held: HeldLog | undefined;
  const office = await openOffice({
    wrapLog: (log) => {
      held = new HeldLog(log);
      return held;
    },
  });
  if (held === undefined) throw new Error('the log was not wrapped');
  return { office, held };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const EVALUATION = '/access/v1/evaluation';

test('an allow that waits for its record while a revocation is acknowledged leaves as a deny (invariant 36)', async () => {
  const { office, held } = await openHeld();
  await using _office = office;
  const delegation = await office.delegate(MAIL);
  const body = asking(MAILER, 'mail', ALICE);

  held.hold();
  const arrived = held.arrived;
  const waiting = office.ask('POST', EVALUATION, { key: office.keys.auditor, body });
  await until(() => held.arrived > arrived);

  const revoked = await office.ask('POST', `/v1/delegations/${delegation}/revoke`, {
    key: office.keys.alice,
    body: { reason: 'changed my mind' },
  });
  expect(revoked.status).toBe(200);
  held.release();

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
  const { office, held } = await openHeld();
  await using _office = office;
  await office.delegate(MAIL);
  held.hold();
  const arrived = held.arrived;
  const waiting = office.ask('POST', EVALUATION, { key: office.keys.gateway, body: asking(MAILER, 'mail') });
  await until(() => held.arrived > arrived);
  const written = await office.ask('PUT', '/v1/entities/document/other', { key: office.keys.author, body: {} });
  held.release();
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
