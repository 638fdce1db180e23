import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCallerStore } from '../../src/cli/caller-door.ts';
import { ROOMS, run, startWorld } from '../support/command.ts';
import { makeSmallWorld } from '../support/small-world.ts';

const world = makeSmallWorld();
let running: Awaited<ReturnType<typeof startWorld>>;
let env: { readonly [name: string]: string };

beforeAll(async () => {
  running = await startWorld(world, { seed: world.path('seed.yaml') });
  env = { BEHALF_URL: running.url };
});
afterAll(async () => {
  await running.close();
  world.remove();
});

const ask = (...args: readonly string[]) => run(args, { env });
const json = async (...args: readonly string[]) => JSON.parse((await ask(...args, '--json')).out);
const RESEARCH = ['agent:researcher', 'read', 'document:q3', '--for', 'user:alice'] as const;

describe('check', () => {
  test('exits 0 for an allow and says through whom', async () => {
    const { status, out, err } = await ask('check', ...RESEARCH);
    expect(status).toBe(0);
    expect(err).toBe('');
    const [verdict, path] = out.split('\n');
    expect(verdict).toBe('allowed: agent:researcher may read document:q3 for user:alice');
    expect(path).toBe('  path      user:alice → [planning] → agent:planner → [research] → agent:researcher');
    expect(out).toMatch(/\n {2}why {7}behalf why d_\w+_local\n$/);
  });

  test('exits 1 for a denial and names every hop that failed', async () => {
    const { status, out } = await ask('check', 'agent:researcher', 'comment', 'document:q3', '--for', 'user:alice');
    expect(status).toBe(1);
    expect(out).toContain('denied: agent:researcher may not comment document:q3 for user:alice');
    expect(out).toContain('  because   [research] not_covered\n');
  });

  test.each([
    ['an entity without a type', ['agent:a', 'read', 'q3'], 'the resource is "q3", which has no type'],
    ['a malformed entity', ['agent:a', 'read', 'document:a b'], 'invalid'],
    [
      'an argument without a value',
      ['agent:a', 'read', 'document:q3', '--arg', 'amount'],
      '--arg amount is not NAME=VALUE',
    ],
    ['a context that is no object', ['agent:a', 'read', 'document:q3', '--context', '[1]'], 'is not a JSON object'],
    ['a missing argument', ['agent:a', 'read'], "missing required argument 'resource'"],
    ['an unknown option', ['agent:a', 'read', 'document:q3', '--fro', 'user:alice'], "unknown option '--fro'"],
    ['a wrong key', ['agent:a', 'read', 'document:q3', '--key', 'bhf.nobody.x'], 'unauthenticated'],
    ['a revision that is none', ['agent:a', 'read', 'document:q3', '--revision', 'yesterday'], 'is not a revision'],
    ['no server', ['agent:a', 'read', 'document:q3', '--url', 'http://127.0.0.1:9'], 'is the server running?'],
    [
      'an address that is none',
      ['agent:a', 'read', 'document:q3', '--url', 'localhost'],
      'is not the address of a server',
    ],
  ])('exits 2 for %s', async (_name, args, message) => {
    const { status, out, err } = await ask('check', ...args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
  });

  test('arguments go to the tool, numbers as numbers', async () => {
    const pay = ['check', 'agent:planner', 'call', 'tool:erp/pay', '--for', 'user:alice'];
    expect((await ask(...pay, '--arg', 'amount=900')).status).toBe(0);
    expect((await ask(...pay, '--arg', 'amount=1000')).status).toBe(1);
    expect((await ask(...pay, '--arg', 'amount="900"')).status).toBe(1);
    expect((await ask(...pay)).status).toBe(1);
  });

  test('--json is the answer, whole', async () => {
    expect(await json('check', ...RESEARCH)).toMatchObject({
      decision: true,
      reason: 'allowed',
      id: expect.stringMatching(/^d_/),
      path: [{ principal: 'user:alice' }, { name: 'planning' }, {}, { name: 'research' }, {}],
    });
  });
});

describe('explain and why', () => {
  test('draw the path, as text, as a flowchart, as JSON', async () => {
    expect((await ask('explain', ...RESEARCH)).out).toContain('agent:planner');
    expect((await ask('explain', ...RESEARCH, '--format', 'mermaid')).out).toContain('flowchart');
    const { id } = await json('check', 'agent:researcher', 'comment', 'document:q3', '--for', 'user:alice');
    const why = await ask('why', id);
    expect(why).toMatchObject({ status: 0, err: '' });
    expect(why.out).toContain('not_covered');
    expect(await json('why', id)).toMatchObject({
      decision: false,
      recorded: { id },
      shortfalls: [{ reason: 'not_covered' }],
    });
    expect((await ask('explain', ...RESEARCH, '--format', 'svg')).status).toBe(2);
  });

  test('an unknown decision exits 2', async () => {
    expect(await ask('why', 'd_none')).toMatchObject({
      status: 2,
      err: 'error: there is no decision d_none (not_found)\n',
    });
  });
});

describe('grant, tree and revoke', () => {
  test('hand on, draw and take back', async () => {
    const granted = await ask(
      ...['grant', '--from', 'user:alice', '--to', 'agent:helper', '--name', 'help', '--depth', '1', '--expires', '8h'],
      ...['--allow', 'read, comment on document:*', '--allow', 'call on tool:erp/pay when R.attr.args.amount < 10'],
    );
    expect(granted).toMatchObject({ status: 0, err: '' });
    expect(granted.out).toMatch(/^granted: dlg_\w+ help\n {2}from {6}user:alice\n {2}to {8}agent:helper\n/);
    expect(granted.out).toContain(
      '  may       read, comment on document:*\n            call on tool:erp/pay when R.attr.args.amount < 10\n',
    );
    expect(granted.out).toMatch(/ {2}ends {6}\S+Z \(in (8h|7h59m)\)\n/);
    const id = /dlg_\w+/.exec(granted.out)?.[0] ?? '';
    await ask('grant', '--parent', id, '--to', 'agent:sub', '--allow', 'read on document:*');

    const tree = await ask('tree', 'user:alice');
    const drawn = tree.out.replaceAll(/until .*/g, 'until …').replaceAll(/dlg_\w{20}/g, 'dlg_…');
    expect(drawn.split('\n')).toEqual([
      'user:alice',
      '├─ agent:helper         help                      read, comment on document:*',
      '│  │                                              call on tool:erp/pay when R.attr.args.amount < 10',
      '│  │                                              · 1 further hop',
      '│  │                                              · until …',
      '│  └─ agent:sub         dlg_…  read on document:*',
      '│                                                 · until …',
      '└─ agent:planner        planning                  read, comment on document:*',
      '   │                                              call on tool:erp/*',
      '   │                                              · from group:finance#member',
      '   │                                              · 1 further hop',
      '   │                                              · until …',
      '   └─ agent:researcher  research                  read on document:*',
      '                                                  · until …',
      '',
    ]);
    expect((await ask('tree', 'user:bob')).out).toBe('nobody holds anything on behalf of user:bob\n');
    expect((await ask('tree')).out).toContain('from group:finance#member');

    const dry = await ask('revoke', id, '--reason', 'tried', '--dry-run');
    expect(dry.out).toMatch(
      /^would be revoked: dlg_\w+\n\n {2}dies \(nothing was changed\)\n {4}help {2,}user:alice → agent:helper/,
    );
    expect(await json('revoke', id, '--reason', 'tried', '--dry-run')).toMatchObject({
      dry_run: true,
      dies: [{}, { to: 'agent:sub' }],
    });
    expect((await ask('check', 'agent:sub', 'read', 'document:q3', '--for', 'user:alice')).status).toBe(0);
    expect((await ask('revoke', id, '--reason', 'over')).out).toMatch(/^revoked: /);
    expect((await ask('check', 'agent:sub', 'read', 'document:q3', '--for', 'user:alice')).status).toBe(1);
    expect((await ask('revoke', id, '--reason', 'over')).out).toMatch(/was revoked at \S+ already; nothing changed/);
    expect((await ask('tree', 'user:alice')).out).not.toContain('agent:helper');
    expect((await ask('tree', 'user:alice', '--all')).out).toContain('· revoked');
  });

  test('an origin withdraws for itself', async () => {
    const { delegation } = await json(
      'grant',
      '--from',
      'user:alice',
      '--to',
      'agent:own',
      '--allow',
      'read on document:*',
    );
    const withdrawn = await ask('revoke', delegation.id, '--for', 'user:alice', '--reason', 'mine');
    expect(withdrawn.out).toMatch(/^withdrawn: dlg_\w+ for user:alice\n/);
    expect((await ask('tree', 'user:alice')).out).not.toContain('agent:own');
  });

  test('a delegation goes by its name as well, where only one in force has it', async () => {
    const made = async (name: string) =>
      (await json('grant', '--name', name, '--from', 'user:alice', '--to', 'agent:x', '--allow', 'read on document:*'))
        .delegation;
    const named = await made('by-name');
    const dry = await json('revoke', 'by-name', '--reason', 'x', '--dry-run');
    expect(dry.delegation).toBe(named.id);
    const twin = await made('by-name');
    const both = await ask('revoke', 'by-name', '--reason', 'x');
    expect(both.status).toBe(2);
    for (const { id } of [named, twin]) expect(both.err).toContain(id);
    for (const { id } of [named, twin]) expect((await ask('revoke', id, '--reason', 'x')).status).toBe(0);
    const none = await ask('revoke', 'by-name', '--reason', 'x');
    expect([none.status, none.err]).toEqual([2, 'error: no delegation in force is called by-name\n']);
  });

  test('what the server refuses comes with every field, and exits 2', async () => {
    const planning = (await json('tree', 'user:alice')).find(({ name }: { name?: string }) => name === 'planning');
    const wide = await ask(
      'grant',
      '--parent',
      planning.id,
      '--to',
      'agent:x',
      '--allow',
      'write on document:*',
      '--depth',
      '1',
    );
    expect(wide.status).toBe(2);
    expect(wide.err).toContain('(exceeds_parent)');
    expect(wide.err).toContain('\n  capabilities/0/actions: asked write; allowed read, comment\n');
    expect(wide.err).toContain("\n  max_depth: asked 1; allowed less than the parent's 1\n");
    expect((await ask('revoke', 'dlg_none', '--reason', 'x')).status).toBe(2);
  });

  test.each([
    [['--to', 'agent:a', '--allow', 'read on document:*'], '--from is missing'],
    [['--from', 'user:alice', '--to', 'agent:a'], '--allow is missing'],
    [['--from', 'user:alice', '--allow', 'read on document:*'], "required option '--to <PRINCIPAL>' not specified"],
    [['--from', 'user:alice', '--to', 'agent:a', '--allow', 'read document:*'], 'is not "ACTION,… on RESOURCE,…"'],
    [
      ['--from', 'user:alice', '--to', 'agent:a', '--allow', 'read on document:*', '--expires', 'soon'],
      '--expires soon is neither',
    ],
    [['--from', 'user:alice', '--to', 'agent:a', '--allow', 'read on document:*', '--depth', 'x'], '--depth x is not'],
    [
      ['--from', 'user:alice', '--to', 'agent:a', '--allow', 'read on document:*', '--session', '0'],
      '--session 0 is not',
    ],
  ])('grant %j is refused: %s', async (args, message) => {
    const { status, err } = await ask('grant', ...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
  });
});

describe('callers', () => {
  test('are added, listed and removed over HTTP; a removed key is dead', async () => {
    const added = await ask(
      'callers',
      'add',
      'gateway',
      '--role',
      'check',
      '--actor',
      'agent:*',
      '--origin',
      'user:*',
      '--vouches',
      'user:*',
    );
    expect(added.out).toMatch(/^added: gateway\n {2}roles {4}check\n {2}actors {3}agent:\*\n/);
    const key = /bhf\.\S+/.exec(added.out)?.[0] ?? '';
    const check = () => run(['check', ...RESEARCH], { env: { ...env, BEHALF_KEY: key } });
    const answered = await check();
    expect(answered.status).toBe(0);
    // A caller that only checks learns the decision, an id and a reason, and no path.
    expect(answered.out).not.toContain('planner');
    expect((await ask('callers', 'list')).out).toBe(
      'CALLER   ROLES  ACTS AS  FOR     VOUCHES  MODE\ngateway  check  agent:*  user:*  user:*   enforce\n',
    );
    expect((await ask('callers', 'add', 'gateway', '--role', 'check')).err).toContain('(conflict)');
    expect((await ask('callers', 'remove', 'gateway')).out).toMatch(/^removed: gateway\n/);
    expect((await check()).status).toBe(2);
    expect((await ask('callers', 'list')).out).toBe('no callers\n');
  });

  test('on the store itself only while no server has it', async () => {
    const held = await run([
      'callers',
      'add',
      'admin',
      '--role',
      'administer',
      '--store',
      world.path('data/behalf.db'),
    ]);
    expect(held).toMatchObject({ status: 2, out: '' });
    expect(held.err).toMatch(/^error: store .*: another process has it open/);
    expect(held.err).not.toContain('    at ');

    const free = world.path('other/behalf.db');
    const added = await run(['callers', 'add', 'admin', '--role', 'administer', '--store', free, '--json']);
    expect(JSON.parse(added.out)).toMatchObject({
      caller: { id: 'admin', roles: ['administer'] },
      key: expect.stringMatching(/^bhf\.admin\./),
    });
    expect(added.out).not.toContain('key_hash');
    const listed = await run(['callers', 'list', '--store', free]);
    expect(listed.out).toContain('admin   administer');
    const door = openCallerStore(free, ROOMS, Date.now);
    expect(await door.list()).toMatchObject([{ id: 'admin' }]);
    door.close();
    const wrong = await run(['callers', 'add', 'a b', '--role', 'king', '--store', free]);
    expect(wrong.status).toBe(2);
    expect(wrong.err).toMatch(/\n {2}id: .*\n {2}roles\/0: /);
    expect((await run(['callers', 'remove', 'nobody', '--store', free])).err).toContain('there is no caller nobody');
  });
});

test('help names every command, an unknown one exits 2 with a hint', async () => {
  const help = await run(['--help']);
  expect(help.status).toBe(0);
  for (const name of ['serve', 'check', 'explain', 'why', 'grant', 'revoke', 'tree', 'callers', 'validate', 'apply']) {
    expect(help.out).toMatch(new RegExp(`\\n  ${name} `));
  }
  expect(await run(['--version'])).toMatchObject({ status: 0, out: '0.0.0\n' });
  const wrong = await run(['chek']);
  expect(wrong).toMatchObject({ status: 2, out: '' });
  expect(wrong.err).toContain('Did you mean check?');
});
