import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, startWorld, tryStart } from '../support/command.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;

beforeAll(() => {
  world = makeSmallWorld();
});
afterAll(() => world.remove());

const log = () => world.path('data/decisions');
const MAIN = join(import.meta.dirname, '../../src/main.ts');

function hmac(input: string, ...args: string[]) {
  const made = spawnSync(process.execPath, [MAIN, 'audit', 'hmac', ...args], { input, encoding: 'utf8' });
  return { status: made.status, out: made.stdout.trim(), err: made.stderr };
}

test('a server writes no value that is redacted, tells so, and the key finds equal ones', async () => {
  const rules = world.path('redact.txt');
  writeFileSync(rules, 'request.context.*.email omit # of people\n');
  const server = await startWorld(world, {
    seed: world.path('seed.yaml'),
    log_redact: 'request.context.card hmac',
    log_redact_file: rules,
  });
  const answer = await fetch(`${server.url}/access/v1/evaluation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      subject: { type: 'agent', id: 'planner' },
      action: { name: 'read' },
      resource: { type: 'document', id: 'q3' },
      context: {
        on_behalf_of: { type: 'user', id: 'alice' },
        card: '4111-1111',
        person: { email: 'alice@example.com' },
      },
    }),
  });
  const { context } = (await answer.json()) as { readonly context: { readonly id: string } };
  const read = async (path: string) => (await fetch(`${server.url}${path}`)).json() as Promise<object>;
  const keyFile = world.path('data/redact.key');
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  const { out } = hmac('"4111-1111"', '--key', keyFile);
  expect(hmac('4111-1111\n', '--key', keyFile, '--text').out).toBe(out);
  expect(await read(`/v1/decisions/${context.id}`)).toMatchObject({
    request: { context: { card: out, person: {} } },
    redacted: ['request.context.card', 'request.context.*.email'],
  });
  const replay = await fetch(`${server.url}/v1/decisions/${context.id}/replay`, { method: 'POST' });
  expect(await replay.text()).toContain('"because":"redacted"');
  await server.close();
  for (const name of readdirSync(log())) {
    const bytes = readFileSync(join(log(), name));
    expect(bytes.includes('4111-1111') || bytes.includes('alice@example.com')).toBe(false);
  }
  expect((await run(['audit', 'verify', '--log', log()])).status).toBe(0);
});

test('hmac says what is wrong with a value and a key', () => {
  const keyFile = world.path('some.key');
  writeFileSync(keyFile, 'ab'.repeat(32), { mode: 0o600 });
  expect(hmac('4111-1111', '--key', keyFile)).toMatchObject({ status: 2, err: expect.stringContaining('--text') });
  writeFileSync(keyFile, 'short');
  expect(hmac('1', '--key', keyFile).err).toContain('openssl rand -hex 32');
  chmodSync(keyFile, 0o644);
  expect(hmac('1', '--key', keyFile).err).toContain('chmod 600');
});

test('a rule that cannot be read keeps the server from starting, and says what is right', async () => {
  const started = await tryStart(world, { log_redact: 'request.contxt.card omit' });
  expect(started).toMatchObject({ ok: false, error: { message: expect.stringContaining('request.context,') } });
  const missing = await tryStart(world, { log_redact_file: world.path('none.txt') });
  expect(missing).toMatchObject({ ok: false, error: { message: expect.stringContaining('log_redact_file') } });
});

test('prune says what it removes, and what it takes', async () => {
  const pruned = await run(['audit', 'prune', '--log', log(), '--before', '2999-01-01T00:00:00Z', '--dry-run']);
  expect(pruned).toMatchObject({ status: 0, out: '0 segments, 0.0 MiB; the log would begin with record 1\n' });
  const wrong = await run(['audit', 'prune', '--log', log(), '--before', 'yesterday']);
  expect(wrong).toMatchObject({ status: 2, err: expect.stringContaining('RFC 3339') });
});
