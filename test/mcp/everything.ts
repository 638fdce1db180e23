import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
const LOOPBACK_ONLY = fileURLToPath(new URL('../support/loopback-only.mjs', import.meta.url));

/** The real MCP server with something of everything, over Streamable HTTP. */
export interface Everything extends AsyncDisposable {
  readonly url: string;
}

export async function startEverything(port?: number): Promise<Everything> {
  const bound = port ?? (await freePort());
  const child = spawn(process.execPath, ['--import', LOOPBACK_ONLY, SERVER, 'streamableHttp'], {
    env: { PATH: process.env.PATH, PORT: String(bound) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stderr.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the server did not start')));
  });
  return {
    url: `http://127.0.0.1:${bound}/mcp`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A port of this machine that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
