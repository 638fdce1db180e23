import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declaredMapping } from '../../../src/mcp/binding/declared-mapping.ts';
import type { Asked } from '../../../src/mcp/binding/question.ts';
import { runs, SEED } from '../../support/laws.ts';

const PARAMS = { name: 'pay', arguments: { from: 'acc-1', to: 'acc-2', amount: 250, currency: 'EUR', none: null } };
const TOKEN = { sub: 'alice@example.com', client_id: 'https://agents.example/a1', roles: ['treasury'] };

function compile(mapping: unknown) {
  return declaredMapping({ name: 'pay', digest: '', tool: { inputSchema: { 'x-authzen-mapping': mapping } } });
}

/** A string of a mapping that is this expression. */
function cel(expression: string): string {
  return `$${expression}`;
}

/** The questions of a mapping, or what is wrong with it, and when that was seen. */
function resolve(mapping: unknown, token: { readonly [claim: string]: unknown } = TOKEN): readonly Asked[] | string {
  const compiled = compile(mapping);
  if (!compiled.ok) return `malformed: ${compiled.error}`;
  const resolved = compiled.value?.resolve({ params: PARAMS, token });
  if (resolved === undefined) return 'none';
  return resolved.ok ? resolved.value : resolved.error;
}

const READ = { action: { name: 'read' }, resource: { type: 'account', id: '$params.arguments.from' } };
const READS: Asked = { action: 'read', resource: 'account:acc-1' };

function single(fields: object) {
  return { evaluation: { ...READ, ...fields } };
}

describe('a tool without a mapping', () => {
  it.each([{}, { inputSchema: { type: 'object' } }, { inputSchema: null }, { inputSchema: 'x-authzen-mapping' }])(
    '%j',
    (tool) => {
      expect(declaredMapping({ name: 'x', digest: '', tool })).toEqual({ ok: true, value: undefined });
    },
  );
});

describe('the envelope evaluation', () => {
  it('is one question', () => {
    const mapping = {
      evaluation: {
        subject: { type: 'identity', id: '$token.sub' },
        action: { name: 'pay', properties: { currency: '$params.arguments.currency' } },
        resource: {
          type: 'account',
          id: '$params.arguments.from',
          properties: { risk: "$params.arguments.amount > 100 ? 'high' : 'low'", labels: ['x', '$params.name'] },
        },
        context: { agent: '$token.?client_id', target: '$params.arguments.to', note: '$$5', nothing: '$token.?tenant' },
      },
    };
    expect(resolve(mapping)).toEqual([
      {
        action: 'pay',
        action_properties: { currency: 'EUR' },
        resource: 'account:acc-1',
        properties: { risk: 'high', labels: ['x', 'pay'] },
        context: { target: 'acc-2', note: '$5' },
      },
    ]);
  });

  it('needs no subject and no context', () => {
    expect(resolve(single({}))).toEqual([READS]);
  });

  it('may take whole fields from expressions', () => {
    const mapping = {
      evaluation: {
        action: cel("{'name': 'read'}"),
        resource: cel("{'type': 'account', 'id': params.arguments.from, 'properties': {'a': [1, 2.5]}}"),
        context: '$params.arguments',
      },
    };
    expect(resolve(mapping)).toEqual([{ ...READS, properties: { a: [1, 2.5] }, context: PARAMS.arguments }]);
  });

  it("calls COAZ's identity user, and leaves every other type as it is", () => {
    const resource = { type: 'identity', id: 'bob@example.com' };
    expect(resolve(single({ resource }))).toEqual([{ action: 'read', resource: 'user:bob@example.com' }]);
    expect(resolve(single({ resource: { type: 'tool', id: 'x' } }))).toEqual([{ action: 'read', resource: 'tool:x' }]);
  });

  it.each([
    ['/bucket/q1.pdf', 'file:%2Fbucket/q1.pdf'],
    ['a b*c', 'file:a%20b%2Ac'],
    ['a/../b', 'file:a/%2E%2E/b'],
    ['100%25', 'file:100%2525'],
    ['a:b/c', 'file:a:b/c'],
  ])('encodes of the id %j only what an entity may not hold', (id, resource) => {
    expect(resolve(single({ resource: { type: 'file', id } }))).toEqual([{ action: 'read', resource }]);
  });
});

describe('the envelope evaluations', () => {
  it('is one question for each entry, an entry replacing whole defaults', () => {
    const mapping = {
      evaluations: {
        subject: { type: 'identity', id: '$token.sub' },
        action: { name: 'read', properties: { a: 1 } },
        resource: { type: 'account', id: '$params.arguments.from', properties: { b: 1 } },
        context: { c: 1, agent: 'x' },
        options: { evaluations_semantic: 'permit_on_first_permit' },
        evaluations: [
          {},
          { action: { name: 'write' }, resource: { type: 'account', id: '$params.arguments.to' } },
          { context: { d: 1 } },
        ],
      },
    };
    const defaults = { ...READS, action_properties: { a: 1 }, properties: { b: 1 }, context: { c: 1 } };
    expect(resolve(mapping)).toEqual([
      defaults,
      { action: 'write', resource: 'account:acc-2', context: { c: 1 } },
      { ...defaults, context: { d: 1 } },
    ]);
  });

  it('is its defaults alone where there are no entries', () => {
    expect(resolve({ evaluations: READ })).toEqual([READS]);
    expect(resolve({ evaluations: { ...READ, evaluations: [] } })).toEqual([READS]);
  });
});

describe('the subject', () => {
  it.each([
    [{ id: '$token.sub' }],
    [{ id: 'alice@example.com' }],
    [
      {
        type: "$token.roles.exists(r, r == 'treasury') ? 'treasurer' : 'staff'",
        id: '$token.sub',
        properties: { x: 1 },
      },
    ],
    [{ type: 'identity' }],
    [{}],
    [cel("{'id': token.sub}")],
  ])('%j says nothing that is not so, and is not asked about', (subject) => {
    expect(resolve(single({ subject }))).toEqual([READS]);
  });

  it.each([
    [{ id: 'bob@example.com' }, /not the subject of the token/],
    [{ id: '$params.arguments.to' }, /not the subject of the token/],
    [{ id: '$token.client_id' }, /not the subject of the token/],
    [{ id: '$token.?tenant' }, /subject\.id is missing/],
    [{ id: '$params.arguments.none' }, /subject\.id is missing/],
    [{ id: '$params.arguments.amount' }, /subject\.id is no string/],
    [{ id: '$token.tenant' }, /No such key: tenant/],
    ['$token.?tenant', /subject is missing/],
    [{ type: '$token.tenant', id: '$token.sub' }, /No such key: tenant/],
    ['$token', /^subject has the member "sub"/],
    [{ id: '$token.sub', role: 'admin' }, /^malformed: .*subject has the member "role"/],
    ['alice@example.com', /^malformed: .*subject is no object/],
  ])('%j is an error', (subject, message) => {
    expect(resolve(single({ subject }))).toMatch(message);
    expect(resolve({ evaluations: { ...READ, subject, evaluations: [{}] } })).toMatch(message);
  });

  it('cannot be compared where the token has none', () => {
    expect(resolve(single({ subject: { id: 'alice@example.com' } }), {})).toMatch(/not the subject of the token/);
  });
});

describe('what is malformed is so before any call', () => {
  it.each([
    [null, /no object/],
    ['$params', /no object/],
    [[], /no object/],
    [{}, /exactly one member/],
    [{ evaluation: READ, evaluations: READ }, /exactly one member/],
    [{ search: READ }, /exactly one member/],
    [{ evaluation: '$params' }, /evaluation is no object/],
    [{ evaluation: [READ] }, /evaluation is no object/],
    [{ evaluation: { resource: READ.resource } }, /action is missing/],
    [{ evaluation: { action: READ.action } }, /resource is missing/],
    [single({ action: { name: '' } }), /action\.name: the action is empty/],
    [single({ action: { name: 'a b' } }), /action\.name/],
    [single({ action: { name: 1 } }), /action\.name is no string/],
    [single({ action: {} }), /action\.name is missing/],
    [single({ action: 'read' }), /action is no object/],
    [single({ action: { name: 'read', soft: true } }), /action has the member "soft"/],
    [single({ action: { name: 'read', properties: [] } }), /action\.properties is no object/],
    [single({ resource: { type: 'a#b', id: 'x' } }), /resource: the type/],
    [single({ resource: { type: 'account', id: '' } }), /resource: the id is empty/],
    [single({ resource: { type: 'account', id: 'x'.repeat(300) } }), /longer than 256 bytes/],
    [single({ resource: { type: 'account', id: null } }), /resource\.id is missing/],
    [single({ resource: { id: 'x' } }), /resource\.type is missing/],
    [single({ resource: { type: 'account', id: 'x', owner: 'y' } }), /resource has the member "owner"/],
    [single({ context: [] }), /context is no object/],
    [single({ context: null }), /context is no object/],
    [single({ options: {} }), /evaluation has the member "options"/],
    [single({ context: { x: '$' } }), /evaluation\.context\.x: .*empty/],
    [single({ context: { x: ['$token.'] } }), /evaluation\.context\.x\[0\]: the expression "\$token\." is wrong/],
    [single({ context: { x: '$now()' } }), /now\(\)/],
    [single({ context: { x: '$user.id' } }), /Unknown variable: user/],
    [single({ context: { constructor: 1 } }), /the key "constructor"/],
    [single({ context: { a: Array.from({ length: 129 }, () => '$token.sub') } }), /more than 128 expressions/],
    [{ evaluations: { ...READ, evaluations: '$params.arguments.list' } }, /evaluations\.evaluations is no list/],
    [{ evaluations: { ...READ, evaluations: ['$params'] } }, /evaluations\[0\] is no object/],
    [{ evaluations: { ...READ, evaluations: [{ subject: { id: '$token.sub' } }] } }, /evaluations\[0\] has a subject/],
    [{ evaluations: { ...READ, evaluations: [{ options: {} }] } }, /evaluations\[0\] has the member "options"/],
    [{ evaluations: { evaluations: [READ, { action: READ.action }] } }, /resource is missing/],
    [{ evaluations: { ...READ, evaluations: Array.from({ length: 65 }, () => ({})) } }, /more than 64 evaluations/],
  ])('%j', (mapping, message) => {
    const compiled = compile(mapping);
    expect(!compiled.ok && compiled.error).toMatch(message);
    expect(!compiled.ok && compiled.error).toMatch(/^the mapping that the tool declares is malformed: /);
  });

  it.each(['on_behalf_of', 'delegation', 'chain', 'revision', 'scope', 'policy_version', 'open_attributes', 'mcp'])(
    'context.%s, which says who asks or what judges',
    (name) => {
      const message = new RegExp(`context\\.${name} is not for a mapping to set`);
      expect(resolve(single({ context: { [name]: 'x' } }))).toMatch(/^malformed/);
      expect(resolve(single({ context: { [name]: '$token.sub' } }))).toMatch(message);
      expect(resolve(single({ context: `\${"${name}": token.sub}` }))).toMatch(message);
    },
  );
});

describe('what only a call shows', () => {
  it.each([
    [
      { resource: { type: 'account', id: '$params.arguments.region' } },
      /"\$params\.arguments\.region" failed: No such key: region/,
    ],
    [{ resource: { type: 'account', id: '$params.arguments.?region' } }, /resource\.id is missing/],
    [{ resource: { type: 'account', id: '$params.arguments.none' } }, /resource\.id is missing/],
    [{ resource: { type: 'account', id: '$params.arguments.amount' } }, /resource\.id is no string/],
    [{ resource: '$params.arguments.?region' }, /resource is missing/],
    [{ resource: '$params.arguments.none' }, /resource is no object/],
    [{ resource: '$[params.arguments]' }, /resource is no object/],
    [{ action: { name: '$params.arguments.currency + " x"' } }, /action\.name: the action/],
    [{ action: '$token.?x' }, /action is missing/],
    [{ context: '$token.sub' }, /context is no object/],
    [{ context: { x: '$token.sub / 2' } }, /failed: no such overload/],
    [{ context: { x: '$type(1)' } }, /none that JSON has/],
  ])('%j', (fields, message) => {
    expect(compile(single(fields)).ok).toBe(true);
    expect(resolve(single(fields))).toMatch(message);
  });

  it('refuses parameters and claims that programs have been tricked with', () => {
    const compiled = compile(single({}));
    const hostile = JSON.parse('{"name":"pay","_meta":{"__proto__":{"x":1}}}');
    const resolved = compiled.ok ? compiled.value?.resolve({ params: hostile, token: TOKEN }) : undefined;
    expect(resolved?.ok === false && resolved.error).toMatch(/\/params\/_meta has the key "__proto__"/);
  });

  it('bounds the steps of all expressions together', () => {
    const list = Array.from({ length: 100 }, (_, index) => index);
    const slow = '$params.list.all(a, params.list.all(b, a + b >= 0.0))';
    const compiled = compile(single({ context: { x: Array.from({ length: 100 }, () => slow) } }));
    const resolved = compiled.ok ? compiled.value?.resolve({ params: { ...PARAMS, list }, token: TOKEN }) : undefined;
    expect(resolved?.ok === false && resolved.error).toMatch(/too many steps/);
  });
});

describe('for any mapping', () => {
  const leaf = fc.oneof(
    fc.constantFrom('$token.sub', '$token', '$params', '$params.arguments.?x', '$$', '$', '$(', 'read', 'account', ''),
    fc.constantFrom(
      '$params.arguments',
      cel("{'on_behalf_of': 'user:root'}"),
      cel("{'name': 'x'}"),
      'alice@example.com',
    ),
    fc.jsonValue({ maxDepth: 1 }),
  );
  const field = fc.oneof(
    leaf,
    fc.dictionary(fc.constantFrom('type', 'id', 'name', 'properties', 'agent', 'chain', 'x'), leaf),
  );
  const evaluation = fc.record(
    { subject: field, action: field, resource: field, context: field },
    { requiredKeys: [] },
  );
  const good = fc.constantFrom(READ, { ...READ, subject: { id: '$token.sub' } }, { ...READ, context: { a: '$token' } });
  const part = fc.oneof(
    evaluation,
    fc.tuple(good, evaluation).map(([base, change]) => ({ ...base, ...change })),
    good,
  );
  const mapping = fc.oneof(
    fc.record({ evaluation: part }),
    fc.record({
      evaluations: fc
        .tuple(part, fc.array(part, { maxLength: 3 }))
        .map(([defaults, evaluations]) => ({ ...defaults, evaluations })),
    }),
    fc.jsonValue(),
  );

  it('there are questions or one error, and never a question about who asks', () => {
    let asked = 0;
    const property = fc.property(mapping, (one) => {
      const resolved = resolve(one);
      if (typeof resolved === 'string') return;
      asked += 1;
      expect(resolved.length).toBeGreaterThan(0);
      for (const question of resolved) {
        const members = ['action', 'action_properties', 'resource', 'properties', 'context'];
        expect(Object.keys(question).filter((name) => !members.includes(name))).toEqual([]);
        const context = Object.keys(question.context ?? {});
        expect(context.filter((name) => ['agent', 'on_behalf_of', 'chain', 'delegation'].includes(name))).toEqual([]);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: runs(1000) });
    expect(asked).toBeGreaterThan(100);
  });
});
