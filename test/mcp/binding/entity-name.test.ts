import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEntity } from '../../../src/core/entity.ts';
import { serverNameFault, toMcpEntity, toServerEntity } from '../../../src/mcp/binding/entity-name.ts';

describe('the entity of something under an MCP server', () => {
  it.each([
    ['tool', 'create_issue', 'tool:github/create_issue'],
    ['tool', 'Issues.create-1~b', 'tool:github/Issues.create-1~b'],
    ['tool', 'issues/create', 'tool:github/issues%2Fcreate'],
    ['tool', 'a%2Fb', 'tool:github/a%252Fb'],
    ['tool', "it's (new)!*", 'tool:github/it%27s%20%28new%29%21%2A'],
    ['prompt', 'größe', 'prompt:github/gr%C3%B6%C3%9Fe'],
    ['resource', 'file:///tmp/a b.txt', 'resource:github/file%3A%2F%2F%2Ftmp%2Fa%20b.txt'],
    ['resource', 'test://{id}#x', 'resource:github/test%3A%2F%2F%7Bid%7D%23x'],
    ['task', '786512e2-9e0d', 'task:github/786512e2-9e0d'],
  ] as const)('%s %s', (type, name, entity) => {
    expect(toMcpEntity(type, 'github', name)).toEqual({ ok: true, value: entity });
    expect(parseEntity(entity).ok).toBe(true);
  });

  it.each([
    ['empty', '', /empty segment/],
    ['a dot segment', '..', /segment ".."/],
    ['too long', 'x'.repeat(250), /longer than 256 bytes/],
    ['too long once encoded', 'ü'.repeat(42), /longer than 256 bytes/],
    ['no text', 'a\ud800', /half a surrogate pair/],
  ])('cannot be one whose name is %s', (_what, name, error) => {
    const entity = toMcpEntity('tool', 'github', name);
    expect(!entity.ok && entity.error).toMatch(error);
  });

  it('is never that of another name, nor normalised', () => {
    const unit = fc.constantFrom('a', '/', '%', '2', 'F', 'é', 'e', '\u0301', '😀', ' ', '*');
    const name = fc.string({ unit, minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(name, name, (one, other) => {
        const [first, second] = [toMcpEntity('tool', 's', one), toMcpEntity('tool', 's', other)];
        return one === other || !first.ok || !second.ok || first.value !== second.value;
      }),
      { seed: 62, numRuns: 2000 },
    );
    expect(toMcpEntity('tool', 's', 'é')).not.toEqual(toMcpEntity('tool', 's', 'e\u0301'));
  });

  it.each([['a/b'], ['a:b'], ['a b'], ['*'], [''], ['..'], ['x'.repeat(257)]])('a server is not named %j', (server) => {
    expect(serverNameFault(server)).toMatch(/the server's name/);
    expect(toMcpEntity('tool', server, 't').ok).toBe(false);
    expect(toServerEntity(server).ok).toBe(false);
  });

  it('the server itself has one, too', () => {
    expect(serverNameFault('github')).toBeUndefined();
    expect(toServerEntity('github')).toEqual({ ok: true, value: 'mcp_server:github' });
  });
});
