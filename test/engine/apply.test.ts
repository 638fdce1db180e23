import { describe, expect, test } from 'vitest';
import { OPERATOR } from '../../src/cli/operator.ts';
import { checkDelegations } from '../../src/core/delegation/check-delegations.ts';
import { parseDelegationFile } from '../../src/core/delegation/parse-delegations.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { apply, type DelegationDoor, engineDoor, isDone, planApply } from '../../src/engine/apply.ts';
import { validateBundle } from '../../src/engine/bundles/publish.ts';
import { delegate } from '../../src/engine/delegate.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

const ANY = { knowsType: () => true, knowsRelation: () => true };

/** A store in memory whose clock the test moves. */
function office() {
  const bundle = validateBundle([
    { path: 'model/m.fga', text: 'model\n  schema 1.1\ntype user\ntype agent\ntype document\n' },
  ]);
  if (!bundle.ok) throw new Error(bundle.error.map(formatProblem).join('\n'));
  const clock = { now: Date.UTC(2026, 10, 24) };
  const ledger = new Ledger(openSqliteStore(':memory:'), () => clock.now, bundle.value);
  const door = engineDoor(ledger, OPERATOR);
  const plan = async (lines: readonly string[], prune = false) => {
    const parsed = parseDelegationFile({
      path: 'd.yaml',
      text: `delegations:\n${lines.map((line) => `  - { ${line} }\n`).join('')}`,
    });
    const entries = parsed.ok ? checkDelegations(parsed.value, ANY, ledger.now()) : parsed;
    if (!entries.ok) throw new Error(entries.error.map(formatProblem).join('\n'));
    const inForce = await door.inForce();
    if (!inForce.ok) throw new Error(inForce.error.message);
    return planApply(entries.value, inForce.value, { prune, now: ledger.now() });
  };
  const applyAll = async (lines: readonly string[], prune = false, through: DelegationDoor = door) => {
    const planned = await plan(lines, prune);
    if (!planned.ok) throw new Error(planned.error.map(formatProblem).join('\n'));
    return { plan: planned.value, applied: await apply(planned.value, through) };
  };
  const live = async (): Promise<readonly string[]> => {
    const inForce = await door.inForce();
    const byId = new Map((inForce.ok ? inForce.value : []).map((one) => [one.id, one]));
    return [...byId.values()]
      .map(({ name, parent, to }) => `${name ?? '-'}:${parent === undefined ? '' : byId.get(parent)?.name}>${to}`)
      .sort();
  };
  return { clock, ledger, door, plan, applyAll, live };
}

const READ = 'capabilities: [{ actions: [read, write], resources: "document:*" }]';
const TOP = `name: top, from: user:alice, to: agent:a, ${READ}, max_depth: 2, expires_in: 30d`;
const LOW = `name: low, parent: top, to: agent:b, ${READ}, expires_in: 30d`;
const LOWER = `name: lower, parent: low, to: agent:c, ${READ}`;

describe('apply', () => {
  test('makes what the files state, parents first, and is then done', async () => {
    const { applyAll, live, plan, ledger } = office();
    const { applied } = await applyAll([LOWER, LOW, TOP]);
    expect(applied).toMatchObject({ ok: true, value: [{ name: 'top' }, { name: 'low' }, { name: 'lower' }] });
    expect(await live()).toEqual(['low:top>agent:b', 'lower:low>agent:c', 'top:>agent:a']);
    const { revision } = ledger;
    const again = await plan([LOWER, LOW, TOP]);
    expect(again.ok && isDone(again.value)).toBe(true);
    await applyAll([LOWER, LOW, TOP]);
    expect(ledger.revision).toBe(revision);
  });

  test('is still done much later: expires_in counts from when it was made', async () => {
    const { applyAll, plan, clock } = office();
    await applyAll([TOP, LOW, LOWER]);
    clock.now += 29 * 86_400_000;
    const later = await plan([TOP, LOW, LOWER]);
    expect(later.ok && isDone(later.value)).toBe(true);
    clock.now += 2 * 86_400_000;
    const expired = await plan([TOP, LOW, LOWER]);
    expect(expired.ok && expired.value.changes.map(({ kind }) => kind)).toEqual(['create', 'create', 'create']);
  });

  test('replaces what changed with everything below, new before old, and says what dies', async () => {
    const { applyAll, live, ledger } = office();
    const first = await applyAll([TOP, LOW]);
    const [top] = first.applied.ok ? first.applied.value : [];
    const by = delegate(
      ledger,
      {
        parent: lowId(first.applied),
        to: 'agent:guest',
        capabilities: [{ actions: ['read'], resources: ['document:*'] }],
      },
      OPERATOR,
    );
    expect(by.ok).toBe(true);
    const narrower = TOP.replace('[read, write]', '[read]');
    const second = await applyAll([narrower, LOW.replace('[read, write]', '[read]')]);
    expect(second.plan.changes.map(({ kind }) => kind)).toEqual(['replace', 'replace']);
    expect(second.plan.removals).toMatchObject([
      { delegation: { id: top?.delegation }, because: 'replaced', dies: [{ name: 'low' }, { to: 'agent:guest' }] },
    ]);
    expect(second.applied.ok && second.applied.value.map(({ kind }) => kind)).toEqual([
      'created',
      'created',
      'revoked',
    ]);
    expect(await live()).toEqual(['low:top>agent:b', 'top:>agent:a']);
  });

  test.each([
    ['condition', 'condition: "true"'],
    ['proof', 'proof: verified'],
    ['activation', 'activation: session'],
    ['onward_to', 'onward_to: [agent:*]'],
    ['origin', 'origin: user:alice'],
  ])('a change of %s alone is seen', async (_field, line) => {
    const { applyAll, plan } = office();
    await applyAll([TOP]);
    const changed = await plan([`${TOP}, ${line}`]);
    expect(changed.ok && changed.value.changes[0]?.kind).toBe('replace');
  });

  test('a change of expires_in is seen, clocks that differ a little are not', async () => {
    const { applyAll, plan } = office();
    await applyAll([TOP]);
    for (const [text, kind] of [
      ['29d', 'replace'],
      ['720h', 'unchanged'],
    ] as const) {
      const planned = await plan([TOP.replace('30d', text)]);
      expect(planned.ok && planned.value.changes[0]?.kind).toBe(kind);
    }
  });

  test('leaves alone what is in no file, unless told to prune', async () => {
    const { applyAll, live, ledger } = office();
    await applyAll([TOP, LOW]);
    const other = {
      from: 'user:bob',
      to: 'agent:z',
      name: 'bobs',
      capabilities: [{ actions: ['read'], resources: ['document:*'] }],
    };
    delegate(ledger, other, OPERATOR);
    const left = await applyAll([TOP]);
    expect(left.plan.others.map(({ name }) => name)).toEqual(['low', 'bobs']);
    expect(await live()).toHaveLength(3);
    const pruned = await applyAll([TOP], true);
    expect(pruned.plan.removals.map(({ because }) => because)).toEqual(['not_in_files', 'not_in_files']);
    expect(await live()).toEqual(['top:>agent:a']);
  });

  test('after a stop in the middle, applying again finishes', async () => {
    const { applyAll, live, door } = office();
    await applyAll([TOP, LOW]);
    let left = 1;
    const failing: DelegationDoor = {
      ...door,
      delegate: async (draft) =>
        left-- > 0 ? door.delegate(draft) : { ok: false, error: { code: 'store_unavailable', message: 'gone' } },
    };
    const narrower = [TOP, LOW].map((line) => line.replace('[read, write]', '[read]'));
    const stopped = await applyAll(narrower, false, failing);
    expect(stopped.applied).toMatchObject({ ok: false, error: { code: 'store_unavailable', message: 'low: gone' } });
    expect(await live()).toHaveLength(3);
    await applyAll(narrower);
    expect(await live()).toEqual(['low:top>agent:b', 'top:>agent:a']);
    const done = await applyAll(narrower);
    expect(isDone(done.plan)).toBe(true);
  });

  test('refuses an entry that is wider than its parent in force, though not than its parent in the files', async () => {
    const { applyAll, plan, clock } = office();
    await applyAll([TOP]);
    clock.now += 15 * 86_400_000;
    const until = new Date(clock.now + 20 * 86_400_000).toISOString();
    const planned = await plan([TOP, `name: low, parent: top, to: agent:b, ${READ}, expires_at: "${until}"`]);
    expect(planned.ok ? [] : planned.error.map(formatProblem)).toEqual([
      expect.stringMatching(/^d\.yaml:3:\d+: "low" is wider than its parent "top": expires_at/),
    ]);
  });
});

function lowId(applied: Awaited<ReturnType<typeof apply>>): string {
  const low = applied.ok ? applied.value.find((step) => step.kind === 'created' && step.name === 'low') : undefined;
  return low?.delegation ?? '';
}
