import { expect, test } from 'vitest';
import { parseCaller } from '../../src/callers/parse-caller.ts';

test('what is left out is the least: nobody, nothing, enforce', () => {
  expect(parseCaller({ id: 'gateway', roles: ['check'] })).toEqual({
    ok: true,
    value: {
      id: 'gateway',
      roles: ['check'],
      actors: [],
      origins: [],
      vouches: [],
      direct: false,
      asserts: [],
      mode: 'enforce',
    },
  });
});

test('every field is read', () => {
  const caller = {
    id: 'gateway',
    roles: ['check', 'audit'],
    actors: ['agent:*', 'agent:acme/*', 'agent:mailer'],
    origins: ['*'],
    vouches: ['user:*'],
    direct: true,
    asserts: ['roles', 'attributes', 'scope'],
    agents: { claude: 'agent:claude' },
    mode: 'observe',
  };
  expect(parseCaller(caller)).toEqual({ ok: true, value: caller });
  const alice = { id: 'alice', roles: ['delegate'], principal: 'user:alice' };
  expect(parseCaller(alice)).toMatchObject({ ok: true, value: alice });
});

test.each<[string, unknown, string]>([
  ['not an object', 'gateway', ''],
  ['a list', [], ''],
  ['no id', { roles: ['check'] }, 'id'],
  ['an id with a slash', { id: 'a/b', roles: ['check'] }, 'id'],
  ['the reserved id', { id: 'dev', roles: ['check'] }, 'id'],
  ['no roles', { id: 'a' }, 'roles'],
  ['empty roles', { id: 'a', roles: [] }, 'roles'],
  ['an unknown role', { id: 'a', roles: ['check', 'root'] }, 'roles/1'],
  ['a misspelt field', { id: 'a', roles: ['check'], actor: ['agent:*'] }, 'actor'],
  ['a pattern in the middle of a name', { id: 'a', roles: ['check'], actors: ['agent:mail*'] }, 'actors/0'],
  ['a pattern without a type', { id: 'a', roles: ['check'], origins: ['alice'] }, 'origins/0'],
  ['a number for a pattern', { id: 'a', roles: ['check'], vouches: [1] }, 'vouches/0'],
  ['text for a list', { id: 'a', roles: ['check'], vouches: 'user:*' }, 'vouches'],
  ['text for a flag', { id: 'a', roles: ['check'], direct: 'yes' }, 'direct'],
  ['an unknown assertable', { id: 'a', roles: ['check'], asserts: ['everything'] }, 'asserts/0'],
  ['an unknown mode', { id: 'a', roles: ['check'], mode: 'off' }, 'mode'],
  ['a principal without a type', { id: 'a', roles: ['check'], principal: 'alice' }, 'principal'],
  ['an agent that is none', { id: 'a', roles: ['check'], agents: { claude: 'claude' } }, 'agents/claude'],
  ['an agent without a name', { id: 'a', roles: ['check'], agents: { '': 'agent:x' } }, 'agents'],
  ['agents in a list', { id: 'a', roles: ['check'], agents: ['agent:x'] }, 'agents'],
  ['both a principal and actors', { id: 'a', roles: ['check'], principal: 'agent:x', actors: ['agent:y'] }, 'actors'],
])('%s is refused, naming the field', (_what, input, field) => {
  const parsed = parseCaller(input);
  expect(parsed.ok ? [] : parsed.error.map((fault) => fault.field)).toEqual([field]);
});

test('everything that is wrong is said at once', () => {
  const parsed = parseCaller({ id: '', roles: ['x'], actors: ['*', 'y'], mode: 1 });
  expect(parsed.ok ? [] : parsed.error.map((fault) => fault.field)).toEqual(['id', 'roles/0', 'actors/1', 'mode']);
});
