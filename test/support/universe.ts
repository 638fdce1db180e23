import type { Relationship } from '../../src/core/relationships/membership.ts';

/** The few names that generated worlds are made of: small enough that things meet often. */
export const USERS = ['user:alice', 'user:bob', 'user:carol'] as const;
export const AGENTS = [
  'agent:planner',
  'agent:worker',
  'agent:runner',
  'agent:helper',
  'agent:scribe',
  'agent:clerk',
] as const;
export const PRINCIPALS = [...USERS, ...AGENTS] as const;
export const SETS = ['group:dev#member', 'group:ops#member', 'user:*'] as const;
export const RESOURCES = [
  'doc:plan',
  'doc:a/one',
  'doc:a/two',
  'tool:github/create',
  'tool:crypto/sign',
  'tool:cryptocurrency/send',
] as const;
export const ACTIONS = ['read', 'read:meta', 'write', 'call'] as const;
/** Neither declared nor mentioned anywhere. */
export const STRANGERS = ['ghost:casper'] as const;

export const ACTION_PATTERNS = ['*', 'read', 'read:*', 'write', 'call', 'read:meta'] as const;
export const RESOURCE_PATTERNS = [
  'doc:*',
  'tool:*',
  'doc:a/*',
  'doc:plan',
  'tool:crypto/*',
  'tool:cryptocurrency/*',
  'tool:github/create',
] as const;
export const PRINCIPAL_PATTERNS = ['agent:*', 'agent:worker', 'agent:runner', 'user:*'] as const;

/** 2026-05-01T12:00:00Z. */
export const START = Date.UTC(2026, 4, 1, 12);
export const HOUR = 3_600_000;

/** Every relationship that a world may hold; which of them a model accepts is the model's affair. */
export const TUPLES: readonly Relationship[] = [
  ...tuples('member', 'group:dev', 'user:alice', 'user:bob', 'agent:planner', 'group:ops#member'),
  ...tuples('member', 'group:ops', 'user:carol', 'user:alice', 'group:dev#member'),
  ...tuples('left', 'group:dev', 'user:bob', 'user:carol'),
  ...tuples('viewer', 'doc:plan', 'user:alice', 'user:bob', 'user:*', 'group:dev#member', 'agent:planner'),
  ...tuples('viewer', 'doc:a/one', 'user:*', 'user:carol', 'group:ops#member'),
  ...tuples('owner', 'doc:plan', 'user:alice', 'agent:worker'),
  ...tuples('owner', 'doc:a/two', 'user:bob', 'user:carol'),
  ...tuples('blocked', 'doc:plan', 'user:bob', 'agent:planner', 'group:ops#member'),
  ...tuples('blocked', 'doc:a/one', 'agent:worker', 'user:alice'),
  ...tuples('parent', 'doc:plan', 'folder:f1'),
  ...tuples('parent', 'doc:a/two', 'folder:f2'),
  ...tuples('parent', 'folder:f1', 'folder:f2'),
  ...tuples('parent', 'folder:f2', 'folder:f1'),
  ...tuples('viewer', 'folder:f1', 'user:carol', 'group:dev#member'),
  ...tuples('viewer', 'folder:f2', 'user:bob', 'user:alice'),
  ...tuples('banned', 'folder:f2', 'user:alice', 'agent:runner'),
  ...tuples('caller', 'tool:github/create', 'user:*', 'group:dev#member'),
  ...tuples('caller', 'tool:crypto/sign', 'user:alice', 'user:bob', 'user:carol'),
  ...tuples('blocked', 'tool:github/create', 'agent:helper', 'user:carol'),
  ...[{ yes: true }, { yes: false }, undefined].flatMap((context) => [
    conditional('viewer', 'doc:a/one', 'user:bob', context),
    conditional('viewer', 'doc:plan', 'user:carol', context),
    conditional('blocked', 'doc:plan', 'user:alice', context),
    conditional('blocked', 'doc:a/two', 'agent:runner', context),
  ]),
];

function tuples(relation: string, object: string, ...users: readonly string[]): Relationship[] {
  return users.map((user) => ({ user, relation, object }));
}

function conditional(relation: string, object: string, user: string, context?: { yes: boolean }): Relationship {
  return { user, relation, object, condition: { name: 'open', ...(context === undefined ? {} : { context }) } };
}
