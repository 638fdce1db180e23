import { LIMITS } from '../../core/limits.ts';

/**
 * Server-sent events as a proxy needs them (HTML, section 9.2.6 "Interpreting an event stream"): whole events, each
 * with the very bytes it came in.
 */

const LF = 0x0a;
const CR = 0x0d;
/** A message, and as much again as its event may hold besides: names of fields, ids, comments. */
const MOST_BYTES = 2 * LIMITS.messageBytes;
const LINE_END = /\r\n|\r|\n/;

export interface SseEvent {
  /** The bytes up to and with the blank line that ends the event. */
  readonly raw: Buffer;
  /** Its `data` lines joined; absent where it has none, and nothing is dispatched. */
  readonly data?: string;
}

/** Cuts a stream of bytes into events. What the stream ends within is no event, and is never given out. */
export class SseParser {
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private isLineEmpty = true;
  /** The last byte was the CR of what may be a CRLF. */
  private afterCr = false;

  /** The events that these bytes complete. Throws where one is larger than it may be. */
  push(chunk: Buffer): readonly SseEvent[] {
    const events: SseEvent[] = [];
    let start = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index];
      if (byte === LF && this.afterCr) {
        this.afterCr = false;
      } else if (byte === LF || byte === CR) {
        const isBlank = this.isLineEmpty;
        this.isLineEmpty = true;
        this.afterCr = byte === CR;
        if (!isBlank) continue;
        if (this.afterCr && chunk[index + 1] === LF) {
          this.afterCr = false;
          index++;
        }
        events.push(toEvent(this.take(chunk.subarray(start, index + 1))));
        start = index + 1;
      } else {
        this.isLineEmpty = false;
        this.afterCr = false;
      }
    }
    if (start < chunk.length) this.keep(chunk.subarray(start));
    return events;
  }

  private take(end: Buffer): Buffer {
    this.keep(end);
    const raw = this.pending.length === 1 ? end : Buffer.concat(this.pending);
    this.pending = [];
    this.pendingBytes = 0;
    return raw;
  }

  private keep(bytes: Buffer): void {
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    if (this.pendingBytes > MOST_BYTES) throw new Error(`an event is larger than ${MOST_BYTES} bytes`);
  }
}

function toEvent(raw: Buffer): SseEvent {
  const data = linesOf(raw)
    .filter((line) => fieldOf(line) === 'data')
    .map(contentOf);
  return data.length === 0 ? { raw } : { raw, data: data.join('\n') };
}

/** The event with other data (a text without line ends), or none; its other fields and comments stay. */
export function withData(event: SseEvent, data: string): Buffer {
  const lines = linesOf(event.raw).filter((line) => line !== '' && fieldOf(line) !== 'data');
  return toBytes([...lines, `data: ${data}`]);
}

/**
 * What goes on in place of an event that does not: its `id`, from which the client can resume (such an event sets the
 * last event id and dispatches nothing), its `retry` and its comments; at least a sign of life.
 */
export function withoutData(event: SseEvent): Buffer {
  const lines = linesOf(event.raw).filter((line) => line !== '' && ['id', 'retry', ''].includes(fieldOf(line)));
  return toBytes(lines.length === 0 ? [':'] : lines);
}

function toBytes(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\n')}\n\n`);
}

/** A byte order mark at the beginning of the stream is none of the text. */
function linesOf(raw: Buffer): readonly string[] {
  return new TextDecoder().decode(raw).split(LINE_END);
}

/** The name before the first colon, or the whole line; empty for a comment. */
function fieldOf(line: string): string {
  const colon = line.indexOf(':');
  return colon < 0 ? line : line.slice(0, colon);
}

function contentOf(line: string): string {
  const colon = line.indexOf(':');
  if (colon < 0) return '';
  return line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
}
