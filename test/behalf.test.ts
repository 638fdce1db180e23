import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const BIN = new URL('../src/behalf.mjs', import.meta.url).pathname;

function run(version?: string): Promise<{ readonly status: unknown; readonly out: string; readonly err: string }> {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const older = version === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`];
  return new Promise((resolve) => {
    execFile(process.execPath, [...older, BIN, '--version'], (fault, out, err) => {
      resolve({ status: fault?.code ?? 0, out, err });
    });
  });
}

test('runs the checkout on the Node that it needs', async () => {
  expect(await run()).toEqual({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
});

test.each(['20.20.2', '22.17.9', '8.0.0'])('says in one line that Node %s is too old, and exits 2', async (version) => {
  const { status, out, err } = await run(version);
  expect({ status, out }).toEqual({ status: 2, out: '' });
  expect(err).toMatch(
    new RegExp(`^behalf needs Node 22\\.18 or newer; this is ${version.replaceAll('.', '\\.')} \\(.*\\)\\n$`),
  );
});

test('a reader that has seen enough ends it, without a word', async () => {
  const child = spawn(process.execPath, [BIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [status] = await once(child, 'close');
  expect({ status, err }).toEqual({ status: 141, err: '' });
});
