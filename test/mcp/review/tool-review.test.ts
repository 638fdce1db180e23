import { describe, expect, test } from 'vitest';
import type { Attributes } from '../../../src/client/types.ts';
import { definitionText, toToolDefinition } from '../../../src/mcp/binding/tool-definition.ts';
import { reviewTools } from '../../../src/mcp/review/tool-review.ts';

const READ = {
  name: 'read',
  description: 'Reads',
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
};
const WRITE = { name: 'write', description: 'Writes', inputSchema: { type: 'object' } };

const digest = (tool: object): string | undefined => toToolDefinition(tool)?.digest;

interface Entry {
  readonly entity: string;
  readonly attributes: Attributes;
  readonly deleted: boolean;
}

/** The directory, with what an import writes carried out. */
class Directory {
  readonly entries = new Map<string, Entry>();

  put(entity: string, attributes: Attributes, deleted = false): this {
    this.entries.set(entity, { entity, attributes, deleted });
    return this;
  }

  review(listed: readonly unknown[], marks = false) {
    return reviewTools('files', listed, [...this.entries.values()], marks);
  }

  import(listed: readonly unknown[], marks = false): this {
    for (const { entity, changes } of this.review(listed, marks).tools) {
      const merged = Object.entries({ ...this.attributes(entity), ...changes }).filter(([, value]) => value !== null);
      this.put(entity, Object.fromEntries(merged));
    }
    return this;
  }

  attributes(entity: string): Attributes {
    return this.entries.get(entity)?.attributes ?? {};
  }
}

describe('a review of the tools of a server', () => {
  test('a tool that was never seen is new', () => {
    const { tools, unusable } = new Directory().review([READ]);
    expect(unusable).toEqual([]);
    expect(tools).toMatchObject([{ name: 'read', entity: 'tool:files/read', found: 'new', review: 'new' }]);
    expect(tools[0]?.changes).toEqual({
      description: 'Reads',
      read_only: true,
      destructive: false,
      idempotent: true,
      open_world: true,
      review: 'new',
      listed_definition: digest(READ),
    });
    expect(tools[0]?.differences).toContainEqual({ path: '/description', after: '"Reads"' });
  });

  test('it stays new, and nothing is written again, until somebody reviews it', () => {
    const directory = new Directory().import([READ]);
    expect(directory.review([READ]).tools).toMatchObject([{ found: 'new', review: 'new', changes: {} }]);
    expect(directory.review([READ], true).tools[0]?.changes).toEqual({
      review: 'reviewed',
      reviewed_definition: digest(READ),
      reviewed_text: definitionText(READ),
    });
    directory.import([READ], true);
    expect(directory.review([READ]).tools).toMatchObject([
      { found: 'reviewed', review: 'reviewed', differences: [], changes: {} },
    ]);
    expect(directory.review([READ], true).tools[0]?.changes).toEqual({});
  });

  test('what changed since is shown from the reviewed definition, whatever was listed in between', () => {
    const worse = { ...READ, description: 'Reads, and sends it away' };
    const worst = { ...worse, inputSchema: { type: 'object', properties: { to: { type: 'string' } } } };
    const directory = new Directory().import([READ], true).import([worse]);
    expect(directory.attributes('tool:files/read')).toMatchObject({
      review: 'changed',
      description: 'Reads, and sends it away',
      listed_definition: digest(worse),
      reviewed_definition: digest(READ),
    });
    const [tool] = directory.review([worst]).tools;
    expect(tool).toMatchObject({ found: 'changed', review: 'changed' });
    expect(tool?.differences).toEqual([
      { path: '/description', before: '"Reads"', after: '"Reads, and sends it away"' },
      { path: '/inputSchema/properties/to/type', after: '"string"' },
    ]);
    directory.import([worst], true);
    expect(directory.attributes('tool:files/read')).toMatchObject({
      review: 'reviewed',
      reviewed_definition: digest(worst),
    });
  });

  test('a change that is taken back is none', () => {
    const directory = new Directory().import([READ], true).import([{ ...READ, title: 'x' }]);
    expect(directory.attributes('tool:files/read')).toMatchObject({ review: 'changed', title: 'x' });
    const [tool] = directory.review([READ]).tools;
    expect(tool).toMatchObject({ found: 'reviewed', review: 'reviewed', differences: [] });
    expect(tool?.changes).toEqual({ review: 'reviewed', title: null, listed_definition: digest(READ) });
  });

  test('one that is gone stays in the directory, marked, and may come back', () => {
    const directory = new Directory().import([READ, WRITE], true);
    const { tools } = directory.review([WRITE], true);
    expect(tools).toMatchObject([
      { name: 'write', found: 'reviewed' },
      { name: 'read', found: 'gone', review: 'gone', changes: { review: 'gone', listed_definition: null } },
    ]);
    directory.import([WRITE], true);
    expect(directory.attributes('tool:files/read')).toMatchObject({
      review: 'gone',
      reviewed_definition: digest(READ),
    });
    expect(directory.review([WRITE]).tools).toMatchObject([{ changes: {} }, { found: 'gone', changes: {} }]);
    expect(directory.review([READ]).tools[0]).toMatchObject({ found: 'reviewed', review: 'reviewed' });
  });

  test('what somebody put there by hand is kept, and not gone where no server lists it', () => {
    const directory = new Directory()
      .put('tool:files/read', { risk: 'low', department: 'engineering' })
      .put('tool:files/by-hand', { risk: 'high' });
    const { tools } = directory.review([READ]);
    expect(tools).toMatchObject([{ name: 'read', found: 'new' }]);
    expect(Object.keys(tools[0]?.changes ?? {})).not.toContain('risk');
    directory.import([READ], true);
    expect(directory.attributes('tool:files/read')).toMatchObject({ risk: 'low', department: 'engineering' });
  });

  test.each<[string, unknown, string, RegExp]>([
    ['no object', 'read', 'entry 1 of the list', /no object with a name/],
    ['without a name', { description: 'x' }, 'entry 1 of the list', /no object with a name/],
    ['with a name that is too long', { name: 'x'.repeat(300) }, 'x'.repeat(300), /longer than 256 bytes/],
    ['with half a surrogate pair', { name: 'x', description: '\ud800' }, 'x', /no canonical form/],
    ['that was deleted for ever', { name: 'deleted' }, 'deleted', /was deleted/],
  ])('an entry %s cannot be used, and the others can', (_what, entry, name, problem) => {
    const directory = new Directory().put('tool:files/deleted', {}, true);
    const { tools, unusable } = directory.review([entry, READ], true);
    expect(unusable).toEqual([{ name, problem: expect.stringMatching(problem) }]);
    expect(tools.map((tool) => tool.name)).toEqual(['read']);
  });

  test('two of one name are neither', () => {
    const directory = new Directory().import([READ], true);
    const { tools, unusable } = directory.review([READ, { ...READ, description: 'Not this one' }, WRITE], true);
    expect(unusable.map(({ name }) => name)).toEqual(['read', 'read']);
    expect(tools.map(({ name, found }) => [name, found])).toEqual([['write', 'new']]);
  });

  test('names are encoded, and told as the server gives them', () => {
    const odd = { ...READ, name: 'dir/read file' };
    const directory = new Directory().import([odd]);
    expect([...directory.entries.keys()]).toEqual(['tool:files/dir%2Fread%20file']);
    expect(directory.review([]).tools).toMatchObject([{ name: 'dir/read file', found: 'gone' }]);
  });

  test('a definition that is too long to keep is still compared', () => {
    const long = { ...READ, description: 'x'.repeat(70_000) };
    const directory = new Directory().import([long], true);
    expect(directory.attributes('tool:files/read')).not.toHaveProperty('reviewed_text');
    expect(directory.review([long]).tools[0]).toMatchObject({ found: 'reviewed', changes: {} });
    const [changed] = directory.review([READ]).tools;
    expect(changed?.found).toBe('changed');
    expect(changed).not.toHaveProperty('differences');
  });

  test('a reviewed text that somebody wrote over does no harm', () => {
    const directory = new Directory().import([READ], true);
    directory.put('tool:files/read', { ...directory.attributes('tool:files/read'), reviewed_text: '{' });
    expect(directory.review([{ ...READ, title: 'x' }]).tools[0]).not.toHaveProperty('differences');
  });
});
