import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeSmallWorld } from '../support/small-world.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const world = makeSmallWorld();
let server: ChildProcess;
let url: string;

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** One command as a process of its own, its output a pipe. */
function behalf(...args: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env.PATH, BEHALF_URL: url };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env, cwd: world.directory }, (fault, out, err) => {
      resolve({ status: typeof fault?.code === 'number' ? fault.code : fault === null ? 0 : -1, out, err });
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      probe.close(() => resolve(port));
    });
  });
}

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  // The directories are found where the process runs.
  const args = [MAIN, 'serve', '--dev', '--port', String(port), '--seed', 'seed.yaml'];
  server = spawn(process.execPath, args, { cwd: world.directory, env: { PATH: process.env.PATH } });
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    server.on('exit', (status) => reject(new Error(`the server ended with ${status}: ${printed}`)));
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on('data', (chunk) => {
        printed += chunk;
        if (printed.includes('openapi.json')) resolve();
      });
    }
  });
});

afterAll(() => {
  server.kill('SIGKILL');
  world.remove();
});

test('grant, check, explain, revoke, check: by the command, over a real server', async () => {
  const granted = await behalf(
    'grant',
    '--from',
    'user:alice',
    '--to',
    'agent:helper',
    '--allow',
    'read on document:*',
    '--expires',
    '8h',
  );
  expect(granted).toMatchObject({ status: 0, err: '' });
  // No colour into a pipe.
  expect(granted.out).not.toContain('\u001b');
  const id = /dlg_\w+/.exec(granted.out)?.[0] ?? '';
  const question = ['agent:helper', 'read', 'document:q3', '--for', 'user:alice'];

  const allowed = await behalf('check', ...question);
  expect(allowed).toMatchObject({ status: 0, err: '' });
  expect(allowed.out).toContain('allowed: agent:helper may read document:q3 for user:alice');

  const explained = await behalf('explain', ...question);
  expect(explained.status).toBe(0);
  expect(explained.out).toContain(id);

  const revoked = await behalf('revoke', id, '--reason', 'the day is over');
  expect(revoked).toMatchObject({ status: 0, err: '' });

  const denied = await behalf('check', ...question);
  expect(denied.status).toBe(1);
  expect(denied.out).toContain('revoked');

  const why = await behalf('why', /behalf why (\S+)/.exec(denied.out)?.[1] ?? '');
  expect(why.status).toBe(0);
  expect(why.out).toContain('revoked');
});

test('on SIGTERM the server ends by itself with status 0, and the store is free again', async () => {
  server.removeAllListeners('exit');
  const status = new Promise<number | null>((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  expect(await status).toBe(0);
  expect((await behalf('check', 'agent:helper', 'read', 'document:q3')).status).toBe(2);
  expect((await behalf('callers', 'list', '--store', '.behalf/behalf.db')).out).toBe('no callers\n');
});
