import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { htmlFaults } from '../support/check-html.ts';
import { run, startWorld } from '../support/command.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
let copies = 0;

/** A copy of what a node leaves behind: its log and its store. */
function copy(): { readonly log: string; readonly store: string; readonly args: readonly string[] } {
  copies += 1;
  const place = world.path(`copy-${copies}`);
  cpSync(world.path('data'), place, { recursive: true });
  const [log, store] = [join(place, 'decisions'), join(place, 'behalf.db')];
  return { log, store, args: ['--log', log, '--store', store] };
}

const ids: { [name: string]: string } = {};
/** What the running server answered, before it was stopped. */
const asked: { [name: string]: Awaited<ReturnType<typeof run>> } = {};

beforeAll(async () => {
  world = makeSmallWorld();
  const server = await startWorld(world, { seed: world.path('seed.yaml') });
  const url = ['--url', server.url];
  const grant = ['grant', '--name', 'notes', '--from', 'user:alice', '--to', 'agent:notes'];
  await run([...grant, '--allow', 'read on document:*', ...url]);
  const check = ['check', 'agent:notes', 'read', 'document:q3', '--for', 'user:alice', '--json', ...url];
  ids.allowed = JSON.parse((await run(check)).out).id;
  await run(['revoke', 'notes', '--reason', 'over <now>', ...url]);
  ids.denied = JSON.parse((await run(check)).out).id;
  for (let n = 0; n < 5; n += 1) await run(check);
  asked.replay = await run(['audit', 'replay', '--all', ...url]);
  asked.locked = await run([
    'audit',
    'replay',
    '--log',
    world.path('data/decisions'),
    '--store',
    world.path('data/behalf.db'),
  ]);
  asked.report = await run(['audit', 'report', '--json', world.path('server.json'), ...url]);
  await server.close();
});
afterAll(() => world.remove());

describe('audit replay', () => {
  test('of the files alone: all are the same', async () => {
    const { status, out, err } = await run(['audit', 'replay', '--all', ...copy().args]);
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(
      /replayed +7 in [\d.]+ s, [\d,]+ a second\n +same +7\n +otherwise +0\nthe same: every decision/,
    );
  });

  test('of a sample, as JSON, drawn by the hash of the last record', async () => {
    const { status, out } = await run(['audit', 'replay', '--sample', '3', '--json', ...copy().args]);
    expect(status).toBe(0);
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      same: true,
      replayed: 3,
      decided_the_same: 3,
      faults: 0,
      store_faults: [],
      faulty: [],
    });
    expect(told.seed).toMatch(/^[0-9a-f]{64}$/);
  });

  test('on a server', () => {
    expect(asked.replay?.status).toBe(0);
    expect(asked.replay?.out).toMatch(/same +7\n/);
  });

  test('the store of a running server is locked, and it is said how to copy it', () => {
    expect(asked.locked?.status).toBe(2);
    expect(asked.locked?.err).toMatch(/behalf\.db.*\n.*--url.*copy/s);
  });

  test('a period without decisions has none to replay', async () => {
    const { status, out } = await run(['audit', 'replay', '--to', '2001-01-01', ...copy().args]);
    expect([status, /replayed +0 /.test(out)]).toEqual([0, true]);
  });

  test('a commit that was changed: everything behind it is told', async () => {
    const { store, args } = copy();
    const db = new Database(store);
    const changed = db
      .prepare(`UPDATE commits SET changes = replace(changes, 'over <now>', 'over <then>') WHERE act = 'revoke'`)
      .run();
    expect(changed.changes).toBe(1);
    db.close();
    const { status, err, out } = await run(['audit', 'replay', '--all', ...args]);
    expect(status).toBe(1);
    expect(err).toMatch(
      new RegExp(`fault: ${ids.denied}, decided .*: the change of revision \\d+ was changed in the store`),
    );
    expect(err).not.toContain(`${ids.allowed},`);
    // The commit itself is one more.
    expect(out).toMatch(/otherwise +6\nnot the same: 8 faults/);
  });

  test('a row that no commit made: the server would decide by it', async () => {
    const { store, args } = copy();
    const db = new Database(store);
    expect(db.prepare(`DELETE FROM live WHERE kind = 'revocation'`).run().changes).toBe(1);
    db.prepare(
      `UPDATE live SET value = replace(value, '"suspended":false', '"suspended":true') WHERE key = 'user:alice'`,
    ).run();
    db.close();
    const { status, err } = await run(['audit', 'replay', ...args]);
    expect(status).toBe(1);
    expect(err).toMatch(
      /fault: the row revocation dlg_\w+, which the commit of revision \d+ made, is not in the store/,
    );
    expect(err).toMatch(/fault: the row entity user:alice is another one than the commit of revision \d+ made/);
    const [, log = ''] = args;
    expect((await run(['audit', 'verify', '--log', log])).status).toBe(0);
    const verified = await run(['audit', 'verify', '--log', log, '--store', store]);
    expect(verified.status).toBe(1);
    expect(verified.err).toMatch(/fault: .*behalf\.db: the row revocation dlg_\w+, .* is not in the store/);
    const whole = copy();
    expect((await run(['audit', 'verify', ...whole.args])).status).toBe(0);
  });

  test('the store of somebody else', async () => {
    const { args } = copy();
    const other = makeSmallWorld();
    const server = await startWorld(other, { seed: other.path('seed.yaml') });
    await server.close();
    const files = ['--log', args[1] ?? '', '--store', other.path('data/behalf.db')];
    const { status, err } = await run(['audit', 'replay', '--all', ...files]);
    expect(status).toBe(1);
    expect(err).toMatch(/fault: .*behalf\.db is not the store that .*decisions was written beside/);
    expect(err).toMatch(/the store does not have the history in which revision \d+ was made/);
    other.remove();
  });

  test('a record that was changed cannot be read', async () => {
    const { log, args } = copy();
    const [segment = ''] = readdirSync(log).filter((name) => name.startsWith('decisions-') && name.endsWith('.jsonl'));
    const text = readFileSync(join(log, segment), 'utf8');
    writeFileSync(join(log, segment), text.replace('"decision":false', '"decision":true'));
    const { status, err } = await run(['audit', 'replay', '--all', ...args]);
    expect(status).toBe(2);
    expect(err).toMatch(/was changed: its hash is not that of its content/);
  });

  test.each([
    [['--log', 'x'], /the files are two/],
    [['--store', 'x'], /the files are two/],
    [['--log', 'x', '--store', 'y', '--url', 'http://z'], /not both/],
    [['--log', 'x', '--store', '/nowhere/y'], /there is no store/],
    [['--all', '--sample', '3'], /take --all, or --sample/],
    [['--sample', '0'], /--sample: "0" is no number from 1 to 100000/],
    [['--from', 'monday'], /--from: "monday" is no time/],
    [['--from', '2030-01-02', '--to', '2030-01-01'], /--from must be before --to/],
  ])('%j is refused', async (args, message) => {
    const { status, err } = await run(['audit', 'replay', ...args]);
    expect([status, message.test(err)]).toEqual([2, true]);
  });
});

describe('audit report', () => {
  test('of the files: a page and its data, verified and decided again', async () => {
    const [page, data] = [world.path('report.html'), world.path('report.json')];
    const { status, out, err } = await run(['audit', 'report', '--output', page, '--json', data, ...copy().args]);
    expect([status, err]).toEqual([0, '']);
    expect(out).toBe(`written: ${page}\nwritten: ${data}\n`);
    expect(htmlFaults(readFileSync(page, 'utf8'))).toEqual([]);
    const report = JSON.parse(readFileSync(data, 'utf8'));
    expect(report).toMatchObject({
      decisions: { total: 7, allowed: 1, denied: 6 },
      revocations: {
        count: 1,
        violation_count: 0,
        shown: [
          {
            name: 'notes',
            reason: 'over <now>',
            last_allow: { record: ids.allowed },
            first_denial: { record: ids.denied },
            allows_after: 0,
          },
        ],
      },
      chain: { verified: 'unchanged', records: 7, faults: [], checkpoint: { size: 7 } },
      replay: { replayed: 7, same: 7, faults: 0 },
    });
    // A server tells the same, but does not vouch for its own log.
    expect(asked.report?.status).toBe(0);
    const told = JSON.parse(readFileSync(world.path('server.json'), 'utf8'));
    expect({ ...told, chain: report.chain }).toEqual(report);
    expect(told.chain.verified).toBe('not_verified');
  });

  test('of a log that was changed exits 1, and the report says so', async () => {
    const { log, args } = copy();
    const changes = readdirSync(log).find((name) => name.startsWith('changes-')) ?? '';
    const text = readFileSync(join(log, changes), 'utf8');
    writeFileSync(join(log, changes), text.replace('"act":"revoke"', '"act":"invoke"'));
    const page = world.path('changed.html');
    const { status, err } = await run(['audit', 'report', '--output', page, ...args]);
    expect(status).toBe(1);
    expect(err).toMatch(/fault: the log is not as it was written: .*was changed/);
    expect(readFileSync(page, 'utf8')).toContain('Not as it was written');
  });

  test.each([
    [[], /say where to/],
    [['--output', 'x.html', '--log', 'x'], /the files are two/],
    [['--output', 'x.html', '--sample', 'all'], /--sample: "all" is no number/],
    [['--output', 'x.html', '--from', '2030-01-02', '--to', '2030-01-01'], /--from must be before --to/],
    [['--output', 'x.html', '--public-key', 'k'], /it goes with --log/],
  ])('%j is refused', async (args, message) => {
    const { status, err } = await run(['audit', 'report', ...args]);
    expect([status, message.test(err)]).toEqual([2, true]);
    expect(existsSync('x.html')).toBe(false);
  });
});
