import { expect, test } from 'vitest';
import type { Attributes } from '../../src/client/types.ts';
import { Definitions, ServerRefusal } from '../../src/mcp/definitions.ts';

type Answer = Attributes | Error;

/** A server that answers each tools/list with the next of these, and the last one for ever. */
function serverOf(...answers: readonly Answer[]) {
  const cursors: (string | undefined)[] = [];
  const listTools = async (cursor?: string): Promise<Attributes> => {
    cursors.push(cursor);
    const answer = answers[Math.min(cursors.length, answers.length) - 1];
    if (answer === undefined) throw new Error('no answer');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { cursors, listTools };
}

const tool = (name: string, description = 'does it') => ({ name, description, inputSchema: { type: 'object' } });

test('reads every page once, and what is not listed is not', async () => {
  const { cursors, listTools } = serverOf({ tools: [tool('a')], nextCursor: 'p2' }, { tools: [tool('b')] });
  const definitions = new Definitions(listTools);
  expect((await definitions.get('b'))?.name).toBe('b');
  expect((await definitions.get('a'))?.digest).toMatch(/^sha256:/);
  expect(await definitions.get('c')).toBeUndefined();
  expect(cursors).toEqual([undefined, 'p2']);
});

test('many who ask at once wait for the same list', async () => {
  const { cursors, listTools } = serverOf({ tools: [tool('a')] });
  const definitions = new Definitions(listTools);
  const all = await Promise.all(['a', 'b', 'a'].map((name) => definitions.get(name)));
  expect(all.map((one) => one?.name)).toEqual(['a', undefined, 'a']);
  expect(cursors).toHaveLength(1);
});

test('what the client was told need not be asked for; the rest is', async () => {
  const { cursors, listTools } = serverOf({ tools: [tool('a'), tool('b')] });
  const definitions = new Definitions(listTools);
  definitions.learn({ tools: [tool('a')] });
  await definitions.get('a');
  expect(cursors).toHaveLength(0);
  await definitions.get('b');
  expect(cursors).toHaveLength(1);
});

test('a change that is announced, or a minute, makes it ask again', async () => {
  let now = 0;
  const { cursors, listTools } = serverOf({ tools: [tool('a', 'old')] }, { tools: [tool('a', 'new')] });
  const definitions = new Definitions(listTools, () => now);
  const old = await definitions.get('a');
  definitions.forget();
  const renewed = await definitions.get('a');
  expect(renewed?.digest).not.toBe(old?.digest);
  now = 59_999;
  await definitions.get('a');
  expect(cursors).toHaveLength(2);
  now = 60_000;
  await definitions.get('a');
  await definitions.get('other');
  expect(cursors).toHaveLength(3);
});

test('a list that was asked for before a change is not taken for live', async () => {
  const first = Promise.withResolvers<Attributes>();
  const answers = [first.promise, Promise.resolve({ tools: [tool('a', 'new')] })];
  const definitions = new Definitions(() => answers.shift() ?? Promise.reject(new Error('asked too often')));
  const asked = definitions.get('a');
  definitions.forget();
  first.resolve({ tools: [tool('a', 'old')] });
  expect((await asked)?.tool.description).toBe('new');
});

test('a server that does not know the method has no tools; any other failure is one', async () => {
  const none = serverOf(new ServerRefusal(-32601, 'Method not found'));
  const without = new Definitions(none.listTools);
  expect(await without.get('a')).toBeUndefined();
  expect(await without.get('b')).toBeUndefined();
  expect(none.cursors).toHaveLength(1);
  const failing = serverOf(new ServerRefusal(-32000, 'not now'), { tools: [tool('a')] });
  const definitions = new Definitions(failing.listTools);
  await expect(definitions.get('a')).rejects.toThrow('not now');
  expect((await definitions.get('a'))?.name).toBe('a');
});

test('two different tools of one name are none; the same twice is one', async () => {
  const pages = serverOf(
    { tools: [tool('a', 'one'), tool('b')], nextCursor: 'p2' },
    { tools: [tool('a', 'two'), tool('b')] },
  );
  const definitions = new Definitions(pages.listTools);
  await expect(definitions.get('a')).rejects.toThrow('several tools named "a"');
  expect((await definitions.get('b'))?.name).toBe('b');
});

test.each([
  ['no list', [{ tools: 'all' }], /no list of tools/],
  ['a cursor that is no text', [{ tools: [], nextCursor: 7 }], /no text/],
  ['no end', [{ tools: [], nextCursor: 'again' }], /more than 256 pages/],
])('a server that answers with %s is not called', async (_what, answers, message) => {
  const definitions = new Definitions(serverOf(...answers).listTools);
  await expect(definitions.get('a')).rejects.toThrow(message);
});
