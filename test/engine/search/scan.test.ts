import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DEV_CALLER } from '../../../src/callers/dev-caller.ts';
import { compileBundle } from '../../../src/core/bundle.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { toBundleSource } from '../../../src/engine/bundles/publish.ts';
import { putEntity } from '../../../src/engine/directory.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { type Quest, type Start, scan } from '../../../src/engine/search/scan.ts';
import { Turns } from '../../../src/engine/turns.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';

let ledger: Ledger;
beforeEach(() => {
  const bundle = compileBundle(toBundleSource([]));
  if (!bundle.ok) throw new Error('the empty bundle does not compile');
  ledger = new Ledger(openSqliteStore(':memory:'), () => 1000, bundle.value);
});
afterEach(() => {
  vi.restoreAllMocks();
  ledger.store.close();
});

/** Counts how often the directory was written to. */
function write(): void {
  const count = countIn(ledger.snapshot) + 1;
  const put = putEntity(ledger, 'user:counter', { roles: [], attributes: { count } }, DEV_CALLER);
  if (!put.ok) throw new Error(put.error.message);
}

function countIn(snapshot: Snapshot): number {
  return Number(snapshot.entity('user:counter')?.attributes.count ?? 0);
}

/** Names that sort as they count. */
const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index).padStart(6, '0'));

/** Takes so much of the time that turns are measured by; `then` happens after each candidate. */
function taking(ms: number, then: (name: string, snapshot: Snapshot) => void = () => {}): Quest<string>['judge'] {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return (name, snapshot) => {
    now += ms;
    const found = `${name} at ${countIn(snapshot)}`;
    then(name, snapshot);
    return found;
  };
}

async function scanned(quest: Quest<string>, start?: Start, limit = 1000) {
  const result = await scan(ledger, new Turns(), quest, start, limit);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

test('everything else goes on between two turns', async () => {
  const order: string[] = [];
  const judge = taking(LIMITS.searchTurnMs, (name) => order.push(name));
  const meanwhile = (): void => {
    if (order.length < 4) setImmediate(meanwhile);
    order.push('check');
  };
  setImmediate(meanwhile);
  const { found, isWhole } = await scanned({ candidates: () => names(4), judge });
  expect([found.length, isWhole]).toEqual([4, true]);
  expect(order.indexOf('check')).toBeLessThan(3);
});

test('only one has a turn at a time', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let at = 0; at < 3; at++) {
      await turns.next();
      order.push(name);
      setImmediate(() => order.push('else'));
    }
  };
  await Promise.all([work('a'), work('b')]);
  expect(order.slice(0, 4)).toEqual(['a', 'else', 'b', 'else']);
});

test('a first page that is overtaken begins again', async () => {
  const judge = taking(LIMITS.searchTurnMs, (name) => {
    if (name === '000001' && countIn(ledger.snapshot) === 0) write();
  });
  const { found, revision } = await scanned({ candidates: () => names(4), judge });
  expect(found).toEqual(names(4).map((name) => `${name} at 1`));
  expect(revision).toBe(ledger.revision);
});

test('writes without end do not hold it up: it stays with one state', async () => {
  const judge = taking(LIMITS.searchTurnMs, () => write());
  const { found, revision } = await scanned({ candidates: () => names(6), judge });
  expect(revision).toBeLessThan(ledger.revision);
  const [first = ''] = found;
  expect(found.map((one) => one.slice(6))).toEqual(names(6).map(() => first.slice(6)));
  expect(first).toMatch(/^000000 at \d$/);
});

test('a later page goes on at the revision of the first', async () => {
  write();
  const { revision } = ledger;
  write();
  const start = { revision, at: 1000, begun: 1000, after: '000001' };
  const { found } = await scanned({ candidates: () => names(4), judge: taking(LIMITS.searchTurnMs) }, start);
  expect(found).toEqual(['000002 at 1', '000003 at 1']);
});

test('a page is over in time, with what it found and the place to go on', async () => {
  const judge = taking(LIMITS.searchPageMs / 10);
  const first = await scanned({ candidates: () => names(25), judge });
  expect(first.isWhole).toBe(false);
  expect(first.found.length).toBeGreaterThan(8);
  expect(first.found.length).toBeLessThan(13);
  const { revision, at, last } = first;
  const second = await scanned({ candidates: () => names(25), judge }, { revision, at, begun: at, after: last });
  expect(second.found[0]).toBe(`${names(25)[first.found.length]} at 0`);
});

test('however slow, every page gets on', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const slowly = <T>(value: T): T => {
    now += 2 * LIMITS.searchPageMs;
    return value;
  };
  const { found } = await scanned({ candidates: () => slowly(names(3)), judge: (name) => slowly(name) });
  expect(found).toEqual(['000000']);
});

test('more candidates than there may be are refused, never cut off', async () => {
  const quest = { candidates: () => names(LIMITS.searchCandidates + 1), judge: taking(0) };
  const result = await scan(ledger, new Turns(), quest, undefined, 1);
  expect(result).toMatchObject({
    ok: false,
    error: { code: 'limit_exceeded', message: expect.stringContaining('searchCandidates') },
  });
});
