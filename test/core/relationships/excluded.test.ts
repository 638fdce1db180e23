import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/core/limits.ts';
import { excluded } from '../../../src/core/relationships/excluded.ts';
import type { Membership, Relationship } from '../../../src/core/relationships/membership.ts';
import { TupleIndex } from '../../../src/core/relationships/tuple-index.ts';
import { modelOf, tuplesOf } from './model-fixture.ts';

const MODEL = modelOf(`
type group
  relations
    define banned: [user]
    define member: [user] but not banned
type folder
  relations
    define parent: [folder]
    define blocked: [user]
    define viewer: ([user] but not blocked) or viewer from parent
type doc
  relations
    define parent: [folder, folder with c]
    define exempt: [user]
    define blocked: [user, group#member, user with c]
    define viewer: [user, group#member]
    define editor: [user]
    define plain: viewer or editor
    define can_read: viewer but not blocked
    define can_copy: can_read
    define can_print: editor or (can_read and viewer)
    define can_see: editor or viewer from parent
    define can_fork: viewer but not (blocked but not exempt)
    define can_twice: can_read but not exempt
condition c(x: int) {
  x > 0
}
`);

function ask(relation: string, tuples: readonly Relationship[], steps?: number): Membership {
  const query = { subject: 'user:ann', relation, object: 'doc:1' };
  return excluded(query, MODEL, new TupleIndex(tuples), { now: 0, budget: new Budget(steps) });
}

describe('excluded', () => {
  const blocked = tuplesOf('doc:1#blocked@user:ann');

  it('needs no membership in the permission itself, and proves the exclusion', () => {
    const answer = ask('can_read', blocked);
    expect(
      answer.kind === 'yes' && answer.proof.map(({ object, relation, via }) => `${object}#${relation} ${via}`),
    ).toEqual(['doc:1#can_read exclusion', 'doc:1#can_read computed', 'doc:1#blocked direct']);
  });

  it.each(['can_copy', 'can_print', 'can_twice'])('follows computed relations and nesting: %s', (relation) => {
    expect(ask(relation, blocked).kind).toBe('yes');
    expect(ask(relation, tuplesOf('doc:1#viewer@user:ann')).kind).toBe('no');
  });

  it('forbids by one branch of a union although another would allow', () => {
    expect(ask('can_print', [...blocked, ...tuplesOf('doc:1#editor@user:ann')]).kind).toBe('yes');
  });

  it('follows parents, on cycles too', () => {
    const parents = tuplesOf('doc:1#parent@folder:a', 'folder:a#parent@folder:b', 'folder:b#parent@folder:a');
    expect(ask('can_see', parents).kind).toBe('no');
    expect(ask('can_see', [...parents, ...tuplesOf('folder:b#blocked@user:ann')])).toMatchObject({ kind: 'yes' });
  });

  it('does not follow the usersets that a relation is given to', () => {
    const tuples = tuplesOf('doc:1#viewer@group:x#member', 'group:x#banned@user:ann');
    expect(ask('can_read', tuples).kind).toBe('no');
    expect(ask('plain', tuples).kind).toBe('no');
  });

  it('decides an exemption together with the block', () => {
    expect(ask('can_fork', blocked).kind).toBe('yes');
    expect(ask('can_fork', [...blocked, ...tuplesOf('doc:1#exempt@user:ann')]).kind).toBe('no');
  });

  it('is unknown where a condition or a limit leaves it open', () => {
    const condition = { name: 'c' };
    expect(ask('can_read', [{ object: 'doc:1', relation: 'blocked', user: 'user:ann', condition }]).kind).toBe(
      'unknown',
    );
    const parent = { object: 'doc:1', relation: 'parent', user: 'folder:a', condition };
    expect(ask('can_see', [parent, ...tuplesOf('folder:a#blocked@user:ann')]).kind).toBe('unknown');
    expect(ask('can_see', [parent]).kind).toBe('no');
    expect(ask('can_read', blocked, 1)).toMatchObject({ kind: 'unknown', because: { limit: 'decisionSteps' } });
    const deep = Array.from({ length: 30 }, (_, at) => `folder:${at}#parent@folder:${at + 1}`);
    const answer = ask('can_see', tuplesOf('doc:1#parent@folder:0', ...deep));
    expect(answer).toMatchObject({ kind: 'unknown', because: { limit: 'relationshipDepth' } });
  });
});
