import { describe, expect, it } from 'vitest';
import { compileMappingExpression, type MappingValue } from '../../../src/core/cel/mapping-expression.ts';
import { Budget } from '../../../src/core/limits.ts';

const INPUTS = {
  params: { name: 'pay', arguments: { to: 'acme', amount: 250, memo: null, 'cost-centre': 'x1', list: [1, 2, 3, 4] } },
  token: { sub: 'alice', roles: ['treasury', 'staff'], aud: ['https://pay.example'] },
};

function evaluate(source: string, budget = new Budget()): MappingValue {
  const compiled = compileMappingExpression(source);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return compiled.value.evaluate(INPUTS, budget);
}

describe('a value', () => {
  it.each([
    ['params.name', 'pay'],
    ['token.sub', 'alice'],
    ['params.arguments["cost-centre"]', 'x1'],
    ["params.arguments.amount > 100 ? 'high' : 'standard'", 'high'],
    ["token.roles.exists(r, r == 'treasury')", true],
    ['params.arguments.list.filter(n, n > 2)', [3, 4]],
    ['string(params.arguments.amount) + " EUR"', '250 EUR'],
    ['params.arguments', INPUTS.params.arguments],
    ['params.arguments.memo', null],
    ['params.arguments.?to', 'acme'],
    ['token.?tenant.orValue("none")', 'none'],
    ['[token.?tenant, token.?sub]', [null, 'alice']],
    ['params.name.upperAscii()', 'PAY'],
    ['duration("1h")', '3600s'],
    ['b"hi"', 'aGk='],
    ['9223372036854775807', '9223372036854775807'],
  ])('%s', (source, value) => {
    expect(evaluate(source)).toEqual({ kind: 'value', value });
  });
});

it.each(['token.?client_id', 'params.?arguments.?missing', 'optional.none()'])('%s is absent', (source) => {
  expect(evaluate(source)).toEqual({ kind: 'absent' });
});

describe('an error', () => {
  it.each([
    ['params.arguments.region', /No such key: region/],
    ['token.constructor', /No such key/],
    ['params.arguments.amount + "1"', /no such overload/],
    ['params.name.size() / 0', /zero/],
    ['type(params.name)', /none that JSON has/],
    ['[1, type(1)]', /none that JSON has/],
    ['{"a": 1.0 / 0.0}', /none that JSON has/],
  ])('%s', (source, message) => {
    const value = evaluate(source);
    expect(value.kind === 'error' && value.message).toMatch(message);
  });

  it('is what takes too many steps', () => {
    const within = (name: string) => `params.arguments.list.all(${name}, `;
    const source = `${within('a')}${within('b')}${within('c')}a + b + c > 0.0)))`;
    expect(evaluate(source).kind).toBe('value');
    expect(evaluate(source, new Budget(50))).toEqual({ kind: 'error', message: 'the mapping took too many steps' });
    expect(evaluate(`true || ${source}`, new Budget(1)).kind).toBe('error');
  });
});

describe('what does not compile', () => {
  it.each([
    ['', /empty/],
    ['token.', /IDENTIFIER/],
    ['user.id', /Unknown variable: user/],
    ['request.principal', /Unknown variable: request/],
    ['R.attr', /Unknown variable: R/],
    ['now()', /now\(\)/],
    ['related(token.sub, "owner", "doc:1")', /related/],
    ['params.name == 1 == true +', /./],
    [`"${'x'.repeat(5000)}"`, /longer than 4096/],
  ])('%s', (source, message) => {
    const compiled = compileMappingExpression(source);
    expect(!compiled.ok && compiled.error.message).toMatch(message);
  });
});
