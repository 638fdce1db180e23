import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { type SseEvent, SseParser, withData, withoutData } from '../../../src/mcp/http/sse.ts';

function parse(...chunks: readonly (string | Uint8Array)[]): readonly SseEvent[] {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => [...parser.push(Buffer.from(chunk))]);
}

function dataOf(...chunks: readonly string[]): readonly (string | undefined)[] {
  return parse(...chunks).map(({ data }) => data);
}

// The examples of HTML, section 9.2.6, and what its grammar says besides.
test.each<[string, string, readonly (string | undefined)[]]>([
  ['lines are joined', 'data: YHOO\ndata: +2\ndata: 10\n\n', ['YHOO\n+2\n10']],
  ['a comment is no event', ': test stream\n\ndata: first event\nid: 1\n\n', [undefined, 'first event']],
  ['one space is not of the value', 'data:test\n\ndata: test\n\ndata:  test\n\n', ['test', 'test', ' test']],
  ['no value is an empty one', 'data\n\ndata\ndata\n\ndata:', ['', '\n']],
  ['a name is the whole name', 'data2: x\nDATA: x\n data: x\n\n', [undefined]],
  ['lines end in three ways', 'data: a\rdata: b\r\ndata: c\n\r\ndata: d\r\r', ['a\nb\nc', 'd']],
  ['a value may have colons', 'data: {"a": 1}\n\n', ['{"a": 1}']],
  ['a byte order mark leads', '\uFEFFdata: a\n\n', ['a']],
  ['what has no end is none', 'data: a\n\ndata: b\n', ['a']],
])('%s', (_, stream, data) => {
  expect(dataOf(stream)).toEqual(data);
});

test('however a stream arrives, the events and their bytes are the same', () => {
  const line = fc.constantFrom(
    'data: {"a":"ä😀"}',
    'data',
    'id: 7',
    'event: message',
    ': c',
    'retry: 1',
    '',
    '',
    'x: y',
  );
  const end = fc.constantFrom('\n', '\r\n', '\r');
  const stream = fc.array(fc.tuple(line, end), { maxLength: 20 }).map((lines) => lines.flat().join(''));
  fc.assert(
    fc.property(stream, fc.array(fc.nat(300), { maxLength: 8 }), (text, cuts) => {
      const bytes = Buffer.from(text);
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((to, index) => bytes.subarray(at[index], to));
      const [whole, pieces] = [parse(bytes), parse(...chunks)];
      expect(pieces.map(({ data }) => data)).toEqual(whole.map(({ data }) => data));
      const passed = Buffer.concat(pieces.map(({ raw }) => raw)).toString();
      // Of a CRLF that is cut, the second half may come with the next event, or never.
      expect(text.startsWith(passed)).toBe(true);
      expect(text.slice(passed.length).replace(/^\n/, '')).not.toMatch(/(?:^|[^\r\n])(?:\n\n|\r\r|\r\n\r)/);
    }),
    { seed: 6, numRuns: 500 },
  );
});

test('an event that does not end is given up before it fills the memory', () => {
  const parser = new SseParser();
  const chunk = Buffer.alloc(LIMITS.messageBytes, 'x');
  parser.push(chunk);
  parser.push(chunk);
  expect(() => parser.push(Buffer.from('x'))).toThrow('larger');
});

test('other data, or none, leaves the rest of an event', () => {
  const [event] = parse(': c\nevent: message\ndata: {\r\ndata: }\r\nid: 5\nretry: 9\n\n');
  if (event === undefined) throw new Error('no event');
  expect(withData(event, '{"b":1}').toString()).toBe(': c\nevent: message\nid: 5\nretry: 9\ndata: {"b":1}\n\n');
  expect(withoutData(event).toString()).toBe(': c\nid: 5\nretry: 9\n\n');
  const [plain] = parse('data: x\n\n');
  if (plain === undefined) throw new Error('no event');
  expect(withoutData(plain).toString()).toBe(':\n\n');
});
