import { spawn } from 'node:child_process';
import { StdioSession, type StdioSessionOptions } from './session.ts';

export interface StdioProxyOptions extends Omit<StdioSessionOptions, 'serverSide'> {
  /** An executable, found as PATH says, and its arguments: the MCP server. No shell reads them. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string | undefined };
}

/** How a server ended. */
export type Ended =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not_started'; readonly reason: 'not_found' | 'not_executable'; readonly message: string };

export interface StdioProxy {
  /** Resolves once the server has ended and everything that it sent has been passed on. */
  readonly ended: Promise<Ended>;
  /** Passes a signal on to the server. */
  signal(signal: NodeJS.Signals): void;
}

/**
 * Milliseconds from the signal of a client that has already closed the connection until the server is killed. MCP's
 * shutdown (2025-11-25, lifecycle) is to close, to send SIGTERM, to send SIGKILL; the official clients take two seconds
 * each, and the last of these reaches only this process: the server must not outlive it.
 */
const KILL_AFTER_MS = 1500;

/**
 * Runs an MCP server as a process of its own and stands between it and the client. As far as either can see, they talk
 * to each other: what is passed on is passed on byte for byte; closing, signals and the end are passed on too.
 */
export function startStdioProxy({ command, args, env, ...options }: StdioProxyOptions): StdioProxy {
  const { input, output } = options.clientSide;
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env, shell: false, windowsHide: true });
  const session = new StdioSession({ ...options, serverSide: { input: child.stdout, output: child.stdin } });
  // A client that no longer reads: what the server writes from now on meets a closed pipe, as it would without us.
  output.once('close', () => {
    child.stdin.end();
    child.stdout.destroy();
  });
  const closed = new Promise<Ended>((resolve) => {
    child.once('error', (fault) => {
      if (child.pid === undefined) resolve(notStarted(command, fault));
      else options.log(`the server cannot be signalled: ${fault.message}`);
    });
    child.once('close', (status, signal) => {
      if (child.pid === undefined) return;
      resolve(signal === null ? { kind: 'exited', status: status ?? 0 } : { kind: 'killed', signal });
    });
  });
  const carried = session.fromServer();
  const ended = closed.then(async (how) => {
    // Nobody is left who could be asked anything.
    input.destroy();
    await carried;
    return how;
  });
  session.fromClient().catch((fault) => {
    options.log(`the connection to the client broke: ${String(fault)}`);
    child.stdin.end();
  });
  return {
    ended,
    signal(signal) {
      child.kill(signal);
      // The server itself is gone, something that it started still holds the connection.
      if (child.exitCode !== null || child.signalCode !== null) child.stdout.destroy();
      if (input.readableEnded) setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
    },
  };
}

function notStarted(command: string, fault: NodeJS.ErrnoException): Ended {
  const message = `cannot start ${command}: ${fault.code === 'ENOENT' ? 'there is no such command' : fault.message}`;
  return { kind: 'not_started', reason: fault.code === 'ENOENT' ? 'not_found' : 'not_executable', message };
}
