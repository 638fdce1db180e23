import type { Attributes } from '../client/types.ts';
import { type ListTools, ServerRefusal } from './definitions.ts';
import { OWN_ID_PREFIX } from './guard.ts';
import type { Message, Request } from './messages/message.ts';

/** Milliseconds for the server to answer; the call that needs the answer is refused then. */
const TIMEOUT_MS = 10_000;

interface Waiting {
  readonly resolve: (result: Attributes) => void;
  readonly reject: (fault: Error) => void;
}

/** What an enforcement point asks of the server on a connection that it shares with the client. */
export class OwnRequests {
  private readonly send: (request: Request) => void;
  private readonly timeoutMs: number;
  private readonly waiting = new Map<string, Waiting>();
  private last = 0;
  private closed = false;

  constructor(send: (request: Request) => void, timeoutMs: number = TIMEOUT_MS) {
    this.send = send;
    this.timeoutMs = timeoutMs;
  }

  readonly listTools: ListTools = (cursor) => this.ask('tools/list', cursor === undefined ? {} : { cursor });

  /** Takes an answer to one of these requests; false for every other message. */
  take(message: Message): boolean {
    if ('method' in message || typeof message.id !== 'string') return false;
    const waiting = this.waiting.get(message.id);
    if (waiting === undefined) return false;
    if ('result' in message) waiting.resolve(message.result);
    else waiting.reject(new ServerRefusal(message.error.code, `the server answered: ${message.error.message}`));
    return true;
  }

  /** The server is gone. */
  close(): void {
    this.closed = true;
    for (const { reject } of [...this.waiting.values()]) reject(new Error('the server ended before it answered'));
  }

  private async ask(method: string, params: Attributes): Promise<Attributes> {
    if (this.closed) throw new Error('the server has ended');
    this.last += 1;
    const id = `${OWN_ID_PREFIX}${this.last}`;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Attributes>((resolve, reject) => {
        this.waiting.set(id, { resolve, reject });
        timer = setTimeout(
          () => reject(new Error(`the server did not answer ${method} within ${this.timeoutMs} ms`)),
          this.timeoutMs,
        );
        this.send({ jsonrpc: '2.0', id, method, params });
      });
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  }
}
