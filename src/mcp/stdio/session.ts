import type { Readable, Writable } from 'node:stream';
import { LIMITS } from '../../core/limits.ts';
import { errorResponse, invalidRequest, undecided } from '../errors.ts';
import { Guard, type GuardOptions } from '../guard.ts';
import { InOrder } from '../in-order.ts';
import { decodeMessage } from '../messages/decode-message.ts';
import type { Message } from '../messages/message.ts';
import type { Outcome } from '../outcome.ts';
import { OwnRequests } from '../own-requests.ts';
import type { Sender } from '../sender.ts';
import { LineWriter } from './line-writer.ts';
import { type Line, readLines } from './read-lines.ts';

export interface StdioSessionOptions extends Omit<GuardOptions, 'listTools' | 'log'> {
  readonly sender: Sender;
  readonly clientSide: Connection;
  readonly serverSide: Connection;
  /** Hears what is wrong. */
  readonly log: (text: string) => void;
  /** Hears what becomes of each request. */
  readonly trace?: (text: string) => void;
}

/** One side as it is seen from the middle. */
export interface Connection {
  readonly input: Readable;
  readonly output: Writable;
}

/** Messages of one direction that are being decided: enough to keep a decision point busy, few enough to hold. */
const MOST_UNDECIDED = 64;

const TOO_LARGE = `it is larger than ${LIMITS.messageBytes} bytes (limit messageBytes)`;

interface Sending {
  readonly to: 'client' | 'server';
  readonly line: Uint8Array | Message;
}

/** The messages of one client and one server, each decided, in the order in which either sent them. */
export class StdioSession {
  private readonly options: StdioSessionOptions;
  private readonly guard: Guard;
  private readonly own: OwnRequests;
  private readonly writers: { readonly [side in Sending['to']]: LineWriter };

  constructor(options: StdioSessionOptions) {
    this.options = options;
    this.writers = {
      client: new LineWriter(options.clientSide.output),
      server: new LineWriter(options.serverSide.output),
    };
    this.own = new OwnRequests((request) => void this.writers.server.write(request));
    this.guard = new Guard({ ...options, listTools: this.own.listTools });
  }

  /** Carries what the client sends until it has sent everything; then the server is told that nothing more comes. */
  async fromClient(): Promise<void> {
    await this.carry(this.options.clientSide.input, (line) => this.clientLine(line));
    this.writers.server.end();
  }

  /** The same for the server. */
  async fromServer(): Promise<void> {
    await this.carry(this.options.serverSide.input, (line) => this.serverLine(line));
    this.own.close();
  }

  private async carry(input: Readable, decide: (line: Line) => Promise<Sending | undefined>): Promise<void> {
    const inOrder = new InOrder(MOST_UNDECIDED);
    try {
      for await (const line of readLines(input, LIMITS.messageBytes)) {
        await inOrder.add(decide(line), async (sending) => {
          if (sending !== undefined) await this.writers[sending.to].write(sending.line);
        });
      }
    } catch (fault) {
      // A side that is cut off has sent what it has sent.
      if (!input.destroyed) throw fault;
    }
    await inOrder.done();
  }

  private async clientLine(line: Line): Promise<Sending | undefined> {
    if (line.kind === 'oversized') return { to: 'client', line: errorResponse(null, invalidRequest(TOO_LARGE)) };
    const decoded = decodeMessage(line.bytes, { singleLine: true });
    if (!decoded.ok) return { to: 'client', line: errorResponse(decoded.error.id, decoded.error.error) };
    const outcome = await this.guard.fromClient(decoded.value, this.options.sender);
    this.trace(decoded.value, outcome);
    return sendingOf(outcome, line.bytes, 'client', 'server');
  }

  private async serverLine(line: Line): Promise<Sending | undefined> {
    const { log, sender } = this.options;
    if (line.kind === 'oversized') {
      log(`a message of the server was not passed on: ${TOO_LARGE}`);
      return undefined;
    }
    const decoded = decodeMessage(line.bytes, { singleLine: true });
    if (!decoded.ok) {
      const { id, error } = decoded.error;
      log(`a line of the server is no message and was not passed on: ${error.message}`);
      if (id === null) return undefined;
      if (!this.guard.awaits(id)) return { to: 'server', line: errorResponse(id, error) };
      this.guard.abandon(id);
      return { to: 'client', line: errorResponse(id, undecided()) };
    }
    if (this.own.take(decoded.value)) return undefined;
    const outcome = await this.guard.fromServer(decoded.value, sender);
    this.trace(decoded.value, outcome);
    return sendingOf(outcome, line.bytes, 'server', 'client');
  }

  private trace(message: Message, outcome: Outcome): void {
    if (!('method' in message) || !('id' in message)) return;
    const error = outcome.kind === 'answer' && 'error' in outcome.message ? outcome.message.error.message : undefined;
    this.options.trace?.(`${message.method} ${JSON.stringify(message.id)}: ${error ?? 'passed on'}`);
  }
}

function sendingOf(outcome: Outcome, bytes: Uint8Array, from: Sending['to'], to: Sending['to']): Sending | undefined {
  switch (outcome.kind) {
    case 'forward':
      return { to, line: bytes };
    case 'replace':
      return { to, line: outcome.message };
    case 'answer':
      return { to: from, line: outcome.message };
    case 'drop':
      return undefined;
  }
}
