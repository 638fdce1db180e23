import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyChanges } from '../../src/audit/changes/verify-changes.ts';
import { startServer } from '../../src/cli/start-server.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { configOf, ROOMS, run, startWorld, tryStart } from '../support/command.ts';
import { DELEGATIONS, makeSmallWorld, SEED, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
beforeEach(() => {
  world = makeSmallWorld();
});
afterEach(() => world.remove());

async function refusal(flags: { readonly [key: string]: string | boolean } = {}): Promise<string> {
  const started = await tryStart(world, flags);
  if (started.ok) {
    await started.value.close();
    return 'started';
  }
  return [started.error.message, ...started.error.problems.map(({ file, message }) => `${file}: ${message}`)].join(
    '\n',
  );
}

/** The evidence in a directory, by the name of its file. */
function filesIn(directory: string): ReadonlyMap<string, string> {
  const names = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  return new Map(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}

/** Settles once nothing listens there any more. */
async function refusesConnections(port: number, host: string): Promise<void> {
  const refused = await new Promise<boolean>((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
  if (!refused) await refusesConnections(port, host);
}

describe('serve', () => {
  test('publishes, seeds an empty store once, and serves the same after a restart', async () => {
    const first = await startWorld(world, { seed: world.path('seed.yaml') });
    expect(first).toMatchObject({
      bundle: 'published',
      seeded: { entities: 1, tuples: 2, delegations: 2 },
      warnings: [],
    });
    const { revision } = first.ledger;
    await first.close();
    const second = await startWorld(world, { seed: world.path('seed.yaml') });
    expect(second).toMatchObject({ bundle: 'unchanged', warnings: [] });
    expect(second.seeded).toBeUndefined();
    expect(second.ledger.revision).toBe(revision);
    await second.close();
  });

  test('the change log is beside the decisions once it was stopped, whole', async () => {
    const first = await startWorld(world, { seed: world.path('seed.yaml') });
    const { revision } = first.ledger;
    await first.close();
    expect(verifyChanges(world.path('data/decisions'))).toMatchObject({ faults: [], notes: [], head: { revision } });
  });

  test('a store that was replaced by a backup is not served beside the changes that it lost', async () => {
    await (await startWorld(world)).close();
    copyFileSync(world.path('data/behalf.db'), world.path('backup.db'));
    await (await startWorld(world, { seed: world.path('seed.yaml') })).close();
    copyFileSync(world.path('backup.db'), world.path('data/behalf.db'));
    expect(await refusal({ seed: world.path('seed.yaml') })).toMatch(/the store was restored from a backup.*--log/);
    const store = openSqliteStore(world.path('data/behalf.db'));
    expect(store.revision).toBe(1);
    store.close();
    expect(await refusal({ seed: world.path('seed.yaml'), log: world.path('data/new') })).toBe('started');
  });

  test('a second server on the same store says that it is in use', async () => {
    const first = await startWorld(world);
    expect(await refusal()).toMatch(/another process has it open/);
    await first.close();
    expect(await refusal()).toBe('started');
  });

  test('a port that is taken is said to be', async () => {
    const first = await startWorld(world);
    const port = new URL(first.url).port;
    expect(await refusal({ port, store: world.path('other/behalf.db') })).toBe(
      `127.0.0.1:${port} is in use: another server runs there; --port takes another one`,
    );
    await first.close();
  });

  test('beyond loopback it needs callers; with them it starts', async () => {
    const flags = { host: '0.0.0.0', dev: false };
    expect(await refusal(flags)).toMatch(/^0\.0\.0\.0 is reachable from other machines, and the store has no callers/);
    await run(['callers', 'add', 'admin', '--role', 'administer', '--store', world.path('data/behalf.db')]);
    expect(await refusal(flags)).toBe('started');
  });

  test('on loopback without callers it starts and says that nobody can ask', async () => {
    const running = await startWorld(world, { dev: false });
    expect(running.warnings[0]).toMatch(/^nobody can ask: behalf callers add/);
    const { status, err } = await run(['check', 'agent:a', 'read', 'document:q3'], {
      env: { BEHALF_URL: running.url },
    });
    expect(status).toBe(2);
    expect(err).toContain('unauthenticated');
    await running.close();
  });

  test('a broken bundle is refused, and the last good one served only if wanted', async () => {
    world.write('policies/more.yaml', 'apiVersion: api.cerbos.dev/v1\nnonsense: {}\n');
    expect(await refusal({ keep_bundle: true })).toMatch(/the store has no good one to keep/);
    world.write('policies/more.yaml', '');
    await (await startWorld(world)).close();
    world.write('policies/more.yaml', 'apiVersion: api.cerbos.dev/v1\nnonsense: {}\n');
    expect(await refusal()).toMatch(/^the bundle has \d+ errors?; --keep-bundle .*\n.*policies\/more\.yaml: /);
    const kept = await startWorld(world, { keep_bundle: true });
    expect(kept.bundle).toBe('kept');
    expect(kept.warnings.join('\n')).toMatch(/policies\/more\.yaml:2:/);
    await kept.close();
  });

  test('a bundle that would orphan relationships is refused, listing them, unless wanted', async () => {
    await (await startWorld(world, { seed: world.path('seed.yaml') })).close();
    world.write('model/model.fga', 'model\n  schema 1.1\ntype user\ntype agent\ntype group\ntype document\n');
    world.write('policies/delegations/finance.yaml', 'delegations: []\n');
    expect(await refusal()).toMatch(/document:q3#reader@group:finance#member[\s\S]*--allow-orphans/);
    expect(await refusal({ allow_orphans: true })).toBe('started');
  });

  test.each([
    ['a seed with a misspelt key', () => world.write('seed.yaml', `${SEED}tuple: []\n`), /unknown key/],
    [
      'a seed that the model refuses',
      () => world.write('seed.yaml', SEED.replace('member, object', 'boss, object')),
      /seed\.yaml/,
    ],
    [
      'delegations with mistakes',
      () => world.write('policies/delegations/finance.yaml', DELEGATIONS.replace('parent: planning', 'parent: plan')),
      /no delegation in the files/,
    ],
  ])('%s seeds nothing', async (_name, spoil, message) => {
    spoil();
    const flags = { seed: world.path('seed.yaml') };
    expect(await refusal(flags)).toMatch(message);
    world.write('seed.yaml', SEED);
    world.write('policies/delegations/finance.yaml', DELEGATIONS);
    const running = await startWorld(world, flags);
    expect(running.seeded).toEqual({ entities: 1, tuples: 2, delegations: 2 });
    await running.close();
  });

  test('with directories that nobody named and that are not there, the bundle of the store is kept', async () => {
    const first = await startWorld(world);
    const { digest } = first.ledger.bundle;
    await first.close();
    const nowhere = { path: world.path('nowhere'), stated: false };
    const config = { ...configOf(world), model: nowhere, policies: nowhere };
    const kept = await startServer(config, ROOMS, Date.now);
    expect(kept).toMatchObject({ ok: true, value: { bundle: 'kept', ledger: { bundle: { digest } } } });
    if (kept.ok) await kept.value.close();
  });

  test('a store and change log of yesterday are not served beside the checkpoints of today', async () => {
    await (await startWorld(world)).close();
    cpSync(world.path('data'), world.path('yesterday'), { recursive: true });
    await (await startWorld(world, { seed: world.path('seed.yaml') })).close();
    copyFileSync(world.path('yesterday/behalf.db'), world.path('data/behalf.db'));
    for (const file of readdirSync(world.path('data/decisions'))) {
      if (file.startsWith('changes-')) rmSync(world.path(`data/decisions/${file}`));
    }
    expect(await refusal()).toMatch(
      /the store ends at revision 1, where the log's checkpoint .* restored from a backup/,
    );
  });

  test.each<[string, string]>([
    ['a row taken away', "DELETE FROM live WHERE kind = 'delegation'"],
    ['a row changed', "UPDATE live SET value = replace(value, 'agent:', 'agent:x') WHERE kind = 'delegation'"],
    ['a relationship taken away', "DELETE FROM live WHERE kind = 'relationship'"],
  ])('a store into which somebody wrote beside the server is not served: %s', async (_what, sql) => {
    await (await startWorld(world, { seed: world.path('seed.yaml') })).close();
    const db = new Database(world.path('data/behalf.db'));
    expect(db.prepare(sql).run().changes).toBeGreaterThan(0);
    db.close();
    const mirrored = readdirSync(world.path('data/decisions')).filter((name) => name.startsWith('changes-'));
    expect(mirrored).not.toEqual([]);
    for (const name of mirrored) rmSync(world.path(`data/decisions/${name}`));
    const evidence = filesIn(world.path('data/decisions'));
    expect(await refusal()).toMatch(/is not what its change log made/);
    // What is refused is neither mirrored nor signed.
    expect(filesIn(world.path('data/decisions'))).toEqual(evidence);
    expect(await refusal()).toMatch(/is not what its change log made/);
  });

  test('what it writes is for its owner alone', async () => {
    await (await startWorld(world, { seed: world.path('seed.yaml') })).close();
    const files = readdirSync(world.path('data'), { recursive: true, withFileTypes: true });
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      expect([file.name, statSync(join(file.parentPath, file.name)).mode & 0o077]).toEqual([file.name, 0]);
    }
  });

  test('a directory without policies is one: then the model decides alone', async () => {
    world.write('none/readme.md', '');
    const modelOnly = await startWorld(world, { policies: world.path('none') });
    expect(modelOnly.bundle).toBe('published');
    expect(modelOnly.ledger.bundle.policies.kinds.size).toBe(0);
    await modelOnly.close();
  });

  test('an answer under way is finished before it stops', async () => {
    const running = await startWorld(world, { seed: world.path('seed.yaml') });
    const { hostname, port } = new URL(running.url);
    const body = JSON.stringify({
      subject: { type: 'agent', id: 'researcher' },
      action: { name: 'read' },
      resource: { type: 'document', id: 'q3' },
      context: { on_behalf_of: { type: 'user', id: 'alice' } },
    });
    const socket = connect(Number(port), hostname);
    let answer = '';
    // Node says `100 Continue` once it has taken the head: from then on the request is under way.
    const underWay = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        answer += chunk;
        if (answer.startsWith('HTTP/1.1 100')) resolve();
      });
    });
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.write(
      `POST /access/v1/evaluation HTTP/1.1\r\nHost: ${hostname}:${port}\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await underWay;
    const closed = running.close();
    await refusesConnections(Number(port), hostname);
    socket.write(body);
    await Promise.all([closed, ended]);
    expect(answer).toMatch(/\r\n\r\nHTTP\/1\.1 200 [\s\S]*"decision":true/);
  });

  test('prints what it serves, and stops when told to', async () => {
    let stop: (value: unknown) => void = () => {};
    const stopped = new Promise((resolve) => {
      stop = resolve;
    });
    const flags = [
      '--port',
      '0',
      '--dev',
      '--store',
      world.path('data/b.db'),
      '--model',
      world.path('model'),
      '--policies',
      world.path('policies'),
    ];
    const { status, out, err } = await run(['serve', ...flags, '--seed', world.path('seed.yaml')], {
      stopped,
      printed: (text) => text.includes(' serves ') && setTimeout(stop, 50),
    });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(
      /^behalf 0\.0\.0 serves http:\/\/127\.0\.0\.1:\d+\n\n {2}store {4}\S+b\.db at revision \d+\n {2}log {6}\S+decisions, node local\n {2}bundle {3}sha256:\w{12} \(published now\): 5 types, policies for tool\n {2}callers {2}--dev: .*\n {2}seeded {3}1 entities, 2 relationships, 2 delegations\n {2}docs {5}http:.*openapi\.json\n\nstopping/,
    );
    expect(await refusal({ store: world.path('data/b.db') })).toBe('started');
  });

  test('wrong configuration exits 2 with every problem', async () => {
    const { status, err } = await run(['serve', '--port', 'x', '--node', '!'], { env: { BEHALF_PROT: '1' } });
    expect(status).toBe(2);
    expect(err.trimEnd().split('\n')).toHaveLength(3);
  });
});
