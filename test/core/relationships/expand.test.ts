import { describe, expect, it } from 'vitest';
import { expand } from '../../../src/core/relationships/expand.ts';
import { TupleIndex } from '../../../src/core/relationships/tuple-index.ts';
import { modelOf, tuplesOf } from './model-fixture.ts';

const MODEL = modelOf(`
type group
  relations
    define member: [user]
type folder
  relations
    define viewer: [user]
type doc
  relations
    define parent: [folder]
    define banned: [user]
    define editor: [user, user:*, group#member]
    define viewer: ([user] or editor or viewer from parent) but not banned
    define both: [user] and editor
`);

const TUPLES = new TupleIndex([
  ...tuplesOf(
    'doc:1#editor@user:bo',
    'doc:1#editor@user:*',
    'doc:1#editor@group:x#member',
    'doc:1#editor@user:al',
    'doc:1#parent@folder:b',
    'doc:1#parent@folder:a',
    'doc:1#viewer@user:cy',
    'doc:2#viewer@user:dee',
    // The model does not allow these (any more).
    'doc:1#editor@folder:a',
    'doc:1#viewer@user:*',
  ),
]);

describe('expand', () => {
  it('names users and usersets, by their text, and follows none', () => {
    expect(expand('doc:1', 'editor', MODEL, TUPLES)).toEqual({
      name: 'doc:1#editor',
      kind: 'users',
      users: ['group:x#member', 'user:*', 'user:al', 'user:bo'],
    });
  });

  it('has a node for each rewrite', () => {
    const name = 'doc:1#viewer';
    expect(expand('doc:1', 'viewer', MODEL, TUPLES)).toEqual({
      name,
      kind: 'difference',
      base: {
        name,
        kind: 'union',
        nodes: [
          { name, kind: 'users', users: ['user:cy'] },
          { name, kind: 'computed', userset: 'doc:1#editor' },
          {
            name,
            kind: 'tuple_to_userset',
            tupleset: 'doc:1#parent',
            computed: ['folder:a#viewer', 'folder:b#viewer'],
          },
        ],
      },
      subtract: { name, kind: 'computed', userset: 'doc:1#banned' },
    });
    expect(expand('doc:9', 'both', MODEL, TUPLES)).toMatchObject({
      kind: 'intersection',
      nodes: [{ kind: 'users', users: [] }, { kind: 'computed' }],
    });
  });

  it('knows only what the model knows', () => {
    expect(expand('doc:1', 'nix', MODEL, TUPLES)).toBeUndefined();
    expect(expand('ship:1', 'viewer', MODEL, TUPLES)).toBeUndefined();
  });
});
