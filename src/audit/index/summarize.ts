import type { Readable } from '../log-reader.ts';
import type { Conditions } from '../records/filter.ts';
import { recordId } from '../records/record.ts';
import type { Segment } from '../segments/segment.ts';
import { Bitset } from './bitset.ts';
import { buildIndex } from './build-index.ts';
import { select } from './candidates.ts';
import type { Field } from './fields.ts';
import type { Indexes } from './indexes.ts';
import type { SegmentIndex } from './segment-index.ts';
import { type Count, type Top, TopValues } from './top-values.ts';

/** What decisions can be counted by. A decision counts for its reported reason, and for every delegation on its chains. */
export const GROUPS = [
  'reason',
  'action',
  'actor',
  'origin',
  'resource',
  'type',
  'delegation',
  'caller',
  'bundle',
] as const;
export type Group = (typeof GROUPS)[number];

export interface SummaryOptions {
  readonly by: readonly Group[];
  /** How many values of each are told. */
  readonly top: number;
  /** Milliseconds of a span of time to count by; absent: not by time. */
  readonly bucketMs?: number;
  /** Only records older than this one: the `next` of a summary that did not get to the oldest. */
  readonly before?: string;
}

export interface Summary {
  readonly allowed: number;
  readonly denied: number;
  /** Of those denied, how many were answered with an allow all the same (callers in observe mode). */
  readonly observed: number;
  readonly groups: { readonly [group in Group]?: Top };
  /** In order; `from` is the beginning of a span in milliseconds since 1970. Spans without decisions are left out. */
  readonly buckets?: readonly Bucket[];
  /** It holds the newest part of the log only: the `before` of a summary of the rest. */
  readonly next?: string;
}

export interface Bucket {
  readonly from: number;
  readonly allowed: number;
  readonly denied: number;
}

/** Records that one summary looks at: seconds of work. */
const SUMMARY_RECORDS = 20_000_000;
const TURN_MS = 5;
/** Values of one group between two looks at the time. */
const LOOK_VALUES = 128;

const GROUP_FIELDS: { readonly [group in Group]: Field } = {
  reason: 'reported',
  action: 'action',
  actor: 'actor',
  origin: 'origin',
  resource: 'resource',
  type: 'type',
  delegation: 'delegation',
  caller: 'caller',
  bundle: 'bundle',
};

interface Options extends Omit<SummaryOptions, 'before'> {
  /** Only sequences below it. */
  readonly high: number;
}

/**
 * Counts the records that fulfil some conditions, from the indexes of their segments; a segment without one is read.
 *
 * @param nextTurn resolves when there is time for some more milliseconds of work
 * @throws where a segment cannot be read
 */
export async function summarize(
  log: Readable,
  conditions: Conditions,
  options: Options,
  indexes: Indexes,
  nextTurn: () => Promise<void>,
): Promise<Summary> {
  const turns = new TurnTime(nextTurn);
  const sums = new Sums(options);
  const segments = log.segments.map((segment) => ({ ...segment }));
  let high = Math.min(options.high, log.last + 1);
  let looked = 0;
  for (const segment of segments.reverse()) {
    if (segment.first >= high) continue;
    if (looked >= SUMMARY_RECORDS) return sums.told(recordId(high, log.node));
    const isRemoved = (): boolean => segment.first < (log.segments[0]?.first ?? 0);
    const records = high - segment.first;
    // What a segment says counts once it was counted to its end.
    const found =
      (await counted(indexes.of(segment), records, conditions, options, turns).catch(() => {
        indexes.lost(segment);
        return undefined;
      })) ??
      (await countedFromRecords(segment, records, conditions, options, turns).catch((fault) => {
        if (isRemoved()) return undefined;
        throw fault;
      }));
    if (found !== undefined) sums.add(found);
    looked += records;
    high = segment.first;
  }
  return sums.told(undefined);
}

/** What one segment has. */
interface Counted {
  readonly allowed: number;
  readonly denied: number;
  readonly observed: number;
  readonly groups: readonly { readonly group: Group; readonly counts: readonly Count[] }[];
  readonly buckets: readonly Bucket[];
}

async function countedFromRecords(
  segment: Segment,
  records: number,
  conditions: Conditions,
  options: Options,
  turns: TurnTime,
): Promise<Counted> {
  const building = buildIndex(segment);
  let step = building.next();
  for (; step.done !== true; step = building.next()) await turns.pause();
  const found = await counted(step.value, records, conditions, options, turns);
  if (found === undefined) throw new Error(`${segment.path}: has ${step.value.count} records, where ${records} are`);
  return found;
}

/** Of the first `records` of a segment; undefined where the index does not cover them. */
async function counted(
  index: SegmentIndex | undefined,
  records: number,
  conditions: Conditions,
  { by, bucketMs }: Options,
  turns: TurnTime,
): Promise<Counted | undefined> {
  if (index === undefined || index.count < records) return undefined;
  const found = select(index, conditions);
  for (const ordinal of found.upFrom(records)) found.remove(ordinal);
  const denied = new Bitset(found.size);
  index.postings('decision', 'deny')?.addTo(denied);
  denied.intersect(found);
  const deniedCount = denied.count;
  const allowed = found.count - deniedCount;
  const observed = index.postings('enforced', 'allow')?.countIn(denied) ?? 0;
  const groups: { readonly group: Group; readonly counts: Count[] }[] = [];
  for (const group of found.isEmpty ? [] : by) {
    const counts: Count[] = [];
    groups.push({ group, counts });
    let left = LOOK_VALUES;
    for (const { value, postings } of index.terms(GROUP_FIELDS[group])) {
      const all = postings.countIn(found);
      const no = all === 0 ? 0 : postings.countIn(denied);
      if (all > 0) counts.push({ value, allowed: all - no, denied: no });
      left -= 1;
      if (left > 0) continue;
      left = LOOK_VALUES;
      await turns.pause();
    }
  }
  const buckets = bucketMs === undefined ? [] : bucketsOf(index, found, denied, bucketMs);
  await turns.pause();
  return { allowed, denied: deniedCount, observed, groups, buckets };
}

function bucketsOf(index: SegmentIndex, found: Bitset, denied: Bitset, bucketMs: number): readonly Bucket[] {
  const times = index.times();
  const buckets = new Map<number, { allowed: number; denied: number }>();
  for (const ordinal of found.upFrom(0)) {
    const from = Math.floor((times[ordinal] ?? 0) / bucketMs) * bucketMs;
    const bucket = buckets.get(from) ?? { allowed: 0, denied: 0 };
    buckets.set(from, bucket);
    if (denied.has(ordinal)) bucket.denied += 1;
    else bucket.allowed += 1;
  }
  return [...buckets].map(([from, bucket]) => ({ from, ...bucket }));
}

class Sums {
  private readonly options: Options;
  private allowed = 0;
  private denied = 0;
  private observed = 0;
  private readonly groups: ReadonlyMap<Group, TopValues>;
  private readonly buckets = new Map<number, Bucket>();

  constructor(options: Options) {
    this.options = options;
    this.groups = new Map(options.by.map((group) => [group, new TopValues()]));
  }

  add({ allowed, denied, observed, groups, buckets }: Counted): void {
    this.allowed += allowed;
    this.denied += denied;
    this.observed += observed;
    for (const { group, counts } of groups) {
      const values = this.groups.get(group);
      for (const count of counts) values?.add(count);
    }
    for (const bucket of buckets) {
      const before = this.buckets.get(bucket.from);
      const sum = {
        from: bucket.from,
        allowed: bucket.allowed + (before?.allowed ?? 0),
        denied: bucket.denied + (before?.denied ?? 0),
      };
      this.buckets.set(bucket.from, sum);
    }
  }

  told(next: string | undefined): Summary {
    const { allowed, denied, observed, options } = this;
    return {
      allowed,
      denied,
      observed,
      groups: Object.fromEntries([...this.groups].map(([group, values]) => [group, values.top(options.top)])),
      ...(options.bucketMs === undefined
        ? undefined
        : { buckets: [...this.buckets.values()].sort((one, other) => one.from - other.from) }),
      ...(next === undefined ? undefined : { next }),
    };
  }
}

/** Gives way to everything else after some milliseconds. */
class TurnTime {
  private readonly nextTurn: () => Promise<void>;
  private turn = performance.now();

  constructor(nextTurn: () => Promise<void>) {
    this.nextTurn = nextTurn;
  }

  async pause(): Promise<void> {
    if (performance.now() - this.turn < TURN_MS) return;
    await this.nextTurn();
    this.turn = performance.now();
  }
}
