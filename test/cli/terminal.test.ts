import { expect, test } from 'vitest';
import { openTerminal, toPrintableJson } from '../../src/cli/terminal.ts';

function terminal(isTTY: boolean, env: { readonly [name: string]: string } = {}) {
  let printed = '';
  const write = (text: string): boolean => {
    printed += text;
    return true;
  };
  const stream = { isTTY, write };
  const fake = { env, stdin: { isTTY }, stdout: stream, stderr: stream } as unknown as NodeJS.Process;
  return { ...openTerminal(fake), printed: () => printed };
}

test('colours a terminal, and neither a pipe nor one that asked for none', () => {
  expect(terminal(true).paint('good', 'x')).toBe('\u001b[32mx\u001b[39m');
  expect(terminal(false).paint('good', 'x')).toBe('x');
  expect(terminal(true, { NO_COLOR: '1' }).paint('good', 'x')).toBe('x');
  expect(terminal(true, { NO_COLOR: '' }).paint('good', 'x')).not.toBe('x');
  expect(terminal(true, { TERM: 'dumb' }).paint('good', 'x')).toBe('x');
});

test('asks only where somebody is there to answer', () => {
  expect(terminal(true).canAsk).toBe(true);
  expect(terminal(false).canAsk).toBe(false);
});

test('lets nobody else steer the terminal', () => {
  const { out, err, paint, printed } = terminal(true);
  out(`a\n${paint('bad', 'b')}\u001b]0;title\u0007\u001b[2J\r\u009b1m`);
  err('left\u202eright');
  expect(printed()).toBe('a\n\u001b[31mb\u001b[39m\ufffd]0;title\ufffd\ufffd[2J\ufffd\ufffd1m\nleft\ufffdright\n');
});

test('CSV keeps the ends of its lines', () => {
  const { out, printed } = terminal(false);
  out('a,b\r\n1,\r2\r');
  expect(printed()).toBe('a,b\r\n1,\ufffd2\r\n');
});

test('JSON says the same when it is printed, whatever is in it', () => {
  const value = { left: '\u202eright', delete: '\u007f\u009b1m', colour: '\u001b[31m', lines: 'a\r\nb\tc' };
  const { out, printed } = terminal(true);
  out(toPrintableJson(value));
  expect(JSON.parse(printed())).toEqual(value);
  expect(printed()).not.toContain('\ufffd');
  expect(toPrintableJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}');
});
