import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileModelCondition } from '../../../src/core/cel/model-condition.ts';
import { Budget } from '../../../src/core/limits.ts';
import type { ParameterType } from '../../../src/core/model/model.ts';

type Parameters = { readonly [name: string]: ParameterType | ParameterType['name'] };

function compile(expression: string, parameters: Parameters) {
  return compileModelCondition(
    {
      name: 'c',
      expression,
      parameters: new Map(
        Object.entries(parameters).map(([name, type]) => [name, typeof type === 'string' ? { name: type } : type]),
      ),
    },
    { file: 'model.fga', line: 5, column: 3 },
  );
}

function evaluate(expression: string, parameters: Parameters, context: { readonly [name: string]: unknown }) {
  const program = compile(expression, parameters);
  if (!program.ok) throw new Error(program.error.message);
  const value = program.value.evaluate(context, new Budget());
  return value.kind === 'error' ? value.message : value.kind;
}

const strings: ParameterType = { name: 'list', of: { name: 'string' } };
const ints: ParameterType = { name: 'map', of: { name: 'int' } };

describe('parameters are converted to their types', () => {
  test.each<[string, Parameters, { readonly [name: string]: unknown }, unknown]>([
    ['x < 100', { x: 'int' }, { x: 5 }, 'true'],
    ['x < 100', { x: 'int' }, { x: '5' }, 'true'],
    ['x < 100', { x: 'int' }, { x: 5.5 }, 'parameter x: expected an integer of 64 bits, found 5.5'],
    ['x < 100', { x: 'int' }, { x: 'many' }, 'parameter x: expected an integer of 64 bits, found "many"'],
    ['x < 100', { x: 'int' }, { x: true }, 'parameter x: expected an integer of 64 bits, found a bool'],
    ['x == 9223372036854775807', { x: 'int' }, { x: '9223372036854775807' }, 'true'],
    ['x < 100', { x: 'int' }, { x: '9223372036854775808' }, expect.stringContaining('of 64 bits')],
    ['x > 1u', { x: 'uint' }, { x: 2 }, 'true'],
    ['x > 1u', { x: 'uint' }, { x: -1 }, expect.stringContaining('not negative')],
    ['x > 1.5', { x: 'double' }, { x: '1.6' }, 'true'],
    ['x > 1.5', { x: 'double' }, { x: '0x10' }, expect.stringContaining('expected a number')],
    ['x', { x: 'bool' }, { x: true }, 'true'],
    ['x', { x: 'bool' }, { x: 'true' }, 'parameter x: expected true or false, found "true"'],
    ['x.startsWith("a")', { x: 'string' }, { x: 'ab' }, 'true'],
    ['x.startsWith("a")', { x: 'string' }, { x: 1 }, 'parameter x: expected a string, found 1'],
    ['x == b"hi"', { x: 'bytes' }, { x: 'aGk=' }, 'true'],
    ['x > duration("30m")', { x: 'duration' }, { x: '1h' }, 'true'],
    ['x > duration("30m")', { x: 'duration' }, { x: '1 hour' }, expect.stringContaining('expected a duration')],
    ['x < timestamp("2026-01-01T00:00:00Z")', { x: 'timestamp' }, { x: '2025-12-31T23:59:59Z' }, 'true'],
    [
      'x < timestamp("2026-01-01T00:00:00Z")',
      { x: 'timestamp' },
      { x: '2025-12-31' },
      expect.stringContaining('RFC 3339'),
    ],
    [
      'now < at + d',
      { now: 'timestamp', at: 'timestamp', d: 'duration' },
      { now: '2026-01-01T00:59:59Z', at: '2026-01-01T00:00:00Z', d: '1h' },
      'true',
    ],
    ['ip.in_cidr("192.168.0.0/24")', { ip: 'ipaddress' }, { ip: '192.168.0.1' }, 'true'],
    ['ip.in_cidr("192.168.0.0/24")', { ip: 'ipaddress' }, { ip: '::ffff:192.168.0.1' }, 'false'],
    [
      'ip.in_cidr("192.168.0.0/24")',
      { ip: 'ipaddress' },
      { ip: '192.168.0.300' },
      expect.stringContaining('expected an IP address'),
    ],
    ['ip.in_cidr("192.168.0.0")', { ip: 'ipaddress' }, { ip: '192.168.0.1' }, expect.stringContaining('not a CIDR')],
    ['ip == ipaddress("::1")', { ip: 'ipaddress' }, { ip: '0:0::1' }, 'true'],
    ['"a" in x', { x: strings }, { x: ['a'] }, 'true'],
    ['"a" in x', { x: strings }, { x: ['b', 1] }, 'parameter x: element 1: expected a string, found 1'],
    ['x.a == 1', { x: ints }, { x: { a: 1 } }, 'true'],
    ['x.a == 1', { x: ints }, { x: { a: 'one' } }, expect.stringContaining('the key "a": expected an integer')],
    ['x.a == 1', { x: 'any' }, { x: { a: 1 } }, 'true'],
    ['x["a"].b == "c"', { x: { name: 'map' } }, { x: { a: { b: 'c' } } }, 'true'],
  ])('%s with %j of %j', (expression, parameters, context, value) => {
    expect(evaluate(expression, parameters, context)).toEqual(value);
  });
});

describe('missing parameters', () => {
  const parameters: Parameters = { x: 'int', y: 'bool' };

  test('are errors, also where the answer does not depend on them', () => {
    expect(evaluate('x < 100 && y', parameters, { y: true })).toBe('missing parameters: x');
    expect(evaluate('x < 100 && y', parameters, {})).toBe('missing parameters: x, y');
    expect(evaluate('x < 100 && y', parameters, { y: false })).toBe('missing parameters: x');
    expect(evaluate('y || x < 100', parameters, { y: true })).toBe('missing parameters: x');
    expect(evaluate('y', parameters, { y: true })).toBe('missing parameters: x');
  });

  test('names that are no parameters are ignored, inherited ones are none', () => {
    expect(evaluate('y', { y: 'bool' }, { y: true, z: 1 })).toBe('true');
    expect(evaluate('y', { y: 'bool' }, Object.create({ y: true }))).toBe('missing parameters: y');
  });

  test('a wrong type is an error even where nothing reads it', () => {
    expect(evaluate('y', parameters, { y: true, x: 'many' })).toContain('parameter x');
  });
});

describe('problems when the condition is compiled', () => {
  test.each<[string, Parameters, string]>([
    ['x', { x: 'int' }, 'the condition is a int'],
    ['x', { x: 'any' }, 'the condition is a dyn'],
    ['x == "a"', { x: 'int' }, 'no such overload: int == string'],
    ['y == 1', { x: 'int' }, 'Unknown variable: y'],
    ['R.attr == 1', { x: 'int' }, 'Unknown variable: R'],
    ['now() > x', { x: 'timestamp' }, "found no matching overload for 'now()'"],
    ['x.matches("(")', { x: 'string' }, 'not a regular expression'],
    ['type == 1', { type: 'int' }, 'the parameter type cannot be declared'],
  ])('%s', (expression, parameters, message) => {
    const program = compile(expression, parameters);
    expect(program.ok ? 'compiles' : program.error).toMatchObject({
      message: expect.stringContaining(message),
      file: 'model.fga',
      line: 5,
    });
  });
});

test('the budget is spent, and its end is an error', () => {
  const program = compile('x.all(e, e > 0)', { x: { name: 'list', of: { name: 'int' } } });
  if (!program.ok) throw new Error(program.error.message);
  const x = Array.from({ length: 500 }, () => 1);
  expect(program.value.evaluate({ x }, new Budget())).toEqual({ kind: 'true' });
  expect(program.value.evaluate({ x }, new Budget(400))).toMatchObject({ kind: 'error' });
  expect(program.value.evaluate({ x }, new Budget(0))).toMatchObject({ kind: 'error' });
});

test('evaluating never throws, whatever the context holds', () => {
  const program = compile('s == "a" || i > 1 || d > 0.5 || l.exists(e, e == "x") || a.b == t', {
    ...{ s: 'string', i: 'int', d: 'double', a: 'any', t: 'timestamp' },
    l: strings,
  });
  if (!program.ok) throw new Error(program.error.message);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('s', 'i', 'd', 'l', 'a', 't', '__proto__'), fc.anything()), (context) => {
      expect(program.value.evaluate(context, new Budget()).kind).toMatch(/true|false|error/);
    }),
    { seed: 20261124, numRuns: 1000 },
  );
});
