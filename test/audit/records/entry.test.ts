import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DecisionEntry } from '../../../src/audit/log.ts';
import { encodeEntry } from '../../../src/audit/records/entry.ts';
import { decodeEntry, fullStepsOf } from '../../../src/audit/records/read-entry.ts';
import { StepDictionary } from '../../../src/audit/records/step-dictionary.ts';
import type { CheckRequest, Decision } from '../../../src/core/decision.ts';
import { FIRST_RULES, RULES_VERSION } from '../../../src/core/decision-rules.ts';
import type { ChainTrace, Step } from '../../../src/core/path/trace.ts';
import { err, ok } from '../../../src/core/result.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const reasons = fc.array(fc.constantFrom('denied', 'expired', 'forbidden'), { maxLength: 2 }) as fc.Arbitrary<
  ChainTrace['reasons']
>;
/** As it comes with a request: without the sign of -0, which canonical JSON does not have. */
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.stringify(value))
  .filter((value) => !value.includes('__proto__'))
  .map((value): unknown => JSON.parse(value));
const attributes = fc.dictionary(
  text.filter((name) => name !== '__proto__'),
  json,
  { maxKeys: 3 },
);
const condition = fc.record({ expression: text, value: fc.constantFrom('true', 'false', 'error'), error: text });
/** Few of each, so that steps come again. */
const step = fc.oneof(
  fc.record(
    {
      kind: fc.constant('principal'),
      principal: fc.constantFrom('user:a', 'agent:b'),
      roles: fc.constant(['user']),
      reasons,
      prohibitions: fc.constant([]),
      rules: fc.constant([]),
      errors: fc.array(condition, { maxLength: 1 }),
      entitlement: fc.constantFrom({ by: 'policy', effect: 'allow' }, { by: 'nothing', looked_at: 'neither' }),
    },
    { requiredKeys: ['kind', 'principal', 'roles', 'reasons', 'prohibitions', 'rules', 'errors'] },
  ),
  fc.record(
    {
      kind: fc.constant('edge'),
      delegation: fc.constantFrom('dg_1', 'dg_2'),
      from: fc.constant('user:a'),
      to: fc.constant('agent:b'),
      reasons,
      conditions: fc.array(condition, { maxLength: 1 }),
      not_before: fc.nat(1),
      expires_at: fc.nat(1),
      capability: fc.constant(0),
    },
    { requiredKeys: ['kind', 'delegation', 'from', 'to', 'reasons', 'conditions', 'not_before'] },
  ),
) as unknown as fc.Arbitrary<Step>;
const chain = fc.record(
  {
    delegation: fc.constantFrom('dg_1', 'dg_2'),
    allowed: fc.boolean(),
    reasons,
    steps: fc.array(step, { maxLength: 4 }),
  },
  { requiredKeys: ['allowed', 'reasons', 'steps'] },
) as fc.Arbitrary<ChainTrace>;
const decision = fc.record(
  {
    allowed: fc.boolean(),
    reason: fc.constant('denied'),
    reasons: fc.constantFrom(['denied'], ['denied', 'expired']),
    chain,
    others: fc.array(chain, { maxLength: 2 }),
    limit: fc.constant('chainDepth'),
    revision: fc.nat(),
    bundle: text,
  },
  { requiredKeys: ['allowed', 'reason', 'reasons', 'others', 'revision', 'bundle'] },
) as fc.Arbitrary<Decision>;
const request = fc.record(
  {
    actor: text,
    origin: text,
    proof: fc.constant('vouched'),
    action: text,
    resource: text,
    delegation: text,
    claimedChain: fc.array(text, { maxLength: 2 }),
    actionProperties: attributes,
    resourceAttributes: attributes,
    openAttributes: fc.array(text, { maxLength: 2 }),
    context: attributes,
    asserted: fc.record({ origin: fc.record({ roles: fc.array(text, { maxLength: 2 }), attributes }) }),
    scope: text,
    policyVersion: text,
    principalScope: text,
    principalPolicyVersion: text,
    siblingActions: fc.array(text, { maxLength: 2 }),
    auxData: attributes,
  },
  { requiredKeys: ['actor', 'origin', 'proof', 'action', 'resource'] },
) as fc.Arbitrary<CheckRequest>;
const entry = fc.record(
  {
    at: fc.nat(),
    caller: text,
    credential: text,
    request,
    decision,
    epoch: fc.constant('abcdefgh'),
    enforced: fc.boolean(),
    requestId: text,
    trace: text,
    latencyUs: fc.nat(),
    search: fc.constantFrom('subject', 'action'),
    supersedes: text,
  },
  { requiredKeys: ['at', 'caller', 'request', 'decision', 'enforced', 'latencyUs'] },
) as fc.Arbitrary<DecisionEntry>;

/** The texts of entries in one segment, from sequence 1 on. */
function encodeAll(entries: readonly DecisionEntry[], dictionary = new StepDictionary()): string[] {
  return entries.map((one, index) => encodeEntry(one, { environment: 'test' }, index + 1, dictionary));
}

function decodeAll(texts: readonly string[]) {
  return texts.map((one, index) =>
    decodeEntry(one, index + 1, (sequence, place) => {
      const found = fullStepsOf(texts[sequence - 1] ?? '{}')[place];
      return found === undefined ? err('is not there') : ok(found);
    }),
  );
}

test('an entry that names no version of the rules is of the first', () => {
  const [text = ''] = encodeAll([decisionEntry({})]);
  const [read] = decodeAll([text.replace(`,"rules":${RULES_VERSION}`, '')]);
  expect(read).toMatchObject({ ok: true, value: { rules: FIRST_RULES } });
});

test('whatever is written is read back, and is canonical', () => {
  const run = fc.property(fc.array(entry, { minLength: 1, maxLength: 6 }), (entries) => {
    const texts = encodeAll(entries);
    for (const one of texts) expect(one).toBe(canonicalize(JSON.parse(one)));
    expect(decodeAll(texts)).toEqual(entries.map((one) => ok({ ...one, environment: 'test', rules: RULES_VERSION })));
  });
  fc.assert(run, { seed: 2, numRuns: 300 });
});

describe('steps', () => {
  test('stand in full once in a segment, and once more after it', () => {
    const dictionary = new StepDictionary();
    const [first = '', second = ''] = encodeAll([decisionEntry({}), decisionEntry({ at: 2 })], dictionary);
    expect(fullStepsOf(first)).toHaveLength(2);
    expect(JSON.parse(second).chain.steps).toEqual(['1.0', '1.1']);
    dictionary.clear();
    expect(fullStepsOf(encodeAll([decisionEntry({})], dictionary)[0] ?? '')).toHaveLength(2);
  });

  test('an entry that cannot be written leaves nothing behind that others refer to', () => {
    const dictionary = new StepDictionary();
    const wrong = decisionEntry({ request: { context: { size: Number.NaN } } });
    expect(() => encodeEntry(wrong, {}, 1, dictionary)).toThrow(TypeError);
    expect(fullStepsOf(encodeAll([decisionEntry({})], dictionary)[0] ?? '')).toHaveLength(2);
  });

  test('what is told of a failure may have been cut in a character; what was asked may not', () => {
    const broken = 'the value "\ud83d…';
    const errors = [{ expression: 'x', value: 'error', error: broken } as const];
    const principal = {
      kind: 'principal',
      principal: 'user:alice',
      roles: [],
      reasons: [],
      prohibitions: [],
      rules: [],
      errors,
    } as const;
    const chainOf = { delegation: 'dg_1', allowed: true, reasons: [], steps: [principal] };
    const [written = ''] = encodeAll([decisionEntry({ decision: { chain: chainOf } })]);
    expect(written).toContain('the value \\"\ufffd…');
    expect(() => encodeAll([decisionEntry({ request: { action: broken } })])).toThrow(TypeError);
  });

  test('a reference that leads nowhere is told, never left out', () => {
    const [, second = ''] = encodeAll([decisionEntry({}), decisionEntry({})]);
    for (const [place, told] of [
      ['"1.7"', 'is not there'],
      ['"3.0"', 'is no reference'],
      ['"2.0"', 'means no step'],
      ['"x"', 'is no reference'],
    ] as const) {
      const read = decodeEntry(second.replace('"1.0"', place), 2, () => err('is not there'));
      expect(read).toMatchObject({ ok: false, error: expect.stringContaining(told) });
    }
  });

  test('those that were not used for long are forgotten, others kept: memory is bounded', () => {
    const dictionary = new StepDictionary();
    const long = 'x'.repeat(100_000);
    dictionary.add('first', '"1.0"');
    dictionary.add('used', '"1.1"');
    for (let n = 0; n < 60; n++) {
      dictionary.add(`${n}${long}`, `"${n}.0"`);
      expect(dictionary.find('used')).toBe('"1.1"');
    }
    expect(dictionary.find('first')).toBeUndefined();
  });
});
