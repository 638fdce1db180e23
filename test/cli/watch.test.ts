import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Running, startServer } from '../../src/cli/start-server.ts';
import { configOf, ROOMS } from '../support/command.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
let server: Running;
let told: string[];

beforeEach(async () => {
  world = makeSmallWorld();
  told = [];
  const started = await startServer(configOf(world, { watch: true }), ROOMS, Date.now, (text) => void told.push(text));
  if (!started.ok) throw new Error(started.error.message);
  server = started.value;
});
afterEach(async () => {
  await server.close();
  world.remove();
});

const policy = (amount: number | string): string => `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: tool
  version: default
  rules: [{ actions: [call], effect: EFFECT_ALLOW, roles: [user], condition: { match: { expr: R.attr.args.amount < ${amount} } } }]
`;

test('a change is published, a broken one refused with its errors while the last good bundle stays, and the repair published', async () => {
  const { digest } = server.ledger.bundle;
  world.write('policies/tool.yaml', policy(7));
  await vi.waitFor(() => expect(told.join('\n')).toMatch(/^published: bundle sha256:\S+ of 2 files, revision /), 5000);
  const good = server.ledger.bundle.digest;
  expect(good).not.toBe(digest);

  told.length = 0;
  world.write('policies/tool.yaml', policy('('));
  await vi.waitFor(() => expect(told.join('\n')).toContain('stays in force'), 5000);
  expect(told[0]).toBe('not published: 1 error');
  expect(told[1]).toMatch(/policies\/tool\.yaml:5:\d+: /);
  expect(server.ledger.bundle.digest).toBe(good);

  told.length = 0;
  world.write('policies/sub/tool.yaml', policy(9));
  rmSync(world.path('policies/tool.yaml'));
  await vi.waitFor(() => expect(told.at(-1)).toMatch(/^published: /), 5000);
});

test('delegations are not applied, and that is said', async () => {
  const { revision } = server.ledger;
  world.write('policies/delegations/more.yaml', 'delegations: []\n');
  await vi.waitFor(() => expect(told).toEqual([expect.stringContaining('behalf apply')]), 5000);
  expect(server.ledger.revision).toBe(revision);
});

test('what would orphan relationships is not published', async () => {
  await server.close();
  const config = configOf(world, { watch: true, seed: world.path('seed.yaml') });
  const started = await startServer(config, ROOMS, Date.now, (text) => void told.push(text));
  if (!started.ok) throw new Error(started.error.message);
  server = started.value;
  world.write('model/model.fga', 'model\n  schema 1.1\ntype user\ntype agent\ntype group\ntype document\ntype tool\n');
  await vi.waitFor(() => expect(told.join('\n')).toContain('would orphan 2 stored relationship(s)'), 5000);
});
