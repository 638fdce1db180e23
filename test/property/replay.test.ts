import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionEntry, StoredDecision } from '../../src/audit/log.ts';
import { encodeEntry, FORMAT } from '../../src/audit/records/entry.ts';
import { decodeEntry } from '../../src/audit/records/read-entry.ts';
import { StepDictionary } from '../../src/audit/records/step-dictionary.ts';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { decide } from '../../src/core/decide.ts';
import { err, ok } from '../../src/core/result.ts';
import { noBundle } from '../../src/engine/bundles/no-bundle.ts';
import { toBundleSource } from '../../src/engine/bundles/publish.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { History } from '../../src/engine/replay/history.ts';
import { replayRecords } from '../../src/engine/replay/replay-records.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { MIXED, runs, SEED } from '../support/laws.ts';
import { bundleSource, rowsOf } from '../support/real.ts';
import { ALL_CONDITIONS, type Case, cases } from '../support/worlds.ts';

/** Law 38: what was recorded is decided the same again, whatever was written since. */
const CASES = fc.record({
  one: cases({ pool: MIXED, wild: true, calm: true, conditions: ALL_CONDITIONS, assertions: true }),
  /** Another bundle, published behind it, and other questions to the same world. */
  other: cases({ pool: MIXED, calm: true, conditions: ALL_CONDITIONS }),
  cuts: fc.array(fc.nat(30), { minLength: 2, maxLength: 2 }),
  tampered: fc.nat(1000),
});
const COUNT = runs(20);

interface Lived {
  readonly store: Store;
  readonly records: readonly StoredDecision[];
}

/** A world that comes to be in several writes, with questions answered between them. */
function live({ one, other, cuts }: { one: Case; other: Case; cuts: readonly number[] }): Lived {
  const store = openSqliteStore(':memory:');
  const ledger = new Ledger(store, () => one.now, noBundle());
  const records: StoredDecision[] = [];
  const dictionary = new StepDictionary();
  const ask = ({ request, now }: Case): void => {
    const decision = decide(request, ledger.snapshot, now);
    const entry: DecisionEntry = {
      at: now,
      caller: 'test',
      request,
      decision,
      epoch: store.epoch,
      enforced: decision.allowed,
      latencyUs: 1,
    };
    records.push(recorded(entry, records, dictionary));
  };
  const write = (changes: ReturnType<typeof rowsOf>): void => {
    const written = ledger.write(DEV_CALLER, () => ok({ act: 'test', changes, answer: null }));
    if (!written.ok) throw new Error(written.error.message);
    ask(one);
    ask(other);
  };
  const bundles = [one, other].map(({ world }) => toBundleSource(bundleSource(world).files));
  const rows = rowsOf(one.world);
  const [first = 0, second = 0] = [...cuts].sort((a, b) => a - b);
  ask(one);
  for (const value of bundles.slice(0, 1)) write([{ kind: 'bundle', key: 'current', value }]);
  write(rows.slice(0, first));
  write(rows.slice(first, second));
  write(rows.slice(second));
  for (const value of bundles.slice(1)) write([{ kind: 'bundle', key: 'current', value }]);
  return { store, records };
}

/** An entry as it comes back from the disk. */
function recorded(entry: DecisionEntry, before: readonly StoredDecision[], dictionary: StepDictionary): StoredDecision {
  const sequence = before.length + 1;
  const text = encodeEntry(entry, {}, sequence, dictionary);
  full.set(sequence, JSON.parse(text));
  const read = decodeEntry(text, sequence, (place, index) => {
    const { chain, others = [] } = full.get(place) ?? {};
    const steps = [...(chain === undefined ? [] : [chain]), ...others].flatMap((one) => one.steps);
    const step = steps.filter((one) => typeof one !== 'string')[index];
    const empty = { reasons: [], conditions: [], prohibitions: [], rules: [], errors: [] };
    if (step === undefined) return err('is not there');
    const { kind } = step as { kind: string };
    const { conditions, ...principal } = empty;
    return ok({ ...(kind === 'edge' ? { reasons: [], conditions } : principal), ...step } as never);
  });
  if (!read.ok) throw new Error(read.error);
  const hashes = { previous: '', hash: '' };
  return { ...read.value, ...hashes, id: `d_${sequence}`, format: FORMAT, node: 'test', sequence };
}
const full = new Map<number, { readonly chain?: Written; readonly others?: readonly Written[] }>();
interface Written {
  readonly steps: readonly (string | object)[];
}

const replay = (
  store: Pick<Store, 'revision' | 'lines' | 'rows' | 'contains'>,
  records: readonly StoredDecision[],
  from: 'rows' | 'changes',
) =>
  replayRecords(records, new History({ store, fallback: noBundle(), from, pause: () => undefined }), {
    pause: () => undefined,
  });

describe('38: replaying a record at its revision and bundle', () => {
  it('gives the same, from the change log and from the rows, in any order', async () => {
    let allowed = 0;
    await fc.assert(
      fc.asyncProperty(CASES, async (given) => {
        const { store, records } = live(given);
        allowed += records.filter(({ decision }) => decision.allowed).length;
        const all = { replayed: records.length, same: records.length, faults: 0, faulty: [] };
        expect(await replay(store, records, 'changes')).toMatchObject(all);
        expect(await replay(store, records.toReversed(), 'rows')).toMatchObject(all);
        // One by one, backwards and forwards: the states go on from wherever they are.
        const history = new History({ store, fallback: noBundle(), from: 'changes', pause: () => undefined });
        for (const record of [...records.toReversed(), ...records]) {
          expect(await replayRecords([record], history, { pause: () => undefined })).toMatchObject({ same: 1 });
        }
        store.close();
      }),
      { seed: SEED, numRuns: COUNT },
    );
    expect(allowed).toBeGreaterThan(COUNT / 2);
  });

  it('tells a record that was changed, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(CASES, async (given) => {
        const { store, records } = live(given);
        const at = given.tampered % records.length;
        const changed = records.map((record, index) => (index === at ? tamper(record, given.tampered) : record));
        const { faults, faulty } = await replay(store, changed, 'changes');
        expect([faults, faulty.map(({ record }) => record)]).toEqual([1, [records[at]?.id]]);
        expect(faulty[0]?.differences).not.toEqual([]);
        store.close();
      }),
      { seed: SEED, numRuns: COUNT },
    );
  });

  it('tells a store of which the past was changed', async () => {
    let mattered = 0;
    await fc.assert(
      fc.asyncProperty(CASES, async (given) => {
        const { store, records } = live(given);
        // A commit that is not what it was: nothing behind it can be decided again.
        const forged = {
          ...reading(store),
          lines: (after: number, most: number) => store.lines(after, most).map(forge),
        };
        const rests = records.filter(({ decision }) => decision.revision >= 3).length;
        expect(await replay(forged, records, 'changes')).toMatchObject({ faults: rests });
        // A row that is not there any more: whatever it decided comes out otherwise.
        const used = records.flatMap(({ decision }) => (decision.allowed ? (decision.chain?.steps ?? []) : []));
        const edge = used.find((step) => step.kind === 'edge');
        if (edge?.kind === 'edge') {
          mattered += 1;
          const without = {
            ...reading(store),
            *rows(revision?: number) {
              for (const row of store.rows(revision)) if (row.key !== edge.delegation) yield row;
            },
          };
          // Beginning anew for each: otherwise the states move on through the change log.
          const told = await Promise.all(records.map((record) => replay(without, [record], 'rows')));
          expect(told.filter(({ faults }) => faults > 0)).not.toEqual([]);
        }
        store.close();
      }),
      { seed: SEED, numRuns: COUNT },
    );
    expect(mattered).toBeGreaterThan(COUNT / 10);
  });
});

function reading(store: Store) {
  return {
    revision: store.revision,
    lines: store.lines.bind(store),
    rows: store.rows.bind(store),
    contains: store.contains.bind(store),
  };
}

/** The commit of revision 3 says something else. */
function forge(line: ReturnType<Store['lines']>[number]) {
  if (line.revision !== 3) return line;
  return { ...line, text: [[...line.text].join('').replace('"act":"test"', '"act":"rest"')] };
}

function tamper(record: StoredDecision, how: number): StoredDecision {
  const { decision } = record;
  const [last] = decision.chain?.steps.slice(-1) ?? [];
  switch (last === undefined ? how % 3 : how % 4) {
    case 0:
      return { ...record, decision: { ...decision, allowed: !decision.allowed }, enforced: true };
    case 1:
      return { ...record, decision: { ...decision, reasons: [...decision.reasons, 'expired'] } };
    case 2:
      return { ...record, decision: { ...decision, bundle: 'sha256:00' } };
    default: {
      const steps = decision.chain?.steps.slice(0, -1) ?? [];
      return { ...record, decision: { ...decision, chain: { allowed: false, reasons: [], ...decision.chain, steps } } };
    }
  }
}
