import { describe, expect, it } from 'vitest';
import { type DecodeOptions, decodeMessage } from '../../../src/mcp/messages/decode-message.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A request whose params are written so. */
function call(params: string): string {
  return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`;
}

function refusal(input: Uint8Array | string, options?: DecodeOptions) {
  const decoded = decodeMessage(input, options);
  if (decoded.ok) throw new Error(`accepted: ${JSON.stringify(decoded.value)}`);
  return { id: decoded.error.id, ...decoded.error.error };
}

describe('messages that are fine', () => {
  it.each([
    [
      'a request',
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x', arguments: { a: [1, 'b', null] } } },
    ],
    ['a request with a text as id', { jsonrpc: '2.0', id: 'é', method: 'ping' }],
    ['the largest id', { jsonrpc: '2.0', id: 9007199254740991, method: 'ping' }],
    ['a notification', { jsonrpc: '2.0', method: 'notifications/initialized' }],
    ['a result', { jsonrpc: '2.0', id: -1, result: {} }],
    ['an error', { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'no', data: [1] } }],
    ['an error about nobody knows what', { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'no' } }],
  ])('%s', (_, message) => {
    expect(decodeMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
    expect(decodeMessage(bytes(JSON.stringify(message, undefined, 2)))).toEqual({ ok: true, value: message });
  });

  it('keeps names that mean something to JavaScript as data', () => {
    const decoded = decodeMessage(call('{"name":"x","arguments":{"__proto__":{"admin":true},"constructor":1}}'));
    if (!decoded.ok || !('method' in decoded.value)) throw new Error('refused');
    const args = decoded.value.params?.arguments as object;
    expect(Object.keys(args)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(args)).toBe(Object.prototype);
    expect('admin' in args).toBe(false);
  });

  it('takes results as they are: nothing is decided by them, and servers send more than JavaScript can count', () => {
    for (const result of [
      '{"maximum":18446744073709551615}',
      '{"text":"half \\ud83d"}',
      '{"a":1,"A":2}',
      '{"x\\u0000":1e400}',
    ]) {
      expect(decodeMessage(`{"jsonrpc":"2.0","id":1,"result":${result}}`).ok, result).toBe(true);
    }
  });

  it('takes numbers that every parser reads alike', () => {
    const numbers = [
      '9007199254740992',
      '-9007199254740992',
      '100000000000000000000',
      '0.1',
      '1E5',
      '1.5e-7',
      '-0',
      '0e-999',
    ];
    for (const number of numbers) expect(decodeMessage(call(`{"x":${number}}`)).ok, number).toBe(true);
  });
});

describe('what is not JSON', () => {
  it.each<[string, Uint8Array | string]>([
    ['nothing', ''],
    ['half of a message', '{"jsonrpc":"2.0"'],
    ['something after the message', '{"jsonrpc":"2.0","id":1,"method":"ping"} {}'],
    ['two messages', '{"jsonrpc":"2.0","id":1,"method":"ping"}\n{"jsonrpc":"2.0","id":2,"method":"ping"}'],
    ['a byte order mark', bytes('\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}')],
    ['a byte order mark in text', '\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}'],
    ['UTF-16', Uint8Array.from(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}', 'utf16le'))],
    [
      'a byte that is no UTF-8',
      Uint8Array.from([...bytes('{"jsonrpc":"2.0","id":"'), 0xff, ...bytes('","method":"ping"}')]),
    ],
    [
      'overlong UTF-8',
      Uint8Array.from([...bytes('{"jsonrpc":"2.0","id":"'), 0xc0, 0xa2, ...bytes('","method":"ping"}')]),
    ],
    ['half of a surrogate pair in UTF-8', Uint8Array.from([...bytes('{"id":"'), 0xed, 0xa0, 0x80, ...bytes('"}')])],
    ['half of a surrogate pair in text', '{"jsonrpc":"2.0","id":"\ud800","method":"ping"}'],
    ['a NUL', '{"jsonrpc":"2.0","id":1,"method":"ping"}\0'],
    ['a line break in a string', '{"jsonrpc":"2.0","id":1,"method":"pi\nng"}'],
    ['a comment', '{"jsonrpc":"2.0","id":1,/* */"method":"ping"}'],
    ['a comma too many', '{"jsonrpc":"2.0","id":1,"method":"ping",}'],
    ['a number that is none', '{"jsonrpc":"2.0","id":01,"method":"ping"}'],
  ])('%s', (_, input) => {
    expect(refusal(input)).toMatchObject({ code: -32700, id: null });
  });
});

describe('what is JSON and no message', () => {
  it.each([
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', /batches/],
    ['[]', /batches/],
    ['1', /no JSON object/],
    ['null', /no JSON object/],
    ['"ping"', /no JSON object/],
    ['{}', /jsonrpc is not "2.0"/],
    ['{"id":1,"method":"ping"}', /jsonrpc is not "2.0"/, 1],
    ['{"jsonrpc":2.0,"id":1,"method":"ping"}', /jsonrpc is not "2.0"/, 1],
    ['{"jsonrpc":"1.0","id":"a","method":"ping"}', /jsonrpc is not "2.0"/, 'a'],
    ['{"jsonrpc":"2.0","id":1}', /neither a method nor exactly one of result and error/, 1],
    ['{"jsonrpc":"2.0","id":1,"method":1}', /method is no string/, 1],
    ['{"jsonrpc":"2.0","id":1,"method":null}', /method is no string/, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', /params are no object/, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', /params are no object/, 1],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', /id is neither/],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', /id is neither/],
    ['{"jsonrpc":"2.0","id":-0,"method":"ping"}', /id is neither/],
    ['{"jsonrpc":"2.0","id":9007199254740992,"method":"ping"}', /id is neither/],
    ['{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', /id is neither/],
    ['{"jsonrpc":"2.0","id":true,"method":"ping"}', /id is neither/],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', /the member "result"; known here are/, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","error":{"code":1,"message":""}}', /the member "error"/, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', /the member "Method"/, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","param\\u017f":{}}', /the member "param/, 1],
    ['{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}', /exactly one of result and error/, 1],
    ['{"jsonrpc":"2.0","id":1,"result":[]}', /result is no object/, 1],
    ['{"jsonrpc":"2.0","id":null,"result":{}}', /id is neither/],
    ['{"jsonrpc":"2.0","result":{}}', /id is neither/],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":""}}', /error is not/, 1],
    ['{"jsonrpc":"2.0","id":1,"error":"no"}', /error is not/, 1],
  ] as [string, RegExp, (string | number)?][])('%s', (text, message, id) => {
    const refused = refusal(text);
    expect(refused).toMatchObject({ code: -32600, id: id ?? null });
    expect(refused.message).toMatch(message);
  });
});

describe('what two parsers would understand differently', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/call"}', /"method" twice/, 7],
    ['{"jsonrpc":"2.0","id":7,"method":"ping","m\\u0065thod":"tools/call"}', /"method" twice/, 7],
    ['{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}', /"id" twice/, null],
    ['{"jsonrpc":"2.0","id":7,"method":"ping","\\u0069d":7}', /"id" twice/, null],
    [call('{"name":"a","name":"b"}'), /"name" twice/, 7],
    [call('{"x":[{"y":[{"a":1,"b":2,"a":1}]}]}'), /"a" twice/, 7],
    [call('{"__proto__":1,"__proto__":2}'), /"__proto__" twice/, 7],
    [call('{"":1,"":2}'), /"" twice/, 7],
    ['{"jsonrpc":"2.0","id":7,"result":{"tools":[],"tools":[]}}', /"tools" twice/, 7],
    [call('{"path":"/ok","Path":"/etc"}'), /"path" and "Path" are one to some parsers/, 7],
    [call('{"x":{"key":1,"\\u212aey":2}}'), /are one to some parsers/, 7],
    [call('{"x":9007199254740993}'), /9007199254740993 is read differently/, 7],
    [call('{"x":[1e400]}'), /1e400 is read differently/, 7],
    [call('{"x":-1e999999}'), /-1e999999 is read differently/, 7],
    [call('{"x":1e-400}'), /1e-400 is read differently/, 7],
    [call(`{"x":${'9'.repeat(400)}}`), /is read differently/, 7],
    [call('{"name":"\\ud800"}'), /surrogate/, 7],
    [call('{"a":{"\\udc00":1}}'), /surrogate/, 7],
    [call('{"name\\u0000x":1}'), /a NUL/, 7],
    ['{"jsonrpc":"2.0","method":"notifications/\\ud800"}', /surrogate/, null],
  ])('%s', (text, message, id) => {
    const refused = refusal(text);
    expect(refused).toMatchObject({ code: -32600, id });
    expect(refused.message).toMatch(message);
  });

  it('is a line break between tokens where a message travels as one line', () => {
    const smuggled = call('{"x":[\r{"jsonrpc":"2.0","id":8,"method":"ping"}\r]}');
    expect(decodeMessage(smuggled).ok).toBe(true);
    expect(refusal(smuggled, { singleLine: true })).toMatchObject({ code: -32600, id: 7 });
    expect(refusal(call('{\n}'), { singleLine: true }).message).toMatch(/line break/);
    expect(decodeMessage(`${call('{"x":"a\\r\\n"}')}\r\n`, { singleLine: true }).ok).toBe(true);
  });
});

describe('bounds', () => {
  it('reads 128 levels, and refuses more whether it is JSON or not', () => {
    expect(decodeMessage(call(`{"x":${'['.repeat(126)}${']'.repeat(126)}}`)).ok).toBe(true);
    expect(refusal(call(`{"x":${'['.repeat(127)}${']'.repeat(127)}}`)).message).toMatch(/more than 128 deep/);
    expect(refusal('['.repeat(1_000_000)).message).toMatch(/more than 128 deep/);
  });

  it('does not count what stands in strings', () => {
    expect(decodeMessage(call(`{"x":"${'[{\\"'.repeat(1000)}"}`)).ok).toBe(true);
  });

  it('refuses what is larger than 16 MiB without reading it', () => {
    expect(refusal(new Uint8Array(16 * 1024 * 1024 + 1)).message).toMatch(/larger than 16777216 bytes/);
  });

  it('refuses more than 500,000 lists and objects', () => {
    expect(refusal(call(`{"x":[${'{},'.repeat(500_000)}{}]}`)).message).toMatch(/more than 500000 lists and objects/);
  });

  it('takes time in proportion to the size, whatever stands in the text', () => {
    const texts = ['\\\\'.repeat(500_000), '\\"'.repeat(500_000), '1'.repeat(1_000_000), '{'.repeat(1_000_000)];
    const started = performance.now();
    for (const text of texts) for (const params of [`{"x":"${text}"}`, `{"x":${text}}`]) decodeMessage(call(params));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
