import { type ChildProcess, spawn } from 'node:child_process';

/** A process that is talked to line by line, as an MCP client talks to a server over stdio, with the bytes as they are. */
export class LineProcess {
  readonly lines: string[] = [];
  err = '';
  /** The status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();

  constructor(
    command: string,
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: { readonly [name: string]: string | undefined } } = {},
  ) {
    this.child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    let rest = '';
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      this.lines.push(...parts);
      this.wake();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      this.wake();
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (status, signal) => {
        resolve(signal ?? status ?? -1);
        this.wake();
      });
    });
  }

  /** Writes each message, or text as it is, as a line. */
  send(...messages: readonly (object | string)[]): void {
    for (const message of messages) {
      this.child.stdin?.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
    }
  }

  /** The line that answers the request of this id. */
  answer(id: string | number | null): Promise<string> {
    return this.line((message) => message.id === id && message.method === undefined, `an answer to ${id}`);
  }

  /** The first line of which that is so. */
  async line(matches: (message: { readonly [key: string]: unknown }) => boolean, what = 'the line'): Promise<string> {
    let seen = 0;
    for (;;) {
      for (; seen < this.lines.length; seen++) {
        const line = this.lines[seen] ?? '';
        if (matches(JSON.parse(line))) return line;
      }
      await this.more(what);
    }
  }

  /** Until its standard error says so. */
  async says(text: string): Promise<void> {
    while (!this.err.includes(text)) await this.more(`"${text}"`);
  }

  close(): void {
    this.child.stdin?.end();
  }

  private more(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(done);
        reject(new Error(`${what} did not come; lines: ${this.lines.join('\n').slice(0, 2000)}\nstderr: ${this.err}`));
      }, 20_000);
      this.waiting.add(done);
    });
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }
}

/** The first messages of every session. */
export const HELLO: readonly object[] = [
  {
    jsonrpc: '2.0',
    id: 'hello',
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
];
