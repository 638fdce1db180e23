import { describe, expect, it } from 'vitest';
import { validateForm, validateTuple } from '../../../src/core/relationships/validate-tuple.ts';
import { modelOf } from './model-fixture.ts';

const MODEL = modelOf(`
type group
  relations
    define member: [user, group#member]
type doc
  relations
    define parent: [group]
    define viewer: [user, user:* with c, group#member]
    define editor: [user with c]
    define reader: viewer
condition c(x: int) {
  x > 0
}
`);

function fault(
  user: string,
  relation: string,
  object: string,
  condition?: string,
  context?: { [key: string]: unknown },
) {
  const tuple = { user, relation, object };
  if (condition === undefined) return validateTuple(tuple, MODEL);
  return validateTuple(
    { ...tuple, condition: context === undefined ? { name: condition } : { name: condition, context } },
    MODEL,
  );
}

describe('validateTuple', () => {
  it.each([
    ['user:ann', 'viewer', 'doc:1', undefined, undefined],
    ['group:x#member', 'viewer', 'doc:a/b:c', undefined, undefined],
    ['user:*', 'viewer', 'doc:1', 'c', undefined],
    ['user:ann', 'editor', 'doc:1', 'c', { x: 1 }],
    ['group:x', 'parent', 'doc:1', undefined, undefined],
  ])('accepts %s %s %s', (user, relation, object, condition, context) => {
    expect(fault(user, relation, object, condition, context)).toBeUndefined();
  });

  it.each([
    ['user:ann', 'viewer', 'folder:1', 'type_not_found', 'no type "folder"; it has user, group, doc'],
    ['robot:1', 'viewer', 'doc:1', 'type_not_found', 'no type "robot"'],
    ['robot:*', 'viewer', 'doc:1', 'type_not_found', 'no type "robot"'],
    ['user:ann', 'nix', 'doc:1', 'relation_not_found', 'no relation "nix"; it has parent, viewer, editor, reader'],
    ['group:x#nix', 'viewer', 'doc:1', 'relation_not_found', 'no relation "nix"; it has member'],
    ['user:ann', 'viewer', 'doc', 'validation_error', 'the object is not an entity'],
    ['user:ann', 'viewer', 'doc:*', 'validation_error', 'the object is not an entity'],
    ['ann', 'viewer', 'doc:1', 'validation_error', 'the user is not type:id'],
    ['*', 'viewer', 'doc:1', 'validation_error', 'the user is not type:id'],
    ['group:*#member', 'viewer', 'doc:1', 'validation_error', 'the user is not type:id'],
    ['group:x#', 'viewer', 'doc:1', 'relation_not_found', 'no relation ""'],
    ['group:x#member#member', 'viewer', 'doc:1', 'relation_not_found', 'no relation "member#member"'],
    ['user:*', 'viewer', 'doc:1', 'condition', 'with no condition; it allows user, user:* with c, group#member'],
    ['doc:2', 'viewer', 'doc:1', 'validation_error', 'does not allow the user "doc:2"'],
    ['group:x', 'viewer', 'doc:1', 'validation_error', 'does not allow the user "group:x"'],
    ['group:*', 'parent', 'doc:1', 'validation_error', 'does not allow the user "group:*"'],
    ['group:x#member', 'parent', 'doc:1', 'validation_error', 'does not allow'],
    ['user:ann', 'reader', 'doc:1', 'validation_error', 'cannot be assigned'],
    ['user:ann', 'editor', 'doc:1', 'condition', 'with no condition; it allows user with c'],
    ['group:x#member', 'member', 'group:x', 'implicit', 'to itself anyway'],
  ] as const)('refuses %s %s %s', (user, relation, object, kind, message) => {
    expect(fault(user, relation, object)).toEqual({ kind, message: expect.stringContaining(message) });
  });

  it('refuses conditions that are not allowed, not there or given what they do not take', () => {
    expect(fault('user:ann', 'viewer', 'doc:1', 'c')?.message).toContain('with the condition "c"');
    expect(fault('user:ann', 'editor', 'doc:1', 'd')?.message).toContain('with the condition "d"');
    expect(fault('user:ann', 'editor', 'doc:1', 'c', { y: 1 })?.message).toContain('no parameter "y"; it has x');
    expect(fault('user:ann', 'editor', 'doc:1', 'c', { x: 'one' })).toEqual({
      kind: 'condition',
      message: expect.stringContaining('the parameter x of the condition "c": expected an integer'),
    });
  });
});

describe('validateForm', () => {
  it.each([
    ['ann', 'viewer', 'doc:1', 'the user is not type:id'],
    ['user:ann', 'view er', 'doc:1', '"view er" is not a relation'],
    ['user:ann', 'x'.repeat(51), 'doc:1', 'is not a relation: 1 to 50 characters'],
    ['user:ann', 'viewer', 'doc:*', 'the object is not an entity'],
  ])('refuses %s %s %s', (user, relation, object, message) => {
    expect(validateForm({ user, relation, object })?.message).toContain(message);
  });

  it('does not ask the model', () => {
    expect(validateForm({ user: 'robot:r2#crew', relation: 'nix', object: 'ship:1' })).toBeUndefined();
  });
});
