import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../../src/audit/checkpoints/checkpoint.ts';
import { openSigningKey, parsePublicKey, publicKeyPem } from '../../src/audit/checkpoints/signing-key.ts';
import { run, startWorld, tryStart } from '../support/command.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
let server: Awaited<ReturnType<typeof startWorld>>;
let kept: string;
let last: string;

const log = () => world.path('data/decisions');
const audit = (command: string, ...args: string[]) => run(['audit', command, ...args, '--url', server.url]);
const verify = (...args: string[]) => run(['audit', 'verify', ...args]);

async function decide(): Promise<string> {
  const asked = await run([
    'check',
    'agent:planner',
    'read',
    'document:q3',
    '--for',
    'user:alice',
    '--json',
    '--url',
    server.url,
  ]);
  return JSON.parse(asked.out).id;
}

/** A copy of the log directory, to do something to. */
function copy(): string {
  const directory = mkdtempSync(join(world.directory, 'copy-'));
  cpSync(log(), directory, { recursive: true, filter: (source) => !source.endsWith('lock') });
  return directory;
}

beforeAll(async () => {
  world = makeSmallWorld();
  const pushed = { checkpoint_file: world.path('elsewhere.jsonl') };
  server = await startWorld(world, { seed: world.path('seed.yaml'), ...pushed });
  for (let n = 0; n < 3; n += 1) await decide();
  const { out } = await audit('checkpoint');
  kept = world.path('kept.txt');
  writeFileSync(kept, out);
  for (let n = 0; n < 3; n += 1) last = await decide();
});
afterAll(async () => {
  await server.close();
  world.remove();
});

test('the key is made at the first start, the public one lies beside the log, checkpoints get elsewhere', async () => {
  expect(statSync(world.path('data/audit.key')).mode & 0o777).toBe(0o600);
  const signer = openSigningKey(world.path('data/audit.key'));
  if (!signer.ok) throw new Error(signer.error);
  expect(readFileSync(join(log(), 'key.pub'), 'utf8')).toBe(publicKeyPem(signer.value.publicKey));
  await vi.waitFor(() =>
    expect(readFileSync(world.path('elsewhere.jsonl'), 'utf8')).toContain(JSON.stringify(readFileSync(kept, 'utf8'))),
  );
});

describe('audit checkpoint', () => {
  test('prints a signed note, to the last byte', async () => {
    const { status, out, err } = await audit('checkpoint');
    const key = parsePublicKey(readFileSync(join(log(), 'key.pub'), 'utf8'));
    expect(key.ok && openCheckpoint(out, key.value)).toMatchObject({ ok: true, value: { node: 'local', size: 6 } });
    expect([status, err]).toEqual([0, '']);
    const { out: json } = await audit('checkpoint', '--json');
    expect(JSON.parse(json)).toMatchObject({ node: 'local', size: 6, note: out });
  });

  test('says whether the log goes on from one that was kept', async () => {
    const { status, err } = await audit('checkpoint', '--since', kept, '--public-key', join(log(), 'key.pub'));
    expect([status, err]).toEqual([0, `the log goes on from ${kept}: nothing before it was changed\n`]);
    const since = await audit('checkpoint', '--since', world.path('elsewhere.jsonl'));
    expect(since.status).toBe(0);
  });

  test('one of another log is not gone on from', async () => {
    const other = makeSmallWorld();
    cpSync(world.path('data/audit.key'), other.path('audit.key'));
    const started = await startWorld(other, { audit_key: other.path('audit.key') });
    for (let n = 0; n < 2; n += 1) {
      await run(['check', 'agent:nobody', 'read', 'document:q3', '--for', 'user:alice', '--url', started.url]);
    }
    const { out } = await run(['audit', 'checkpoint', '--url', started.url]);
    other.write('kept.txt', out);
    const { status, err } = await audit('checkpoint', '--since', other.path('kept.txt'));
    expect([status, err]).toEqual([
      1,
      expect.stringMatching(
        /^error: the log of now does not go on from the one of .*: one of its first 2 records was changed, removed or added$/m,
      ),
    ]);
    await started.close();
    other.remove();
  });

  test.each([
    [
      'a key that is not the server’s',
      ['--public-key', 'other.pub'],
      /the checkpoint of the server is not to be believed: it is signed by/,
    ],
    ['a file without a checkpoint', ['--since', 'empty'], /empty holds no checkpoint/],
    ['a file that is not there', ['--since', 'missing'], /missing cannot be read/],
    ['no key', ['--public-key', 'empty'], /the public key .*empty: it is no public key in PEM/],
  ])('%s is a mistake', async (_name, [flag = '', name = ''], message) => {
    const signer = openSigningKey(world.path('other.key'));
    if (!signer.ok) throw new Error(signer.error);
    world.write('other.pub', publicKeyPem(signer.value.publicKey));
    world.write('empty', '');
    const { status, err } = await audit('checkpoint', flag, world.path(name));
    expect([status, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('audit proof and verify-proof', () => {
  test('show one decision to whoever has the public key', async () => {
    const file = world.path('proof.json');
    const made = await audit('proof', last, '--output', file);
    expect([made.status, made.out]).toEqual([
      0,
      `the proof of ${last} is in ${file}: behalf audit verify-proof checks it\n`,
    ]);
    expect((await audit('proof', last)).out).toBe(readFileSync(file, 'utf8'));
    const { status, out } = await run(['audit', 'verify-proof', file, '--public-key', join(log(), 'key.pub')]);
    expect(status).toBe(0);
    expect(out).toMatch(new RegExp(`^proven: ${last}\nallowed: agent:planner read document:q3 for user:alice\n`));
    expect(out).toMatch(/record +6 of 6 records that node local signed for/);
  });

  test('a changed proof proves nothing', async () => {
    const { out } = await audit('proof', last);
    const proof = JSON.parse(out);
    const cases: readonly (readonly [object | string, RegExp])[] = [
      [
        { ...proof, record: { ...proof.record, line: proof.record.line.replace('planner', 'nobody') } },
        /its hash is not that of its content/,
      ],
      [{ ...proof, record: { ...proof.record, index: 3 } }, /is not the record 4 that the proof is for/],
      [{ ...proof, record: { ...proof.record, path: proof.record.path.slice(1) } }, /the path leads to another root/],
      [{ ...proof, id: 'd_0000000001_local' }, /it is the proof of record/],
      [{ ...proof, references: [] }, /which does not hold it here/],
      [{ ...proof, checkpoint: proof.checkpoint.replace('\n6\n', '\n7\n') }, /the signature of behalf\/local is wrong/],
      [{}, /it is no proof/],
      ['[]', /it is no proof/],
    ];
    for (const [changed, message] of cases) {
      world.write('changed.json', typeof changed === 'string' ? changed : JSON.stringify(changed));
      const { status, err } = await run([
        'audit',
        'verify-proof',
        world.path('changed.json'),
        '--public-key',
        join(log(), 'key.pub'),
      ]);
      expect([status, err]).toEqual([1, expect.stringMatching(message)]);
    }
    world.write('changed.json', 'no JSON');
    const { status, err } = await run([
      'audit',
      'verify-proof',
      world.path('changed.json'),
      '--public-key',
      join(log(), 'key.pub'),
    ]);
    expect([status, err]).toEqual([2, expect.stringContaining('changed.json cannot be read')]);
  });

  test('there is no proof of what was never decided', async () => {
    const { status, err } = await audit('proof', 'd_00000000zz_local');
    expect([status, err]).toEqual([2, 'error: there is no decision d_00000000zz_local (not_found)\n']);
  });
});

describe('audit verify', () => {
  test('finds a log as it was written, while it is being written', async () => {
    const { status, out } = await verify('--log', log(), '--checkpoint', kept, '--public-key', join(log(), 'key.pub'));
    expect(out).toMatch(/^ +records +6, in \d+\.\d s$/m);
    expect(out).toMatch(/^unchanged: nothing was changed, removed, added or moved$/m);
    expect(status).toBe(0);
    const { out: json } = await verify('--log', log(), '--json');
    expect(JSON.parse(json)).toMatchObject({
      unchanged: true,
      node: 'local',
      records: 6,
      first: 1,
      last: 6,
      faults: [],
    });
  });

  test('names the record that was changed, and exits 1', async () => {
    const directory = copy();
    const name = readdirSync(directory).find((file) => /^decisions-.*jsonl$/.test(file)) ?? '';
    const text = readFileSync(join(directory, name), 'utf8').split('\n');
    writeFileSync(
      join(directory, name),
      text.with(3, text[3]?.replace('agent:planner', 'agent:plammer') ?? '').join('\n'),
    );
    const { status, out, err } = await verify('--log', directory);
    expect(status).toBe(1);
    expect(err).toContain(
      `fault: ${name}, line 4: record d_0000000003_local was changed: its hash is not that of its content`,
    );
    expect(out).toMatch(/^not as it was written: 1 fault$/m);
  });

  test('finds a tail that was cut off, by a checkpoint that was kept', async () => {
    const directory = copy();
    const name = readdirSync(directory).find((file) => /^decisions-.*jsonl$/.test(file)) ?? '';
    const text = readFileSync(join(directory, name), 'utf8').split('\n');
    writeFileSync(join(directory, name), [...text.slice(0, 3), ''].join('\n'));
    for (const other of readdirSync(directory))
      if (/^(tree|checkpoints)/.test(other)) writeFileSync(join(directory, other), '');
    const { status, err } = await verify('--log', directory, '--checkpoint', kept);
    expect([status, err]).toEqual([
      1,
      expect.stringMatching(
        /that there were 3 records, and the log ends at 2: the record d_0000000003_local is missing/,
      ),
    ]);
  });

  test.each([
    [['--log', '/nowhere'], /\/nowhere cannot be read: ENOENT/],
    [['--log', '.', '--checkpoint', '/nowhere'], /\/nowhere cannot be read: ENOENT/],
    [[], /required option '--log <DIR>' not specified/],
  ])('%j is a mistake', async (args, message) => {
    const { status, err } = await verify(...args);
    expect([status, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('a server does not start', () => {
  test('with a key that others can read, or another one than before', async () => {
    const small = makeSmallWorld();
    const first = await startWorld(small);
    await first.close();
    cpSync(world.path('data/audit.key'), small.path('audit.key'));
    const other = await tryStart(small, { audit_key: small.path('audit.key') });
    expect(other).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('key.pub is the public key of another audit key than') },
    });
    writeFileSync(small.path('open.key'), readFileSync(world.path('data/audit.key')));
    chmodSync(small.path('open.key'), 0o644);
    const open = await tryStart(small, { audit_key: small.path('open.key') });
    expect(open).toMatchObject({ ok: false, error: { message: expect.stringContaining('has mode 0644') } });
    small.remove();
  });

  test('on a log that is shorter than its checkpoint says', async () => {
    const small = makeSmallWorld();
    const first = await startWorld(small);
    for (let n = 0; n < 3; n += 1) {
      await run(['check', 'agent:nobody', 'read', 'document:q3', '--for', 'user:alice', '--url', first.url]);
    }
    await first.close();
    const directory = small.path('data/decisions');
    const name = readdirSync(directory).find((file) => /^decisions-.*jsonl$/.test(file)) ?? '';
    const text = readFileSync(join(directory, name), 'utf8').split('\n');
    writeFileSync(join(directory, name), [...text.slice(0, 3), ''].join('\n'));
    const started = await tryStart(small);
    expect(started).toMatchObject({
      ok: false,
      error: {
        message: expect.stringMatching(
          /the decision log ends at record 2, where its checkpoint of .* says that there were 3: records are missing/,
        ),
      },
    });
    small.remove();
  });
});
