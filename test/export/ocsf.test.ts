import { expect, test } from 'vitest';
import { toOcsf } from '../../src/export/ocsf.ts';
import { storedDecision } from '../support/stored-decision.ts';

/**
 * Required attributes by the public schema of OCSF 1.3.0: of the class API Activity with its base event, and of the
 * objects that it holds here. `anyOf` is the constraint `at_least_one`.
 */
const REQUIRED: { readonly [place: string]: readonly string[] } = {
  '': [
    ...['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid'],
    ...['actor', 'api', 'src_endpoint'],
  ],
  metadata: ['product', 'version'],
  'metadata.product': ['name', 'vendor_name'],
  api: ['operation'],
  'api.service': ['name'],
  'api.request': ['uid'],
};
const ANY_OF: { readonly [place: string]: readonly string[] } = {
  actor: ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid'],
  'actor.user': ['account', 'name', 'uid'],
  src_endpoint: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name'],
  policy: ['name', 'uid'],
};
/** Every attribute of the event that the class or the profile Security Control has. */
const KNOWN = [
  ...[
    'activity_id',
    'activity_name',
    'category_name',
    'category_uid',
    'class_name',
    'class_uid',
    'type_name',
    'type_uid',
  ],
  ...['message', 'metadata', 'severity', 'severity_id', 'status', 'status_code', 'status_detail', 'status_id', 'time'],
  ...['actor', 'api', 'src_endpoint', 'resources', 'unmapped'],
  ...['action', 'action_id', 'disposition', 'disposition_id', 'policy'],
];

function at(event: object, place: string): { readonly [name: string]: unknown } | undefined {
  let value: unknown = event;
  for (const name of place === '' ? [] : place.split('.')) value = (value as { [name: string]: unknown })?.[name];
  return value as { [name: string]: unknown } | undefined;
}

function checked(record = storedDecision()): { readonly [name: string]: unknown } {
  const event = JSON.parse(JSON.stringify(toOcsf(record)));
  for (const [place, names] of Object.entries(REQUIRED)) {
    const object = at(event, place);
    if (object !== undefined) expect(Object.keys(object), place).toEqual(expect.arrayContaining([...names]));
  }
  for (const [place, names] of Object.entries(ANY_OF)) {
    expect(
      names.filter((name) => at(event, place)?.[name] !== undefined),
      place,
    ).not.toEqual([]);
  }
  expect(Object.keys(event).filter((name) => !KNOWN.includes(name))).toEqual([]);
  expect(event.type_uid).toBe(event.class_uid * 100 + event.activity_id);
  expect(Math.floor(event.class_uid / 1000)).toBe(event.category_uid);
  return event;
}

test('an allowed decision', () => {
  const event = checked(storedDecision({ requestId: 'r-1', environment: 'prod', request: { action: 'read' } }));
  expect(event).toMatchObject({
    class_uid: 6003,
    activity_id: 2,
    type_uid: 600302,
    time: 1_760_000_000_000,
    severity_id: 1,
    status_id: 1,
    action_id: 1,
    disposition_id: 1,
    metadata: { version: '1.3.0', uid: 'd_0000000002_test', sequence: 2, correlation_uid: 'r-1' },
    actor: { user: { uid: 'user:alice', type_id: 1 }, app_uid: 'agent:assistant' },
    api: { operation: 'read', request: { uid: 'r-1' } },
    src_endpoint: { uid: 'gateway' },
    resources: [{ uid: 'tool:github/create_issue', type: 'tool' }],
    unmapped: { path: ['user:alice'], delegations: ['dg_1'], proof: 'verified', revision: '7' },
  });
});

test('a denied decision, and one that was only observed', () => {
  const decision = { allowed: false, reason: 'revoked', reasons: ['revoked', 'expired'] } as const;
  expect(checked(storedDecision({ decision, enforced: false }))).toMatchObject({
    severity_id: 2,
    status_id: 2,
    status_code: 'revoked',
    status_detail: 'revoked, expired',
    action_id: 2,
    disposition_id: 2,
    activity_id: 99,
    activity_name: 'call',
  });
  expect(checked(storedDecision({ decision, enforced: true }))).toMatchObject({
    action_id: 1,
    disposition_id: 17,
    unmapped: { decision: false, enforced: true },
  });
});

test('somebody who acts on their own authority is no application', () => {
  const event = checked(storedDecision({ request: { actor: 'user:alice' } }));
  expect(event.actor).not.toHaveProperty('app_uid');
});
