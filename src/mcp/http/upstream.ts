import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Attributes } from '../../client/types.ts';
import { LIMITS } from '../../core/limits.ts';
import { ServerRefusal } from '../definitions.ts';
import { OWN_ID_PREFIX } from '../guard.ts';
import { decodeMessage } from '../messages/decode-message.ts';
import type { Message } from '../messages/message.ts';
import { type Headers, mediaType, toNode, without } from './headers.ts';
import { SseParser } from './sse.ts';

/** Milliseconds for a connection; an answer may take as long as the tool does. */
const CONNECT_MS = 10_000;
/** Milliseconds for the answer to a question of the proxy's own. */
const OWN_REQUEST_MS = 10_000;
/** What a message of the proxy's own does not take over from that of a client beside which it is sent. */
const OF_ONE_MESSAGE = /^(content-|accept|last-event-id$|mcp-(?!session-id$|protocol-version$))/;

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Headers;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

/** The MCP endpoint behind the proxy. */
export class Upstream {
  private readonly url: URL;
  private readonly agent: HttpAgent;
  private readonly own: Headers;

  /** @param own headers that go with every request, whatever the client sends under their names. */
  constructor(url: URL, own: Headers) {
    this.url = url;
    this.own = own;
    this.agent = url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  /** Resolves once the head of the answer is there; rejects where there is none, or the signal says stop. */
  send({ method, headers, body, signal }: UpstreamRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const start = this.url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = start(this.url, {
      method,
      agent: this.agent,
      signal,
      headers: toNode({
        ...headers,
        ...this.own,
        host: this.url.host,
        // What is compressed could not be decided.
        'accept-encoding': 'identity',
        ...(body === undefined ? undefined : { 'content-length': String(body.length) }),
      }),
    });
    sent.once('socket', (socket) => {
      if (!socket.connecting) return;
      const late = setTimeout(() => sent.destroy(new Error(`no connection within ${CONNECT_MS} ms`)), CONNECT_MS);
      socket.once('connect', () => clearTimeout(late));
      sent.once('close', () => clearTimeout(late));
    });
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.end(body);
    return promise;
  }

  /** Sends a message of the proxy's own, an answer to the server, beside those of a client. Throws if it is refused. */
  async tell(message: Message, beside: Headers): Promise<void> {
    const answer = await this.sendOwn(message, beside);
    answer.resume();
    if ((answer.statusCode ?? 500) >= 300) throw new Error(`the server answered ${answer.statusCode}`);
  }

  /**
   * One page of the tools that the server lists in the session of a client. Throws where it cannot be had, a
   * `ServerRefusal` where the server answers with an error.
   */
  async listTools(cursor: string | undefined, beside: Headers): Promise<Attributes> {
    // Servers find the way back by the id, so a client must not be able to guess one.
    const id = `${OWN_ID_PREFIX}${randomUUID()}`;
    const params = cursor === undefined ? undefined : { params: { cursor } };
    const answer = await this.sendOwn({ jsonrpc: '2.0', id, method: 'tools/list', ...params }, beside);
    if (answer.statusCode !== 200) {
      answer.resume();
      throw new Error(`the server answered tools/list with status ${answer.statusCode}`);
    }
    for await (const message of messagesOf(answer)) {
      if ('method' in message) {
        if ('id' in message) throw new Error('the server asks something back instead of listing its tools');
        continue;
      }
      if (message.id !== id) continue;
      if ('error' in message) throw new ServerRefusal(message.error.code, message.error.message);
      return message.result;
    }
    throw new Error('the server did not answer tools/list');
  }

  close(): void {
    this.agent.destroy();
  }

  private sendOwn(message: Message, beside: Headers): Promise<IncomingMessage> {
    return this.send({
      method: 'POST',
      headers: {
        ...without(beside, (name) => OF_ONE_MESSAGE.test(name)),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: Buffer.from(JSON.stringify(message)),
      signal: AbortSignal.timeout(OWN_REQUEST_MS),
    });
  }
}

/** The messages of an answer, be it JSON or a stream of events. */
async function* messagesOf(answer: IncomingMessage): AsyncGenerator<Message> {
  if (mediaType(answer.headers) === 'text/event-stream') {
    const parser = new SseParser();
    for await (const chunk of answer) {
      for (const { data = '' } of parser.push(chunk)) if (data !== '') yield decode(data);
    }
  } else {
    yield decode(await readAll(answer));
  }
}

function decode(bytes: Uint8Array | string): Message {
  const message = decodeMessage(bytes);
  if (!message.ok) throw new Error(message.error.error.message);
  return message.value;
}

/** The whole body of an answer. Throws where it is larger than may be, or breaks off. */
export async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > LIMITS.messageBytes) throw new Error(`the answer is larger than ${LIMITS.messageBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
