import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Running } from '../../src/cli/start-server.ts';
import { run, startWorld } from '../support/command.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
let server: Running;
let env: { readonly [name: string]: string };

beforeEach(async () => {
  world = makeSmallWorld();
  server = await startWorld(world, { seed: world.path('seed.yaml') });
  env = { BEHALF_URL: server.url };
});
afterEach(async () => {
  await server.close();
  world.remove();
});

const directories = () => ['--model', world.path('model'), '--policies', world.path('policies')];
const forbid = (): void =>
  world.write(
    'policies/document.yaml',
    `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: document
  version: default
  rules: [{ name: nobody-reads, actions: [read], effect: EFFECT_DENY, roles: [user] }]
`,
  );
const check = () =>
  run(['check', 'agent:planner', 'read', 'document:q3', '--for', 'user:alice', '--json'], { env }).then(
    ({ out }) => JSON.parse(out) as { readonly decision: boolean; readonly id: string },
  );

describe('publish, bundles, rollback', () => {
  test('a change is in force on the next call, is in the history, and can be taken back', async () => {
    expect((await check()).decision).toBe(true);
    const same = await run(['publish', ...directories()], { env });
    expect(same).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^unchanged: bundle sha256:[0-9a-f]{12} of 2 files/),
    });
    forbid();
    const published = await run(['publish', ...directories()], { env });
    expect(published).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^in force: bundle .* of 3 files, revision /),
    });
    expect((await check()).decision).toBe(false);

    const listed = await run(['bundles'], { env });
    expect(listed.out).toMatch(
      /^\* {2}sha256:\S+ {2}\S+Z {2}publish {2}by dev +3 files {2}\S+\.\d+\n {3}sha256:\S+ .* by operator/,
    );
    expect((await run(['rollback'], { env })).out).toMatch(/^in force: bundle \S+ again, revision /);
    expect((await check()).decision).toBe(true);
    expect((await run(['bundles', '--json'], { env })).out).toContain('"act": "rollback"');
  });

  test('every mistake is told where it stands, and the exit status is 1', async () => {
    world.write('policies/tool.yaml', 'apiVersion: api.cerbos.dev/v1\nresourcePolicy: { resource: tool, rules: 3 }\n');
    const refused = await run(['publish', ...directories()], { env });
    expect(refused.status).toBe(1);
    expect(refused.err).toContain(`${world.path('policies/tool.yaml')}:2:`);
    expect(refused.err).toContain('the bundle in force stays');
    expect((await check()).decision).toBe(true);
  });

  test('what would orphan relationships takes --allow-orphans', async () => {
    world.write(
      'model/model.fga',
      'model\n  schema 1.1\ntype user\ntype agent\ntype group\ntype document\ntype tool\n',
    );
    const refused = await run(['publish', ...directories()], { env });
    expect(refused).toMatchObject({ status: 1, err: expect.stringContaining('group:finance#member@user:alice') });
    expect((await run(['publish', ...directories(), '--allow-orphans'], { env })).status).toBe(0);
    expect((await check()).decision).toBe(false);
  });

  test('there is nothing to publish, and nothing to go back to', async () => {
    const nothing = await run(['publish', '--model', world.path('data'), '--policies', world.path('data')], { env });
    expect(nothing).toMatchObject({ status: 2, err: expect.stringContaining('no file of a model or policy') });
    expect(await run(['rollback'], { env })).toMatchObject({
      status: 2,
      err: expect.stringContaining('no bundle before'),
    });
    expect(await run(['rollback', 'sha256:00000000'], { env })).toMatchObject({
      status: 2,
      err: expect.stringContaining('not_found'),
    });
  });

  test('a bundle is listed and written out as it was', async () => {
    const listed = await run(['bundles', 'current'], { env });
    expect(listed.out).toMatch(
      /^sha256:[0-9a-f]{64}\n {2}model\/model\.fga {5}\d+ lines\n {2}policies\/tool\.yaml {2}\d+ lines\n$/,
    );
    const out = world.path('copy');
    expect((await run(['bundles', 'current', '--out', out], { env })).status).toBe(0);
    expect(readFileSync(`${out}/policies/tool.yaml`, 'utf8')).toBe(
      readFileSync(world.path('policies/tool.yaml'), 'utf8'),
    );
    expect(existsSync(`${out}/policies/delegations`)).toBe(false);
    expect(await run(['bundles', 'current', '--out', out], { env })).toMatchObject({
      status: 2,
      err: expect.stringContaining('not empty'),
    });
  });
});

describe('diff', () => {
  test('tells of every recorded decision that would flip, with both paths', async () => {
    const { id } = await check();
    forbid();
    const found = await run(['diff', 'current', world.directory], { env });
    expect(found.status).toBe(1);
    expect(found.out).toContain(`allowed → denied: agent:planner read document:q3 for user:alice (${id})`);
    expect(found.out).toContain('nobody-reads');
    expect(found.out).toMatch(/\n1 of 1 recorded decision would flip\n$/);
    expect((await run(['diff', 'current', 'current'], { env })).status).toBe(0);
    expect((await check()).decision).toBe(true);
  });

  test('decides a file of requests instead', async () => {
    forbid();
    const subject = { type: 'user', id: 'alice' };
    const lines = ['read', 'comment'].map((name) =>
      JSON.stringify({ subject, action: { name }, resource: { type: 'document', id: 'q3' } }),
    );
    world.write('requests.jsonl', `${lines.join('\n')}\n\n`);
    const found = await run(
      ['diff', 'current', world.directory, '--requests', world.path('requests.jsonl'), '--json'],
      { env },
    );
    expect(found.status).toBe(1);
    expect(JSON.parse(found.out)).toMatchObject({ compared: 2, flips: [{ request: 0 }] });
    world.write('requests.jsonl', `${lines[0]}\n{"subject":\n`);
    expect(
      await run(['diff', 'current', 'current', '--requests', world.path('requests.jsonl')], { env }),
    ).toMatchObject({
      status: 2,
      err: expect.stringContaining('requests.jsonl:2: the line is not JSON'),
    });
  });

  test('a bundle with errors, and what is no bundle at all, is a fault', async () => {
    world.write('policies/tool.yaml', 'apiVersion: nothing\n');
    const broken = await run(['diff', 'current', world.directory], { env });
    expect(broken).toMatchObject({ status: 2, err: expect.stringContaining(`${world.path('policies/tool.yaml')}:1:`) });
    expect(await run(['diff', 'current', 'nowhere'], { env })).toMatchObject({
      status: 2,
      err: expect.stringContaining('neither current'),
    });
    expect((await run(['diff', 'current', 'current', '--decisions', '0'], { env })).status).toBe(2);
  });
});
