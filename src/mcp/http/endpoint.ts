import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { parseTraceparent } from '../../core/traceparent.ts';
import type { DecisionPoint } from '../decision-point.ts';
import { errorResponse, headerMismatch } from '../errors.ts';
import type { Guard } from '../guard.ts';
import { decodeMessage } from '../messages/decode-message.ts';
import type { Message, RequestId } from '../messages/message.ts';
import { type AdmissionRules, type Admitted, admit, readBody } from './admission.ts';
import type { Identify, Identity } from './bearer.ts';
import { endToEnd, type Headers, without } from './headers.ts';
import { mirrorFault } from './mirrored-headers.ts';
import type { HttpProxyOptions } from './proxy-options.ts';
import { putLast } from './put-last.ts';
import { type HttpRefusal, refusal } from './refusal.ts';
import { relay } from './relay.ts';
import { type HttpSession, HttpSessions } from './sessions.ts';
import type { Upstream } from './upstream.ts';

/** Decision points that are kept, one for each credential. */
const MOST_POINTS = 1000;

/** One HTTP request, who sent it, and where its answer goes. */
interface Call extends Admitted {
  readonly request: IncomingMessage;
  readonly reply: ServerResponse;
  readonly identity: Identity;
  readonly session: HttpSession;
  /** The session's as it was when the request came: it knows what was asked. */
  readonly guard: Guard;
  /** Aborted once the client is gone, or has its answer. */
  readonly gone: AbortSignal;
}

/** The MCP endpoint of a proxy: finds out who sends a request, decides what is in it, passes it on and the answer back. */
export class HttpEndpoint {
  private readonly options: HttpProxyOptions;
  private readonly rules: AdmissionRules;
  private readonly identify: Identify;
  private readonly upstream: Upstream;
  private readonly sessions: HttpSessions;
  /** By credential, the one used longest ago first. */
  private readonly points = new Map<string, DecisionPoint>();

  constructor(options: HttpProxyOptions, path: string, identify: Identify, upstream: Upstream) {
    const { server, decideInitialize = false, log, allowedOrigins = [], senders } = options;
    this.options = options;
    this.rules = {
      path,
      allowedOrigins: new Set(allowedOrigins),
      open: senders.anonymous !== undefined,
      originHeader: senders.originHeader?.toLowerCase(),
    };
    this.identify = identify;
    this.upstream = upstream;
    this.sessions = new HttpSessions({
      server,
      decideInitialize,
      ...(log === undefined ? undefined : { log }),
      upstream,
      point: (identity) => this.pointOf(identity),
    });
  }

  /** Answers a request. Never rejects. */
  async serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const gone = new AbortController();
    reply.once('close', () => gone.abort());
    try {
      await this.answer(request, reply, gone.signal);
    } catch (fault) {
      if (gone.signal.aborted) return;
      this.log(`a request was given up: ${messageOf(fault)}`);
      if (reply.headersSent) reply.destroy();
      else refuse(reply, refusal(500, 'the proxy failed'));
    }
  }

  private async answer(request: IncomingMessage, reply: ServerResponse, gone: AbortSignal): Promise<void> {
    const admitted = admit(request, this.rules);
    if (!admitted.ok) return refuse(reply, admitted.error);
    const { method, header } = admitted.value;
    const identity = await this.identify(header);
    if (!identity.ok) return refuse(reply, identity.error);
    const session = this.sessions.enter(header('mcp-session-id'), identity.value, this.headersOf(request));
    if (session === undefined) return refuse(reply, refusal(404, 'Session not found'));
    const { guard } = session;
    const call: Call = { request, reply, method, header, gone, identity: identity.value, session, guard };
    return method === 'POST' ? this.post(call) : this.forward(call, null);
  }

  private async post(call: Call): Promise<void> {
    const { request, reply, guard, identity } = call;
    const body = await readBody(request, this.options.bodyBytes ?? LIMITS.messageBytes);
    if (!body.ok) return refuse(reply, body.error);
    const decoded = decodeMessage(body.value);
    if (!decoded.ok) return sendMessage(reply, 400, errorResponse(decoded.error.id, decoded.error.error));
    const message = decoded.value;
    const mismatch = mirrorFault(call.header, message);
    const id = 'method' in message && 'id' in message ? message.id : null;
    if (mismatch !== undefined) return sendMessage(reply, 400, errorResponse(id, headerMismatch(mismatch)));
    const trace = parseTraceparent(call.header('traceparent'));
    const sender = trace === undefined ? identity.sender : { ...identity.sender, trace };
    const outcome = await guard.fromClient(message, sender);
    switch (outcome.kind) {
      case 'forward':
        return this.forward(call, id, body.value);
      case 'replace':
        return this.forward(call, id, Buffer.from(JSON.stringify(outcome.message)));
      case 'answer':
        return sendMessage(reply, id === null ? 400 : 200, outcome.message);
      case 'drop':
        reply.writeHead(202).end();
    }
  }

  /** Sends a request on, and the answer back. */
  private async forward(call: Call, id: RequestId | null, body?: Buffer): Promise<void> {
    const { reply, guard } = call;
    try {
      const answer = await this.send(call, body);
      const refused = answer.ok ? await this.relay(call, id, answer.value) : answer.error;
      if (refused !== undefined && !call.gone.aborted) refuse(reply, refused, id);
    } finally {
      // Whatever was not answered now is not waited for: a stream that is resumed is decided by what is in it.
      if (id !== null) guard.abandon(id);
    }
  }

  private async send(call: Call, body: Buffer | undefined): Promise<Result<IncomingMessage, HttpRefusal>> {
    const { method, header, session, identity, gone } = call;
    const sessionId = header('mcp-session-id');
    const sent = { method, headers: this.headersOf(call.request), signal: gone };
    let answer: IncomingMessage;
    try {
      answer = await this.upstream.send(body === undefined ? sent : { ...sent, body });
    } catch (fault) {
      if (!gone.aborted) this.log(`the server cannot be reached: ${messageOf(fault)}`);
      this.sessions.settle(sessionId, session, identity, { status: 502, opened: undefined, ended: false });
      return err(refusal(502, 'the server behind the proxy cannot be reached'));
    }
    const status = answer.statusCode ?? 502;
    const opened = answer.headersDistinct['mcp-session-id']?.join();
    const ended = status === 404 || (method === 'DELETE' && status < 300);
    if (this.sessions.settle(sessionId, session, identity, { status, opened, ended })) return ok(answer);
    answer.destroy();
    this.log('the server answered with the id of a session that is somebody else’s');
    return err(refusal(502, 'the server behind the proxy answered with a session that cannot be used'));
  }

  private relay(call: Call, id: RequestId | null, answer: IncomingMessage): Promise<HttpRefusal | undefined> {
    const { method, reply, guard, identity, gone, session } = call;
    return relay(answer, {
      method,
      reply,
      guard,
      id,
      gone,
      sender: identity.sender,
      isAdmitted: async () => {
        const now = await this.identify(call.header);
        return now.ok && now.value.owner === identity.owner;
      },
      tell: async (message) => {
        try {
          await this.upstream.tell(message, session.headers);
        } catch (fault) {
          this.log(`the server could not be told that a request of its is denied: ${messageOf(fault)}`);
        }
      },
      log: (text) => this.log(text),
    });
  }

  /** What the server gets to see of a request's headers. */
  private headersOf(request: IncomingMessage): Headers {
    const { forwardAuthorization = false } = this.options;
    return without(
      endToEnd(request),
      (name) => name === 'host' || name === 'content-length' || (name === 'authorization' && !forwardAuthorization),
    );
  }

  private pointOf({ credential }: Identity): DecisionPoint {
    const name = credential.kind === 'key' ? credential.key : '';
    const point = this.points.get(name) ?? this.options.point(credential);
    putLast(this.points, name, point, MOST_POINTS);
    return point;
  }

  private log(text: string): void {
    this.options.log?.(text);
  }
}

function refuse(reply: ServerResponse, refused: HttpRefusal, id: RequestId | null = null): void {
  const { status, code, message, headers } = refused;
  sendMessage(reply, status, errorResponse(id, { code, message }), headers);
}

function sendMessage(
  reply: ServerResponse,
  status: number,
  message: Message,
  headers: HttpRefusal['headers'] = {},
): void {
  const body = JSON.stringify(message);
  reply.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  reply.end(body);
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
