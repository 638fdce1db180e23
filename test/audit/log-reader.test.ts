import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openFileLog } from '../../src/audit/file-log.ts';
import { GROUPS, type Group, type Summary } from '../../src/audit/index/summarize.ts';
import type { DecisionEntry, DecisionFilter, DecisionLog, PageRequest } from '../../src/audit/log.ts';
import { openLogCopy } from '../../src/audit/log-copy.ts';
import { recordId } from '../../src/audit/records/record.ts';
import type { ReasonCode } from '../../src/core/decision.ts';
import type { ChainTrace, Step } from '../../src/core/path/trace.ts';
import { decisionEntry } from '../support/decision-entry.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-queries-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;

const NODE = 'node-1';
const immediately = (): Promise<void> => Promise.resolve();

const ACTORS = ['agent:a', 'agent:b', 'agent:ü/𝄞'];
const ORIGINS = ['user:alice', 'user:bob'];
const RESOURCES = [
  'tool:github/issue',
  'tool:github/issues',
  'tool:github/issues/𝄞',
  // The same first half of a surrogate pair.
  'tool:github/issues/𝄢',
  'tool:gitlab/issue',
  'document:1',
  'document:1/2',
];
const REASONS: readonly ReasonCode[] = ['not_entitled', 'not_covered', 'expired', 'forbidden'];

const chain = fc
  .record({
    people: fc.uniqueArray(fc.constantFrom(...ORIGINS, 'agent:hop', ...ACTORS), { maxLength: 3 }),
    delegations: fc.uniqueArray(fc.constantFrom('dg_1', 'dg_2', 'dg_3'), { maxLength: 2 }),
  })
  .map(({ people, delegations }): ChainTrace => {
    const steps: Step[] = [
      ...people.map(
        (principal): Step => ({
          kind: 'principal',
          principal,
          roles: [],
          reasons: [],
          prohibitions: [],
          rules: [],
          errors: [],
        }),
      ),
      ...delegations.map(
        (delegation): Step => ({
          kind: 'edge',
          delegation,
          from: 'user:alice',
          to: 'agent:a',
          reasons: [],
          conditions: [],
          not_before: 0,
        }),
      ),
    ];
    return { allowed: false, reasons: [], steps };
  });

const entry = fc
  .record({
    at: fc.integer({ min: 0, max: 40 }),
    caller: fc.constantFrom('gateway', 'console'),
    actor: fc.constantFrom(...ACTORS),
    origin: fc.constantFrom(...ORIGINS, ...ACTORS),
    action: fc.constantFrom('call', 'read'),
    resource: fc.constantFrom(...RESOURCES),
    allowed: fc.boolean(),
    enforced: fc.boolean(),
    reasons: fc.uniqueArray(fc.constantFrom(...REASONS), { minLength: 1, maxLength: 3 }),
    chain: fc.option(chain, { nil: undefined }),
    others: fc.array(chain, { maxLength: 2 }),
    bundle: fc.constantFrom('sha256:1', 'sha256:2'),
    search: fc.constantFrom(undefined, 'subject' as const, 'resource' as const),
  })
  .map(({ at, caller, actor, origin, action, resource, allowed, enforced, search, ...decision }): DecisionEntry => {
    const reasons: readonly ReasonCode[] = allowed ? ['allowed'] : decision.reasons;
    const { decision: _, ...base } = decisionEntry({ at, request: { actor, origin, action, resource } });
    return {
      ...base,
      caller,
      enforced,
      ...(search === undefined ? undefined : { search }),
      decision: {
        allowed,
        reason: reasons[0] ?? 'allowed',
        reasons,
        ...(decision.chain === undefined ? undefined : { chain: decision.chain }),
        others: decision.others,
        revision: 1,
        bundle: decision.bundle,
      },
    };
  });

/** What most filters have: up to three conditions. */
const filter: fc.Arbitrary<DecisionFilter> = fc
  .record(
    {
      caller: fc.constantFrom('gateway', 'console', 'nobody'),
      actor: fc.constantFrom(...ACTORS, 'agent:none'),
      origin: fc.constantFrom(...ORIGINS),
      principal: fc.constantFrom(...ORIGINS, ...ACTORS, 'agent:hop'),
      action: fc.constantFrom('call', 'read'),
      resource: fc.constantFrom(...RESOURCES, 'tool:github/*', 'tool:github/issues/*', 'tool:*', 'document:1/*'),
      type: fc.constantFrom('tool', 'document', 'doc'),
      allowed: fc.boolean(),
      enforced: fc.boolean(),
      reason: fc.constantFrom(...REASONS, 'allowed'),
      delegation: fc.constantFrom('dg_1', 'dg_2', 'dg_9'),
      bundle: fc.constantFrom('sha256:1', 'sha256:2'),
      search: fc.constantFrom('none' as const, 'subject' as const, 'action' as const),
      from: fc.integer({ min: 0, max: 40 }),
      to: fc.integer({ min: 0, max: 41 }),
    },
    { requiredKeys: [] },
  )
  .chain((all) => fc.subarray(Object.entries(all), { maxLength: 3 }).map((some) => Object.fromEntries(some)));

/** The filter once more, as plainly as it can be said. */
function isFound({ at, caller, request, decision, enforced, search }: DecisionEntry, filter: DecisionFilter): boolean {
  const steps = [...(decision.chain === undefined ? [] : [decision.chain]), ...decision.others].flatMap(
    (one) => one.steps,
  );
  const people = new Set([
    request.actor,
    request.origin,
    ...steps.map((step) => (step.kind === 'principal' ? step.principal : '')),
  ]);
  const delegations = new Set(steps.map((step) => (step.kind === 'edge' ? step.delegation : '')));
  const is = <T>(asked: T | undefined, value: T): boolean => asked === undefined || asked === value;
  return (
    is(filter.caller, caller) &&
    is(filter.actor, request.actor) &&
    is(filter.origin, request.origin) &&
    (filter.principal === undefined || people.has(filter.principal)) &&
    is(filter.action, request.action) &&
    (filter.resource === undefined ||
      (filter.resource.endsWith('*')
        ? request.resource.startsWith(filter.resource.slice(0, -1))
        : request.resource === filter.resource)) &&
    is(filter.type, request.resource.split(':')[0]) &&
    is(filter.allowed, decision.allowed) &&
    is(filter.enforced, enforced) &&
    (filter.reason === undefined || decision.reasons.some((reason) => reason === filter.reason)) &&
    (filter.delegation === undefined || delegations.has(filter.delegation)) &&
    is(filter.bundle, decision.bundle) &&
    is(filter.search, search ?? 'none') &&
    (filter.from === undefined || at >= filter.from) &&
    (filter.to === undefined || at < filter.to)
  );
}

type Reading = Pick<DecisionLog, 'list' | 'summarize'>;

/** All pages. */
function listed(log: Reading, filter: DecisionFilter, { order = 'newest', limit, ...bounds }: PageRequest): number[] {
  const found: number[] = [];
  let page = log.list(filter, { order, limit, ...bounds });
  for (let pages = 0; pages < 1000; pages += 1) {
    expect(page.records.length).toBeLessThanOrEqual(limit);
    found.push(...page.records.map(({ sequence }) => sequence));
    if (page.next === undefined) return found;
    const on = order === 'newest' ? { ...bounds, before: page.next } : { ...bounds, after: page.next };
    page = log.list(filter, { order, limit, ...on });
  }
  throw new Error('there is no end of pages');
}

function files(directory: string, ending: 'jsonl' | 'index'): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith('decisions-') && name.endsWith(`.${ending}`))
    .sort();
}

async function untilIndexed(directory: string): Promise<void> {
  for (let tries = 0; files(directory, 'index').length < files(directory, 'jsonl').length - 1; tries += 1) {
    if (tries > 400) throw new Error('the closed segments got no index');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('append' as const), entries: fc.array(entry, { maxLength: 40 }) }),
  },
  fc.constant({ act: 'reopen' as const }),
  fc.constant({ act: 'wait' as const }),
  fc.record({
    act: fc.constant('damage' as const),
    which: fc.nat(),
    how: fc.constantFrom('flip' as const, 'cut' as const, 'remove' as const, 'other' as const),
    where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  }),
  fc.constant({ act: 'remove oldest' as const }),
);

type Step_ = typeof step extends fc.Arbitrary<infer T> ? T : never;

function damage(directory: string, { which, how, where }: Extract<Step_, { act: 'damage' }>): void {
  const indexes = files(directory, 'index');
  const name = indexes[which % Math.max(1, indexes.length)];
  if (name === undefined) return;
  const path = join(directory, name);
  const bytes = readFileSync(path);
  const place = Math.floor(where * bytes.length);
  if (how === 'remove') rmSync(path);
  else if (how === 'cut') truncateSync(path, place);
  else if (how === 'flip') writeFileSync(path, bytes.fill((bytes[place] ?? 0) ^ 0x21, place, place + 1));
  else writeFileSync(path, readFileSync(join(directory, indexes[0] ?? name)));
}

describe('questions are answered as a look at every record would', () => {
  test('in pages, in both orders, whatever becomes of the indexes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 8 }),
        fc.array(fc.record({ filter, limit: fc.integer({ min: 1, max: 20 }), bound: fc.nat(120) }), {
          minLength: 4,
          maxLength: 4,
        }),
        async (steps, questions) => {
          const directory = join(root, `${count++}`);
          const open = (): DecisionLog => openFileLog(directory, NODE, { segmentBytes: 8 * 1024 });
          let log = open();
          const truth = new Map<number, DecisionEntry>();
          const check = async (reading: Reading): Promise<void> => {
            for (const { filter, limit, bound } of questions) {
              const right = [...truth].flatMap(([sequence, one]) => (isFound(one, filter) ? [sequence] : []));
              expect(listed(reading, filter, { limit }), JSON.stringify(filter)).toEqual([...right].reverse());
              expect(listed(reading, filter, { limit, order: 'oldest' })).toEqual(right);
              const last = Math.max(...truth.keys(), 0);
              if (last < 2) continue;
              const place = 1 + (bound % (last - 1));
              const between = { after: recordId(place, NODE), before: recordId(Math.min(last, place + 30), NODE) };
              const within = right.filter((sequence) => sequence > place && sequence < Math.min(last, place + 30));
              expect(listed(reading, filter, { limit, ...between })).toEqual([...within].reverse());
              expect(listed(reading, filter, { limit, order: 'oldest', ...between })).toEqual(within);
              const summary = await reading.summarize(filter, { by: GROUPS, top: 100, bucketMs: 7 }, immediately);
              expect(summary).toEqual(summaryOf(right.flatMap((sequence) => truth.get(sequence) ?? [])));
              const before = await reading.summarize(
                filter,
                { by: GROUPS, top: 100, bucketMs: 7, before: recordId(place, NODE) },
                immediately,
              );
              const older = right.filter((sequence) => sequence < place);
              expect(before).toEqual(summaryOf(older.flatMap((sequence) => truth.get(sequence) ?? [])));
            }
          };
          try {
            for (const one of steps) {
              if (one.act === 'append') {
                const appended = await Promise.all(one.entries.map((each) => log.append(each)));
                for (const [index, { sequence }] of appended.entries()) {
                  const each = one.entries[index];
                  if (each !== undefined) truth.set(sequence, each);
                }
              } else if (one.act === 'wait') await untilIndexed(directory);
              else if (one.act === 'damage') damage(directory, one);
              else {
                await log.close();
                const oldest = files(directory, 'jsonl');
                if (one.act === 'remove oldest' && oldest.length > 1) {
                  rmSync(join(directory, oldest[0] ?? ''));
                  const first = Number(/\d+/.exec(oldest[1] ?? '')?.[0]);
                  for (const sequence of truth.keys()) if (sequence < first) truth.delete(sequence);
                }
                log = open();
              }
              await check(log);
              if (one.act === 'damage') await check(openLogCopy(directory));
            }
            await check(openLogCopy(directory));
            await check(openLogCopy(directory, { useIndexes: false }));
          } finally {
            await log.close();
            rmSync(directory, { recursive: true, force: true });
          }
        },
      ),
      { seed: 7, numRuns: 25 },
    );
  });
});

function summaryOf(entries: readonly DecisionEntry[]): Summary {
  const tally = (of: (entry: DecisionEntry) => readonly string[]) => {
    const counts = new Map<string, { allowed: number; denied: number }>();
    for (const one of entries) {
      for (const value of new Set(of(one))) {
        const before = counts.get(value) ?? { allowed: 0, denied: 0 };
        counts.set(value, {
          allowed: before.allowed + (one.decision.allowed ? 1 : 0),
          denied: before.denied + (one.decision.allowed ? 0 : 1),
        });
      }
    }
    return counts;
  };
  const values: { readonly [group in Group]: (entry: DecisionEntry) => readonly string[] } = {
    reason: ({ decision }) => [decision.reason],
    action: ({ request }) => [request.action],
    actor: ({ request }) => [request.actor],
    origin: ({ request }) => [request.origin],
    resource: ({ request }) => [request.resource],
    type: ({ request }) => [request.resource.split(':')[0] ?? ''],
    delegation: ({ decision }) =>
      [...(decision.chain === undefined ? [] : [decision.chain]), ...decision.others].flatMap(({ steps }) =>
        steps.flatMap((one) => (one.kind === 'edge' ? [one.delegation] : [])),
      ),
    caller: ({ caller }) => [caller],
    bundle: ({ decision }) => [decision.bundle],
  };
  const denied = entries.filter(({ decision }) => !decision.allowed);
  return {
    allowed: entries.length - denied.length,
    denied: denied.length,
    observed: denied.filter(({ enforced }) => enforced).length,
    groups: Object.fromEntries(
      GROUPS.map((group) => {
        const counts = [...tally(values[group])]
          .map(([value, sums]) => ({ value, ...sums }))
          .sort((a, b) => b.allowed + b.denied - a.allowed - a.denied || (a.value < b.value ? -1 : 1));
        return [group, { values: counts, distinct: counts.length, missed: 0 }];
      }),
    ),
    buckets: [...tally(({ at }) => [String(Math.floor(at / 7) * 7)])]
      .map(([from, sums]) => ({ from: Number(from), ...sums }))
      .sort((a, b) => a.from - b.from),
  };
}
