import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openFileLog } from '../../../src/audit/file-log.ts';
import type { DecisionEntry } from '../../../src/audit/log.ts';
import { toRedactKey } from '../../../src/audit/privacy/redact-key.ts';
import { parseRedactRules } from '../../../src/audit/privacy/redact-rules.ts';
import { Redaction } from '../../../src/audit/privacy/redaction.ts';
import { verifyDirectory } from '../../../src/audit/verify/verify-directory.ts';
import type { Json } from '../../../src/core/entity.ts';
import { unreplayable } from '../../../src/engine/replay/replay-record.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-redaction-'));
afterAll(() => rmSync(root, { recursive: true }));

const key = toRedactKey(Buffer.alloc(32, 7));

function redaction(text: string): Redaction {
  const rules = parseRedactRules(text);
  if (!rules.ok) throw new Error(rules.error);
  return new Redaction({ rules: rules.value, key });
}

/** A decision whose path repeats a value everywhere that a path can. */
function echoing(secret: string, request: DecisionEntry['request']): DecisionEntry {
  const entry = decisionEntry({ request });
  const condition = { expression: 'R.attr.x > 1', value: 'error' as const, error: `no number: ${secret}` };
  const rule = { policy: 'p', kind: 'resource' as const, version: 'default', scope: '', rule: 'r', condition };
  const step = {
    kind: 'principal' as const,
    principal: 'user:alice',
    roles: [],
    reasons: [],
    policy: {
      policy: 'p',
      scope: '',
      outputs: [{ src: 'p#r', val: { told: [secret] }, error: secret }],
      validationErrors: [{ source: 'resource' as const, path: `/${secret}`, message: secret }],
    },
    prohibitions: [{ ...rule, by: 'deny_rule' as const }],
    rules: [{ ...rule, effect: 'deny' as const, activated: true }],
    errors: [condition],
  };
  const edge = {
    kind: 'edge' as const,
    delegation: 'd',
    from: 'user:alice',
    to: 'agent:a',
    reasons: [],
    not_before: 0,
  };
  const chain = { allowed: false, reasons: [], steps: [step, { ...edge, conditions: [condition] }] };
  return { ...entry, decision: { ...entry.decision, chain, others: [chain] } };
}

describe('redaction', () => {
  test('leaves out and replaces what is named, and says which rules did', () => {
    const entry = decisionEntry({
      request: {
        resourceAttributes: { args: { card_number: 4111, list: [{ pin: 1, n: 2 }, { n: 3 }] }, owner: 'x' },
        context: { a: { email: 'e' }, b: { email: 'e', 'odd. name': true } },
        asserted: { origin: { roles: ['r'], attributes: { ssn: '1' } }, actor: { attributes: { ssn: '1', k: 1 } } },
      },
    });
    const written = redaction(`request.resource_attributes.args.card_number hmac
      request.resource_attributes.args.list.*.pin omit # the terminal's
      request.context.*.email hmac, request.context.*["odd. name"] omit; request.context.nothing omit
      request.asserted.*.attributes.ssn omit`).apply(entry);
    expect(written.request).toEqual({
      ...entry.request,
      resourceAttributes: { args: { card_number: key.hmac(4111), list: [{ n: 2 }, { n: 3 }] }, owner: 'x' },
      context: { a: { email: key.hmac('e') }, b: { email: key.hmac('e') } },
      asserted: { origin: { roles: ['r'], attributes: {} }, actor: { attributes: { k: 1 } } },
    });
    expect(written.redacted).toEqual([
      'request.resource_attributes.args.card_number',
      'request.resource_attributes.args.list.*.pin',
      'request.context.*.email',
      'request.context.*["odd. name"]',
      'request.asserted.*.attributes.ssn',
    ]);
  });

  test('an entry that no rule finds anything in stays as it is', () => {
    const entry = echoing('x', decisionEntry({ request: { context: { other: 1 } } }).request);
    expect(redaction('request.context.email omit').apply(entry)).toBe(entry);
  });

  test('of two rules for a value the one that tells less counts', () => {
    const entry = decisionEntry({ request: { context: { email: 'e' } } });
    const written = redaction('request.context.* hmac, request.context.email omit').apply(entry);
    expect(written.request.context).toEqual({});
  });

  test.each([
    ['request.context omit', 'is a whole document'],
    ['request.actor omit', 'is in no document'],
    ['request.asserted.origin.roles omit', 'is in no document'],
    ['request.context.email', 'omit or hmac'],
    ['request.context.email hash', 'omit or hmac'],
    ['request.context..email omit', 'omit or hmac'],
    ['# fine\n.context.a omit', 'line 2'],
    ['request.context["\\x"] omit', 'no text as JSON'],
  ])('%s is refused, with what is right', (text, message) => {
    const rules = parseRedactRules(text);
    expect(rules.ok ? '' : rules.error).toContain(message);
  });

  test('equal values have equal hashes, wherever and in whatever order, and keys are told apart', () => {
    expect(key.hmac({ a: 1, b: [2] })).toBe(key.hmac({ b: [2], a: 1 }));
    expect(key.hmac('1')).not.toBe(key.hmac(1));
    expect(key.hmac('x')).toMatch(/^hmac:[0-9a-f]{8}:[0-9a-f]{32}$/);
    expect(toRedactKey(Buffer.alloc(32, 8)).id).not.toBe(key.id);
  });

  test('no redacted value is in any byte of the log, whose chain holds', async () => {
    const secrets = fc.stringMatching(/^[a-z]{3}["\\é𝄞 ]?[a-z]{9,12}$/u);
    const name = fc.constantFrom('a', 'b', '0', '__proto__', 'é');
    const how = fc.constantFrom('omit', 'hmac');
    const places = fc.array(name, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(secrets, places, how, fc.nat(3), fc.boolean(), async (secret, path, replacement, at, inList) => {
        const directory = mkdtempSync(join(root, 'log-'));
        const value = path.reduceRight<Json>(
          (inner, one) => Object.fromEntries([[one, inner]]),
          inList ? [`${secret}!`, { deep: secret }] : `say ${secret}`,
        );
        const text = path.map((one, index) => (index === at ? '.*' : `[${JSON.stringify(one)}]`)).join('');
        const rules = parseRedactRules(`request.context${text} ${replacement}`);
        if (!rules.ok) throw new Error(rules.error);
        const log = openFileLog(directory, 'n', { redaction: { rules: rules.value, key } });
        const { request } = decisionEntry({ request: { context: value as { readonly [name: string]: Json } } });
        const { id } = await log.append(echoing(secret, request));
        const record = log.get(id);
        await log.close();
        if (record === undefined) throw new Error('the record is missing');
        expect(unreplayable(record)).toMatchObject({ because: 'redacted' });
        const inJson = JSON.stringify(secret).slice(1, -1);
        for (const file of readdirSync(directory)) {
          const bytes = readFileSync(join(directory, file));
          expect(bytes.includes(secret) || bytes.includes(inJson)).toBe(false);
        }
        expect(verifyDirectory(directory).faults).toEqual([]);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  test('a document that is too large for a record is replaced by its size and digest', async () => {
    const directory = mkdtempSync(join(root, 'log-'));
    const log = openFileLog(directory, 'n');
    const file = 'f'.repeat(70_000);
    const kept = { text: 'k'.repeat(30_000) };
    const { request } = decisionEntry({ request: { resourceAttributes: { args: { file } }, context: kept } });
    const { id } = await log.append(echoing(file, request));
    const record = log.get(id);
    await log.close();
    expect(record?.redacted).toEqual(['request.resource_attributes']);
    expect(record?.request.resourceAttributes).toEqual({
      bytes: 70_020,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(record?.request.context).toEqual(kept);
    expect(readFileSync(join(directory, 'decisions-0000000000000001.jsonl')).includes(file)).toBe(false);
  });
});
