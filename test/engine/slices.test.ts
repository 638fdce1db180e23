import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { Budget } from '../../src/core/limits.ts';
import type { Steps } from '../../src/core/relationships/steps.ts';
import { ok } from '../../src/core/result.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { listRelatedObjects, listRelatedUsers } from '../../src/engine/relationships/relationship-lists.ts';
import { checkRelationship } from '../../src/engine/relationships/relationship-questions.ts';
import { type RelationshipWrite, writeRelationships } from '../../src/engine/relationships/relationships.ts';
import { inSlices } from '../../src/engine/slices.ts';
import { OFFICE } from '../wire/office.ts';
import { openServer, type ServerUnderTest } from '../wire/server-under-test.ts';

let server: ServerUnderTest;
beforeEach(() => {
  server = openServer({ files: OFFICE });
});
afterEach(() => server[Symbol.asyncDispose]());

function write(user: string, relation: string, object: string): void {
  const request = {
    writes: [{ user, relation, object }],
    deletes: [],
    onDuplicate: 'error',
    onMissing: 'error',
  } as const;
  const written = writeRelationships(server.ledger, request, DEV_CALLER);
  if (!written.ok) throw new Error(written.error.message);
}

/** Takes `ms` in steps of half a millisecond, and says how many relationships it saw at each. */
function* slow(snapshot: Snapshot, ms: number): Steps<readonly number[]> {
  const seen: number[] = [];
  for (let step = 0; step < 2 * ms; step += 1) {
    const end = performance.now() + 0.5;
    while (performance.now() < end);
    seen.push(snapshot.tuples.size);
    yield;
  }
  return seen;
}

const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('steps in turns', () => {
  test('whatever else there is to do is done between two', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const done = await inSlices(server.ledger, (snapshot) => ok(slow(snapshot, 40)), { budget: new Budget() });
    clearInterval(timer);
    expect(done.ok).toBe(true);
    expect(turns).toBeGreaterThan(3);
  });

  test('a write of relationships begins it again; the answer is of one revision', async () => {
    let begun = 0;
    const running = inSlices(
      server.ledger,
      (snapshot) => {
        begun += 1;
        return ok(slow(snapshot, 25));
      },
      { budget: new Budget() },
    );
    await soon();
    write('user:a', 'owner', 'document:1');
    const done = await running;
    if (!done.ok) throw new Error(done.error.message);
    expect(begun).toBe(2);
    expect(new Set(done.value.value)).toEqual(new Set([1]));
    expect(done.value.revision).toBe(server.ledger.revision);
  });

  test('a write of anything else does not', async () => {
    let begun = 0;
    const running = inSlices(
      server.ledger,
      (snapshot) => {
        begun += 1;
        return ok(slow(snapshot, 25));
      },
      { budget: new Budget() },
    );
    await soon();
    server.key({ id: 'somebody', roles: ['check'] });
    expect((await running).ok).toBe(true);
    expect(begun).toBe(1);
  });

  test('it is through in the end, however many writes there are', async () => {
    let writes = 0;
    const timer = setInterval(() => {
      writes += 1;
      write(`user:w${writes}`, 'owner', 'document:1');
    }, 1);
    const done = await inSlices(server.ledger, (snapshot) => ok(slow(snapshot, 30)), { budget: new Budget() });
    clearInterval(timer);
    if (!done.ok) throw new Error(done.error.message);
    expect(new Set(done.value.value).size).toBe(1);
    expect(writes).toBeGreaterThan(1);
  });

  test('it ends at its deadline, and when nobody waits any more', async () => {
    const late = await inSlices(server.ledger, (snapshot) => ok(slow(snapshot, 200)), {
      budget: new Budget(),
      timeoutMs: 20,
    });
    expect(late).toMatchObject({ ok: false, error: { fault: 'deadline_exceeded' } });
    const controller = new AbortController();
    const running = inSlices(server.ledger, (snapshot) => ok(slow(snapshot, 1000)), {
      budget: new Budget(),
      signal: controller.signal,
    });
    await soon();
    controller.abort();
    expect(await running).toMatchObject({ ok: false, error: { fault: 'cancelled' } });
  });

  test('each step may take all the steps of one decision', async () => {
    const budget = new Budget(10);
    function* hungry(): Steps<readonly boolean[]> {
      const enough: boolean[] = [];
      for (let step = 0; step < 5; step += 1) {
        enough.push(budget.spend(10));
        yield;
      }
      return enough;
    }
    const done = await inSlices(server.ledger, () => ok(hungry()), { budget });
    expect(done).toMatchObject({ ok: true, value: { value: [true, true, true, true, true] } });
  });
});

/** The first and the last document of the list. */
const FIRST = 'document:a';
const LAST = 'document:z';
const none = { contextual: [], context: {} };

describe('lists while relationships are written', () => {
  test('are of one revision, and agree with checks there', async () => {
    const { ledger } = server;
    const change = (changes: Partial<RelationshipWrite>): void => {
      const nothing = { writes: [], deletes: [], onDuplicate: 'error', onMissing: 'error' } as const;
      const written = writeRelationships(ledger, { ...nothing, ...changes }, DEV_CALLER);
      if (!written.ok) throw new Error(written.error.message);
    };
    const owns = (object: string) => ({ user: 'user:u', relation: 'owner', object });
    for (let batch = 0; batch < 30; batch += 1) {
      const objects = Array.from({ length: 100 }, (_, index) => `document:d${batch * 100 + index}`);
      change({ writes: objects.map((object, index) => ({ ...owns(object), user: `user:${index % 2 ? 'u' : 'v'}` })) });
    }
    change({ writes: [owns(FIRST)] });
    let [here, there] = [FIRST, LAST];
    let swaps = 0;
    const swapping = setInterval(() => {
      change({ deletes: [owns(here)], writes: [owns(there)] });
      [here, there] = [there, here];
      swaps += 1;
    }, 3);
    for (let round = 0; round < 12; round += 1) {
      const question = { user: 'user:u', relation: 'can_read', type: 'document', ...none };
      const listed = await listRelatedObjects(ledger, question, DEV_CALLER);
      if (!listed.ok) throw new Error(listed.error.message);
      const { value: objects, revision } = listed.value;
      const then = ledger.at(revision);
      if (then === undefined) throw new Error('no such revision');
      const isThere = (object: string) => then.tuples.find('user:u', 'owner', object) !== undefined;
      expect([objects.includes(FIRST), objects.includes(LAST)]).toEqual([isThere(FIRST), isThere(LAST)]);
      expect(objects).toHaveLength(1501);
    }
    clearInterval(swapping);
    expect(swaps).toBeGreaterThan(3);
  });

  test('hold just those for whom a check says yes', async () => {
    const { ledger } = server;
    for (let index = 0; index < 12; index += 1) {
      write(`user:u${index % 4}`, 'viewer', `document:d${index}`);
      if (index % 3 === 0) write(`user:u${index % 2}`, 'blocked', `document:d${index}`);
    }
    const documents = Array.from({ length: 12 }, (_, index) => `document:d${index}`);
    const people = Array.from({ length: 5 }, (_, index) => `user:u${index}`);
    const isAllowed = (user: string, object: string): boolean => {
      const answer = checkRelationship(ledger, { user, relation: 'can_read', object, ...none }, DEV_CALLER);
      return answer.ok && answer.value;
    };
    for (const user of people) {
      const question = { user, relation: 'can_read', type: 'document', ...none };
      const listed = await listRelatedObjects(ledger, question, DEV_CALLER);
      const expected = documents.filter((object) => isAllowed(user, object)).sort();
      expect(listed).toMatchObject({ ok: true, value: { value: expected } });
    }
    for (const object of documents) {
      const question = { object, relation: 'can_read', filter: { type: 'user' }, ...none };
      const listed = await listRelatedUsers(ledger, question, DEV_CALLER);
      expect(listed).toMatchObject({ ok: true, value: { value: people.filter((user) => isAllowed(user, object)) } });
    }
  });
});
