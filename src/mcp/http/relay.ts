import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorResponse, undecided } from '../errors.ts';
import type { Guard } from '../guard.ts';
import { decodeMessage } from '../messages/decode-message.ts';
import type { Message, RequestId } from '../messages/message.ts';
import type { Sender } from '../sender.ts';
import { endToEnd, forOtherBytes, type Headers, mediaType, toNode } from './headers.ts';
import { type HttpRefusal, refusal } from './refusal.ts';
import { type SseEvent, SseParser, withData, withoutData } from './sse.ts';
import { readAll } from './upstream.ts';

/** One HTTP request of a client that went on to the server. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly reply: ServerResponse;
  readonly guard: Guard;
  readonly sender: Sender;
  /** Of the JSON-RPC request that was sent, if it was one. */
  readonly id: RequestId | null;
  /** Aborted once the client is gone, or has everything. */
  readonly gone: AbortSignal;
  /** Whether the credential of the client is still good. */
  readonly isAdmitted: () => Promise<boolean>;
  /** Sends the server a message in the session. Never rejects. */
  readonly tell: (message: Message) => Promise<void>;
  readonly log: (text: string) => void;
}

/** Milliseconds after which a stream that goes on looks whether the client would still be let in. */
const READMIT_MS = 15_000;

/**
 * Passes the server's answer on: each message in it that may go to the client, byte for byte; the rest not at all.
 * What it returns is to be answered instead, because nothing of the answer may pass.
 */
export async function relay(answer: IncomingMessage, exchange: Exchange): Promise<HttpRefusal | undefined> {
  const status = answer.statusCode ?? 502;
  if (status >= 300 && status < 400 && status !== 304) {
    // The client would follow it around the proxy.
    answer.resume();
    exchange.log(`the server redirects to ${answer.headers.location}: configure that address instead`);
    return refusal(502, 'the server behind the proxy redirects to another address');
  }
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    answer.destroy();
    return refusal(502, `the server behind the proxy answered with the content encoding ${encoding}`);
  }
  if (mediaType(answer.headers) === 'text/event-stream') {
    await relayStream(answer, exchange);
    return undefined;
  }
  let body: Buffer;
  try {
    body = await readAll(answer);
  } catch (fault) {
    if (exchange.gone.aborted) return undefined;
    exchange.log(`an answer of the server could not be read: ${messageOf(fault)}`);
    return refusal(502, 'the answer of the server behind the proxy could not be read to its end');
  }
  return relayBody(answer, body, exchange);
}

async function relayBody(answer: IncomingMessage, body: Buffer, exchange: Exchange): Promise<HttpRefusal | undefined> {
  const { method, guard, sender, log } = exchange;
  const status = answer.statusCode ?? 502;
  const headers = endToEnd(answer);
  // No client reads messages from any other answer.
  const holdsMessage = method !== 'DELETE' && status < 300 && status !== 202 && body.length > 0;
  if (mediaType(answer.headers) !== 'application/json') {
    if (!holdsMessage) return send(exchange.reply, status, headers, body);
    log(`the server answered ${method} with ${answer.headers['content-type'] ?? 'no content type'}`);
    return refusal(502, 'the server behind the proxy answered with neither JSON nor an event stream');
  }
  const decoded = decodeMessage(body);
  if (!decoded.ok) {
    if (!holdsMessage) return send(exchange.reply, status, headers, body);
    log(`an answer of the server is no message: ${decoded.error.error.message}`);
    return refusal(502, 'the answer of the server behind the proxy is no message');
  }
  const outcome = await guard.fromServer(decoded.value, sender);
  if (outcome.kind === 'forward') return send(exchange.reply, status, headers, body);
  if (outcome.kind === 'replace') {
    return send(exchange.reply, status, forOtherBytes(headers), Buffer.from(JSON.stringify(outcome.message)));
  }
  if (outcome.kind === 'answer') await exchange.tell(outcome.message);
  return refusal(502, 'the server behind the proxy answered with a message that may not pass');
}

function send(reply: ServerResponse, status: number, headers: Headers, body: Buffer): undefined {
  // An answer that may have no body (RFC 9110, section 6.4.1) may say no length either.
  const length = status === 204 || status === 304 ? undefined : { 'content-length': body.length };
  reply.writeHead(status, { ...toNode(headers), ...length });
  reply.end(body);
}

async function relayStream(answer: IncomingMessage, exchange: Exchange): Promise<void> {
  const { reply, gone, isAdmitted, log } = exchange;
  reply.writeHead(answer.statusCode ?? 502, toNode(forOtherBytes(endToEnd(answer))));
  reply.flushHeaders();
  const readmit = setInterval(async () => {
    if (await isAdmitted()) return;
    log('a stream was cut: the credential it was opened with is no longer good');
    reply.destroy();
  }, READMIT_MS);
  const released: RequestId[] = [];
  try {
    const parser = new SseParser();
    for await (const chunk of answer) {
      for (const event of parser.push(chunk)) {
        const bytes = await decideEvent(event, exchange, released);
        // A client that reads slowly is waited for, and so is waited for by the server.
        if (!reply.write(bytes)) await once(reply, 'drain', { signal: gone });
      }
    }
    reply.end();
  } catch (fault) {
    if (!gone.aborted) log(`a stream of the server broke off: ${messageOf(fault)}`);
    // So that it does not look as if everything had been said: the client may then resume.
    reply.destroy();
  } finally {
    clearInterval(readmit);
    // Whoever resumes the stream is sent again what was lost.
    for (const id of released) exchange.guard.abandonFromServer(id);
  }
}

/** What goes on to the client for an event. */
async function decideEvent(event: SseEvent, exchange: Exchange, released: RequestId[]): Promise<Buffer> {
  const { guard, sender, log } = exchange;
  if (event.data === undefined || event.data === '') return event.raw;
  const decoded = decodeMessage(event.data);
  if (!decoded.ok) {
    const { id, error } = decoded.error;
    log(`an event of the server is no message and was not passed on: ${error.message}`);
    if (id === null || !guard.awaits(id)) return withoutData(event);
    guard.abandon(id);
    return withData(event, JSON.stringify(errorResponse(id, undecided())));
  }
  const message = decoded.value;
  const outcome = await guard.fromServer(message, sender);
  switch (outcome.kind) {
    case 'forward':
      if ('method' in message && 'id' in message) released.push(message.id);
      return event.raw;
    case 'replace':
      return withData(event, JSON.stringify(outcome.message));
    case 'answer':
      await exchange.tell(outcome.message);
      return withoutData(event);
    case 'drop':
      return withoutData(event);
  }
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
