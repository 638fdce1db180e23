import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

/** The real Cerbos, where its package has a binary for this platform. */
export function cerbosBinary(): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    const directory = dirname(require.resolve(`@cerbos/cerbos-${process.platform}-${process.arch}/package.json`));
    return join(directory, `cerbos-${process.platform}-${process.arch}`);
  } catch {
    return undefined;
  }
}

export interface Pdp extends AsyncDisposable {
  readonly url: string;
  readonly pid: number | undefined;
}

/** Milliseconds for it to load its policies and listen. */
const START_MS = 20_000;

/** Starts Cerbos on loopback with these files of a policy store, and waits until it serves. */
export async function startPdp(
  binary: string,
  files: readonly { readonly path: string; readonly text: string }[],
  settings: { readonly [section: string]: unknown } = {},
): Promise<Pdp> {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-cerbos-'));
  for (const { path, text } of files) {
    mkdirSync(dirname(join(directory, 'policies', path)), { recursive: true });
    writeFileSync(join(directory, 'policies', path), text);
  }
  const [http, grpc] = [await freePort(), await freePort()];
  const config = {
    server: { httpListenAddr: `127.0.0.1:${http}`, grpcListenAddr: `127.0.0.1:${grpc}` },
    storage: { driver: 'disk', disk: { directory: join(directory, 'policies'), watchForChanges: false } },
    telemetry: { disabled: true },
    ...settings,
  };
  writeFileSync(join(directory, 'config.yaml'), stringify(config));
  const child = spawn(binary, ['server', '--config', join(directory, 'config.yaml'), '--log-level', 'error'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-8000);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const url = `http://127.0.0.1:${http}`;
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  const until = Date.now() + START_MS;
  while (!(await isServing(url))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`Cerbos did not start:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, pid: child.pid, [Symbol.asyncDispose]: stop };
}

async function isServing(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_cerbos/health`)).ok;
  } catch {
    return false;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
