import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { StoredDecision } from '../../src/audit/log.ts';
import { toCerbos } from '../../src/export/cerbos.ts';
import { cerbosBinary, startPdp } from '../support/cerbos-pdp.ts';
import { storedDecision } from '../support/stored-decision.ts';
import { openServer } from '../wire/server-under-test.ts';

type Json = { readonly [name: string]: unknown };
type Input = Json & { readonly actions: readonly string[]; readonly resource: { readonly id: string } };

const POLICIES = [
  {
    path: 'album.yaml',
    text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  version: default
  resource: album
  importDerivedRoles: [people]
  rules:
    - actions: [view]
      effect: EFFECT_ALLOW
      derivedRoles: [owner]
      output:
        when:
          ruleActivated: '"viewed by " + P.id'
    - actions: [remove]
      effect: EFFECT_DENY
      roles: [user]
`,
  },
  {
    path: 'people.yaml',
    text: `apiVersion: api.cerbos.dev/v1
derivedRoles:
  name: people
  definitions:
    - name: owner
      parentRoles: [user]
      condition:
        match:
          expr: R.attr.owner == P.id
`,
  },
];

const BODY = {
  requestId: 'asked-1',
  principal: { id: 'ann', roles: ['user'], attr: { department: 'art' } },
  resources: [
    { actions: ['view', 'remove', 'other'], resource: { kind: 'album', id: 'a1', attr: { owner: 'ann' } } },
    { actions: ['view'], resource: { kind: 'album', id: 'a2', scope: 'x.y', attr: { owner: 'bob' } } },
  ],
};

/** Every path in a value and what stands there; names in maps stand for any. */
function shapeOf(value: unknown, place = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => shapeOf(one, `${place}[]`));
  if (typeof value !== 'object' || value === null) return [`${place}: ${typeof value}`];
  const isMap = /\.(actions|effectivePolicies|attr|attributes|metadata)$/.test(place);
  return Object.entries(value).flatMap(([name, own]) => shapeOf(own, `${place}.${isMap ? '*' : name}`));
}

async function realEntry(binary: string): Promise<Json> {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-cerbos-audit-'));
  const path = join(directory, 'audit.log');
  try {
    const audit = {
      enabled: true,
      accessLogsEnabled: false,
      decisionLogsEnabled: true,
      backend: 'file',
      file: { path },
    };
    await using pdp = await startPdp(binary, POLICIES, { audit });
    await fetch(`${pdp.url}/api/check/resources`, { method: 'POST', body: JSON.stringify(BODY) });
    return await vi.waitFor(() => JSON.parse(readFileSync(path, 'utf8').split('\n')[0] ?? ''), 5000);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function ownEntries(): Promise<Json[]> {
  const files = POLICIES.map(({ path, text }) => ({ path: `policies/${path}`, text }));
  await using server = openServer({ files: [...files, { path: 'policies/behalf.yaml', text: 'semantics: cerbos\n' }] });
  const asserts = ['roles', 'attributes', 'scope'] as const;
  const key = server.key({
    id: 'shop',
    roles: ['check'],
    origins: ['user:*'],
    actors: ['agent:*'],
    direct: true,
    asserts,
  });
  const answer = await server.ask('POST', '/api/check/resources', {
    key,
    body: BODY,
    headers: { 'x-request-id': 'asked-1' },
  });
  expect(answer.status, answer.text).toBe(200);
  const records = server.log.list({}, { limit: 10, order: 'oldest' }).records;
  return records.map((record) => JSON.parse(JSON.stringify(toCerbos(record))));
}

describe.runIf(cerbosBinary() !== undefined)('beside the real Cerbos', () => {
  test('entries have its fields, with the same values, action by action', async () => {
    const real = await realEntry(cerbosBinary() ?? '');
    const own = await ownEntries();
    expect(own).toHaveLength(4);
    // What stands in `metadata` is ours; the real one keeps request headers there in the same shape, if it is told to.
    const added = ['.metadata.*.values[]: string'];
    const known = new Set([...shapeOf(real), ...added]);
    expect([...new Set(own.flatMap((entry) => shapeOf(entry)))].filter((place) => !known.has(place))).toEqual([]);
    const missing = [...known].filter((place) => !own.some((entry) => shapeOf(entry).includes(place)));
    expect(missing.filter((place) => !/^\.(peer|policySource)\./.test(place))).toEqual([]);

    const check = (entry: Json) => entry.checkResources as { inputs: Input[]; outputs: Json[] };
    for (const entry of own) {
      const [input] = check(entry).inputs;
      const [output] = check(entry).outputs;
      const [action = ''] = input?.actions ?? [];
      const id = input?.resource.id;
      const at = check(real).inputs.findIndex(({ resource }) => resource.id === id);
      const realInput = check(real).inputs[at];
      const realOutput = check(real).outputs[at];
      expect(input).toEqual({ ...realInput, actions: [action] });
      const realActions = realOutput?.actions as Json;
      expect(output?.actions).toEqual({ [action]: realActions[action] });
      expect(output?.requestId).toBe('asked-1');
      if (action !== 'view' || id !== 'a1') continue;
      expect(output).toMatchObject({
        effectiveDerivedRoles: realOutput?.effectiveDerivedRoles,
        outputs: realOutput?.outputs,
      });
      expect(Object.keys((entry.auditTrail as { effectivePolicies: object }).effectivePolicies)).toEqual(
        Object.keys((real.auditTrail as { effectivePolicies: object }).effectivePolicies),
      );
    }
  }, 30_000);
});

describe('what Cerbos has no place for', () => {
  const metadata = (record: StoredDecision) => (toCerbos(record) as { metadata: Json }).metadata;

  test('is in the metadata: the agent, the path, what was answered', () => {
    const record = storedDecision({
      decision: { allowed: false, reason: 'revoked', reasons: ['revoked'] },
      enforced: true,
    });
    expect(metadata(record)).toMatchObject({
      'behalf-actor': { values: ['agent:assistant'] },
      'behalf-origin': { values: ['user:alice'] },
      'behalf-delegations': { values: ['dg_1'] },
      'behalf-reasons': { values: ['revoked'] },
      'behalf-enforced': { values: ['true'] },
    });
    expect(metadata(storedDecision())).not.toHaveProperty('behalf-enforced');
  });

  test('what relationships allowed is attributed to no policy', () => {
    expect(toCerbos(storedDecision())).toMatchObject({
      checkResources: { outputs: [{ actions: { call: { effect: 'EFFECT_ALLOW', policy: 'NO_MATCH' } } }] },
    });
  });

  test('names are those that the application uses', () => {
    const record = storedDecision({ request: { resource: 'arn%3Aaws:a%20b' } });
    expect(toCerbos(record)).toMatchObject({
      checkResources: { inputs: [{ resource: { kind: 'arn:aws', id: 'a b' } }], outputs: [{ resourceId: 'a b' }] },
    });
  });
});
