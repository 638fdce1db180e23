import type { Evaluation, EvaluationFault, Question } from '../client/types.ts';
import type { AuthInfo } from './auth-info.ts';
import type { DecisionPoint } from './decision-point.ts';
import { errorResponse, invalidRequest, undecided } from './errors.ts';
import { Guard, type GuardOptions } from './guard.ts';
import { InOrder } from './in-order.ts';
import { decodeMessage } from './messages/decode-message.ts';
import type { Message, RequestId, ResponseError } from './messages/message.ts';
import type { Outcome } from './outcome.ts';
import { OwnRequests } from './own-requests.ts';
import { remotePoint } from './remote-point.ts';
import type { Sender } from './sender.ts';

export { type AuthInfo, type AuthInfoOptions, senderOfAuthInfo } from './auth-info.ts';
export type { DecisionPoint } from './decision-point.ts';
export type { Sender } from './sender.ts';

/** What the official SDKs tell of a message besides the message. */
export interface MessageExtra {
  /** Of the access token, where the transport verified one. */
  readonly authInfo?: AuthInfo | undefined;
}

/** The `Transport` of the SDKs by its shape, for messages of the type M. */
interface TransportOf<M> {
  start(): Promise<void>;
  send(message: M, options?: M): Promise<void>;
  close(): Promise<void>;
  onmessage?: ((message: M, extra?: M) => void) | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  sessionId?: string | undefined;
  setProtocolVersion?: ((version: string) => void) | undefined;
  setSupportedProtocolVersions?: ((versions: string[]) => void) | undefined;
  readonly hasPerRequestStream?: boolean;
}

/** A transport of `@modelcontextprotocol/sdk` (version 1) or `@modelcontextprotocol/server` (version 2). */
export type ServerTransport = TransportOf<never>;

/** What a server connects to: the same transport as far as the server can see. */
export type Guarded<T extends ServerTransport> = Pick<T, keyof T & keyof ServerTransport>;

export interface MiddlewareOptions extends Pick<GuardOptions, 'server' | 'decideInitialize' | 'log'> {
  /** Who decides: a running Behalf, by its client, or any other decision point. */
  readonly behalf: DecisionPoint | Evaluator;
  /**
   * Who sends the messages: over stdio always the same, over HTTP whom the verified token of a message names
   * (`senderOfAuthInfo`). It says that it does not know by throwing; the message does not pass then.
   */
  readonly sender: Sender | ((extra: MessageExtra | undefined) => Sender);
}

/** What of the client (`behalf/client`) is needed. */
interface Evaluator {
  evaluations(
    questions: readonly Question[],
    semantic?: 'execute_all',
    options?: { readonly requestId?: string; readonly trace?: string },
  ): Promise<readonly (Evaluation | EvaluationFault)[]>;
}

/** A transport as it is used here: the messages are the SDK's own, and checked before they are believed. */
type Wire = TransportOf<unknown>;

/**
 * Puts an MCP server in the same process under policy: `await server.connect(guard(transport, options))`. The server's
 * handlers see only what was allowed, its clients only what they may use; what is asked, and what clients are answered,
 * is the same as with the proxies (`Guard`).
 *
 * A session belongs to whoever sent its first message: others are refused, whatever they are allowed.
 *
 * @param transport not connected yet; it goes on being used for whatever else it does (`handleRequest`).
 */
export function guard<T extends ServerTransport>(transport: T, options: MiddlewareOptions): Guarded<T> {
  return new GuardedTransport(transport as unknown as Wire, options) as unknown as Guarded<T>;
}

class GuardedTransport implements Wire {
  onmessage?: ((message: unknown, extra?: unknown) => void) | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  readonly setProtocolVersion?: (version: string) => void;
  readonly setSupportedProtocolVersions?: (versions: string[]) => void;
  private readonly wire: Wire;
  private readonly options: MiddlewareOptions;
  private readonly guard: Guard;
  private readonly own: OwnRequests;
  private readonly toServer = new InOrder(Number.POSITIVE_INFINITY);
  private readonly toClient = new InOrder(Number.POSITIVE_INFINITY);
  /** Whose session it is, from its first message on. */
  private owner: Sender | undefined;
  /** What came with the latest message of the owner: the server is asked for its tools with the same. */
  private extra: unknown;

  constructor(wire: Wire, options: MiddlewareOptions) {
    this.wire = wire;
    this.options = options;
    this.own = new OwnRequests((request) => this.onmessage?.(request, this.extra));
    const { behalf, server, decideInitialize = false, log } = options;
    this.guard = new Guard({
      server,
      point: 'decide' in behalf ? behalf : remotePoint(behalf),
      listTools: this.own.listTools,
      decideInitialize,
      ...(log === undefined ? undefined : { log }),
    });
    // Servers look whether these are there.
    if (wire.setProtocolVersion !== undefined) {
      this.setProtocolVersion = (version) => wire.setProtocolVersion?.(version);
    }
    if (wire.setSupportedProtocolVersions !== undefined) {
      this.setSupportedProtocolVersions = (versions) => wire.setSupportedProtocolVersions?.(versions);
    }
  }

  get sessionId(): string | undefined {
    return this.wire.sessionId;
  }

  get hasPerRequestStream(): boolean {
    return this.wire.hasPerRequestStream ?? false;
  }

  /** Handlers that the application set on its transport stay in force, as they do when the SDK connects to it. */
  start(): Promise<void> {
    const { wire } = this;
    const { onclose, onerror, onmessage } = wire;
    wire.onclose = () => {
      onclose?.();
      this.own.close();
      this.onclose?.();
    };
    wire.onerror = (error) => {
      onerror?.(error);
      this.onerror?.(error);
    };
    wire.onmessage = (message, extra) => {
      onmessage?.(message, extra);
      this.receive(message, extra);
    };
    return wire.start();
  }

  close(): Promise<void> {
    return this.wire.close();
  }

  /** Resolves once the message, or what stands for it, has been sent; rejects as the transport itself does. */
  async send(message: unknown, options?: unknown): Promise<void> {
    // As the client will read it: members that are undefined are not there.
    const decided = JSON.parse(JSON.stringify(message)) as Message;
    if (this.own.take(decided)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const outcome = this.owner === undefined ? unowned(decided) : this.guard.fromServer(decided, this.owner);
    void this.toClient.add(Promise.resolve(outcome), async (outcome) => {
      try {
        if (outcome.kind === 'forward') await this.wire.send(message, options);
        else if (outcome.kind === 'replace') await this.wire.send(outcome.message, options);
        else if (outcome.kind === 'answer') this.deliver(outcome.message, undefined);
        resolve();
      } catch (fault) {
        reject(fault);
      }
    });
    return promise;
  }

  private receive(message: unknown, extra: unknown): void {
    void this.toServer.add(this.decide(message, extra), async (effect) => effect());
  }

  /** What becomes of a message of the client, once those before it have been had. Neither throws. */
  private async decide(message: unknown, extra: unknown): Promise<() => Promise<void>> {
    const id = requestIdOf(message);
    const refuse = (error: ResponseError, why: string) => {
      this.options.log?.(`not passed on: ${why}`);
      return async () => {
        if (id !== undefined) await this.reply(errorResponse(id, error));
      };
    };
    let sender: Sender;
    try {
      sender = this.senderOf(extra);
    } catch (fault) {
      return refuse(undecided(), `nobody knows who sent it: ${textOf(fault)}`);
    }
    this.owner ??= sender;
    if (ownerKey(sender) !== ownerKey(this.owner)) {
      const why = 'the session belongs to somebody else';
      return refuse(invalidRequest(why), why);
    }
    this.owner = sender;
    this.extra = extra;
    const decoded = decodeMessage(JSON.stringify(message) ?? '');
    if (!decoded.ok) return refuse(decoded.error.error, decoded.error.error.message);
    const outcome = await this.guard.fromClient(decoded.value, sender);
    if (outcome.kind === 'answer') return () => this.reply(outcome.message);
    // What was decided is what the server gets, without anything else that the object may have held.
    return async () => {
      if (outcome.kind === 'forward') this.deliver(decoded.value, extra);
    };
  }

  private senderOf(extra: unknown): Sender {
    const { sender } = this.options;
    return typeof sender === 'function' ? sender(extra as MessageExtra | undefined) : sender;
  }

  private async reply(message: Message): Promise<void> {
    try {
      await this.wire.send(message);
    } catch (fault) {
      this.onerror?.(fault instanceof Error ? fault : new Error(String(fault)));
    }
  }

  private deliver(message: Message, extra: unknown): void {
    try {
      this.onmessage?.(message, extra);
    } catch (fault) {
      this.onerror?.(fault instanceof Error ? fault : new Error(String(fault)));
    }
  }
}

/** Before anybody has sent anything, nobody is there for whom a request of the server could be decided. */
function unowned(message: Message): Outcome {
  if (!('method' in message)) return { kind: 'drop' };
  return 'id' in message ? { kind: 'answer', message: errorResponse(message.id, undecided()) } : { kind: 'forward' };
}

function ownerKey({ asks }: Sender): string {
  return JSON.stringify([asks.actor, asks.on_behalf_of, asks.agent, asks.delegation]);
}

/** The id of a request, to answer it by; undefined for everything that nobody answers. */
function requestIdOf(message: unknown): RequestId | undefined {
  if (typeof message !== 'object' || message === null || !('method' in message) || !('id' in message)) return undefined;
  return typeof message.id === 'string' || typeof message.id === 'number' ? message.id : undefined;
}

function textOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
