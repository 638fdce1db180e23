import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, startWorld } from '../support/command.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
let server: Awaited<ReturnType<typeof startWorld>>;
let log: string;

/** Each way to ask for the same. */
const PLACES = ['server', 'files', 'files without indexes'] as const;
type Place = (typeof PLACES)[number];

function at(place: Place): readonly string[] {
  if (place === 'server') return ['--url', server.url];
  return place === 'files' ? ['--log', log] : ['--log', log, '--no-index'];
}

beforeAll(async () => {
  world = makeSmallWorld();
  server = await startWorld(world, { seed: world.path('seed.yaml') });
  log = world.path('data/decisions');
  for (const args of [
    ['user:alice', 'read', 'document:q3'],
    ['agent:=cmd', 'read', 'document:q3', '--for', 'user:alice'],
    ['user:bob', 'write', 'document:q4/"a,b"'],
  ]) {
    const asked = await run(['check', ...args, '--url', server.url]);
    if (asked.status === 2) throw new Error(asked.err);
  }
});
afterAll(async () => {
  await server.close();
  world.remove();
});

describe.each(PLACES)('asked of the %s', (place) => {
  const decisions = (...args: string[]) => run(['audit', 'decisions', ...args, ...at(place)]);
  const summary = (...args: string[]) => run(['audit', 'summary', ...args, ...at(place)]);

  test('one line a decision, newest first', async () => {
    const { status, out } = await decisions();
    expect(status).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\S+Z +deny +user:bob write document:q4\/"a,b" +not_entitled +d_\w+/);
    expect(lines[1]).toMatch(/ agent:=cmd read document:q3 for user:alice +no_chain/);
    expect((await decisions('--oldest-first')).out.split('\n')[0]).toContain('user:alice read document:q3');
  });

  test('by a filter, and so many', async () => {
    const found = async (...args: string[]) => {
      const { out } = await decisions(...args, '--json');
      return JSON.parse(out).decisions.map(({ request }: { request: { actor: string } }) => request.actor);
    };
    expect(await found('--principal', 'user:alice')).toEqual(['agent:=cmd', 'user:alice']);
    expect(await found('--resource', 'document:q4/*')).toEqual(['user:bob']);
    expect(await found('--decision', 'deny', '--reason', 'no_chain')).toEqual(['agent:=cmd']);
    expect(await found('--from', '2020-01-01', '--to', '2021-01-01')).toEqual([]);
    const one = await decisions('--limit', '1');
    expect([one.out.trimEnd().split('\n').length, one.err]).toEqual([
      1,
      expect.stringContaining('--limit 0 shows all'),
    ]);
    expect(JSON.parse((await decisions('--limit', '2', '--json')).out)).toMatchObject({ more: true });
    expect(JSON.parse((await decisions('--limit', '0', '--json')).out)).toMatchObject({ more: false });
    expect((await decisions('--actor', 'user:nobody')).out).toBe('there is no decision that fits\n');
  });

  test('as CSV that no spreadsheet takes for a formula', async () => {
    const { out } = await decisions('--csv');
    const rows = out.split('\r\n');
    expect(rows[0]).toMatch(/^id,at,caller,actor,origin,action,resource,decision,enforced,reasons,/);
    expect(rows[1]).toContain(',user:bob,user:bob,write,"document:q4/""a,b""",deny,deny,not_entitled,');
    expect(rows).toHaveLength(5);
    expect(rows[4]).toBe('');
  });

  test('counted', async () => {
    const { out } = await summary();
    expect(out).toMatch(/^3 decisions: \d allowed, \d denied\n/);
    expect(out).toMatch(/reason +allowed +denied\n/);
    const told = JSON.parse((await summary('--decision', 'deny', '--by', 'reason', '--json')).out);
    expect(told.by.reason.values).toContainEqual({ value: 'no_chain', allowed: 0, denied: 1 });
    const rows = (await summary('--by', 'type', '--csv', '--bucket', 'day', '--from', '2026-01-01')).out.split('\r\n');
    expect(rows.slice(0, 2)).toEqual(['by,value,allowed,denied', expect.stringMatching(/^all,,\d,\d$/)]);
    expect(rows[2]).toMatch(/^type,document,\d,\d$/);
    expect(rows[3]).toMatch(/^time,20\S+T00:00:00\.000Z,\d,\d$/);
  });

  test.each([
    [['decisions', '--decision', 'maybe'], 'neither allow nor deny'],
    [['decisions', '--actor', 'alice'], 'has no type'],
    [['decisions', '--from', 'yesterday'], '"yesterday" is no time'],
    [['summary', '--by', 'colour'], 'by: is reason'],
    [['summary', '--bucket', 'day'], 'needs from'],
  ])('%j is an error', async (args, said) => {
    const { status, err } = await run(['audit', ...args, ...at(place)]);
    expect([status, err]).toEqual([2, expect.stringContaining(said)]);
  });
});

test('a server knows delegations by name, the files by id', async () => {
  const by = (...args: string[]) => run(['audit', 'decisions', '--delegation', ...args]);
  await run(['check', 'agent:planner', 'read', 'document:q3', '--for', 'user:alice', '--url', server.url]);
  const named = await by('planning', '--json', ...at('server'));
  const [decision] = JSON.parse(named.out).decisions;
  expect(decision.request.actor).toBe('agent:planner');
  const { delegation } = decision.chain;
  expect((await by(delegation, '--json', ...at('files'))).out).toBe(named.out);
  for (const [name, place, said] of [
    ['planing', 'server', 'no delegation was ever called planing'],
    ['planning', 'files', 'know delegations by id'],
  ] as const) {
    const { status, err } = await by(name, ...at(place));
    expect([status, err]).toEqual([2, expect.stringContaining(said)]);
  }
});

test('the files and the server tell the same', async () => {
  const told = async (place: Place) => (await run(['audit', 'decisions', '--json', ...at(place)])).out;
  expect(await told('files')).toBe(await told('server'));
  expect(await told('files without indexes')).toBe(await told('server'));
});

test.each([
  [['--log', 'x', '--url', 'http://localhost'], 'not both'],
  [['--no-index'], '--no-index goes with --log'],
  [['--log', '/nowhere'], 'ENOENT'],
])('%j is an error', async (args, said) => {
  const { status, err } = await run(['audit', 'decisions', ...args]);
  expect([status, err]).toEqual([2, expect.stringContaining(said)]);
});
