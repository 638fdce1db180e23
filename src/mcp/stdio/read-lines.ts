/** One line of a stream of messages. */
export type Line =
  /** Without its end. */
  | { readonly kind: 'line'; readonly bytes: Buffer }
  /** Longer than allowed; nothing of it is kept. */
  | { readonly kind: 'oversized' };

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The lines of a stream (MCP 2025-11-25, stdio transport: messages are delimited by newlines and hold none). A carriage
 * return before the line feed belongs to the delimiter, as the official SDKs have it; lines of nothing but white space
 * are passed over. What stands after the last line feed when the stream ends is a line too.
 *
 * @param mostBytes of one line; no more than that is kept of one that is longer.
 */
export async function* readLines(stream: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = (part: Buffer): void => {
    length += part.length;
    if (length > mostBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const end = (): Line | undefined => {
    const line = length > mostBytes ? ({ kind: 'oversized' } as const) : toLine(parts);
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      take(chunk.subarray(from, at));
      from = at + 1;
      const line = end();
      if (line !== undefined) yield line;
    }
    take(chunk.subarray(from));
  }
  const last = end();
  if (last !== undefined) yield last;
}

function toLine(parts: readonly Buffer[]): Line | undefined {
  const [only] = parts;
  let bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
  return bytes.every((byte) => byte === 0x20 || byte === 0x09) ? undefined : { kind: 'line', bytes };
}
