import { Type } from 'typebox';
import type { Group, Summary, SummaryOptions } from '../../audit/index/summarize.ts';
import type { DecisionFilter } from '../../audit/log.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import { rfc3339 } from '../trace.ts';
import { DECISION_QUERY } from './decision-filter.ts';
import { TIME } from './time.ts';

/** What is asked of a summary besides the filter. */
export interface SummaryQuery {
  readonly by?: string;
  readonly top?: number;
  readonly bucket?: string;
  readonly before?: string;
}

const GROUPS: { readonly [group in Group]: true } = {
  reason: true,
  action: true,
  actor: true,
  origin: true,
  resource: true,
  type: true,
  delegation: true,
  caller: true,
  bundle: true,
};
const GROUP_NAMES = Object.keys(GROUPS) as readonly Group[];
const BUCKETS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const DEFAULT_GROUPS: readonly Group[] = ['reason', 'actor', 'origin', 'resource', 'delegation'];
const DEFAULT_TOP = 10;
/** Spans of one answer: two and a half months of hours. */
const MOST_BUCKETS = 2000;

export const SUMMARY_QUERY = Type.Object(
  {
    ...DECISION_QUERY,
    by: Type.Optional(
      Type.String({
        description: `One or several with commas: ${GROUP_NAMES.join(', ')}; without it ${DEFAULT_GROUPS.join(', ')}`,
      }),
    ),
    top: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: DEFAULT_TOP })),
    bucket: Type.Optional(
      Type.String({ description: `Count by time as well, with from: ${Object.keys(BUCKETS).join(', ')} (UTC)` }),
    ),
    before: Type.Optional(Type.String({ description: 'The next of a summary that did not get to the oldest record' })),
  },
  { additionalProperties: false },
);

const COUNT = { allowed: Type.Integer(), denied: Type.Integer() };

export const SUMMARY = Type.Object({
  decisions: Type.Integer(),
  ...COUNT,
  observed: Type.Integer({ description: 'Denied, and answered with an allow all the same: observe mode' }),
  by: Type.Record(
    Type.String(),
    Type.Object({
      values: Type.Array(Type.Object({ value: Type.String(), ...COUNT }), {
        description:
          'Those that come most often. A decision counts for its reported reason, and for every delegation on its chains',
      }),
      distinct: Type.Integer({ description: 'How many different ones there are' }),
      missed: Type.Integer({ description: 'Every count may be too low by so many; 0: all is exact' }),
    }),
  ),
  buckets: Type.Optional(
    Type.Array(Type.Object({ from: TIME, ...COUNT }), { description: 'Spans without decisions are left out' }),
  ),
  next: Type.Optional(
    Type.String({ description: 'It holds the newest part of a large log: ask for the rest with this as before' }),
  ),
});

/** What a query asks for, or what is wrong with it. `now` in milliseconds since 1970. */
export function toSummaryOptions(
  query: SummaryQuery,
  filter: DecisionFilter,
  now: number,
): Result<SummaryOptions, Failure> {
  const by: readonly (Group | undefined)[] = query.by === undefined ? DEFAULT_GROUPS : query.by.split(',').map(groupOf);
  if (by.includes(undefined)) return refuse('by', `is ${GROUP_NAMES.join(', ')}, or several of them with commas`);
  const bucketMs = Object.entries(BUCKETS).find(([name]) => name === query.bucket)?.[1];
  if (query.bucket !== undefined) {
    if (bucketMs === undefined) return refuse('bucket', `is ${Object.keys(BUCKETS).join(', ')}`);
    if (filter.from === undefined) return refuse('bucket', 'needs from: counts by time have a beginning');
    const spans = Math.ceil(((filter.to ?? now) - filter.from) / bucketMs);
    if (spans > MOST_BUCKETS) {
      return refuse('bucket', `from and to are ${spans} of these apart; at most ${MOST_BUCKETS} can be told`);
    }
  }
  return ok({
    by: by.flatMap((group) => (group === undefined ? [] : [group])),
    top: query.top ?? DEFAULT_TOP,
    ...(bucketMs === undefined ? undefined : { bucketMs }),
    ...(query.before === undefined ? undefined : { before: query.before }),
  });
}

function groupOf(name: string): Group | undefined {
  return GROUP_NAMES.find((group) => group === name.trim());
}

function refuse(field: string, why: string): Result<never, Failure> {
  const message = `${field}: ${why}`;
  return err(failure('invalid', message, [{ field, message }]));
}

export function summaryJson({ groups, buckets, ...summary }: Summary): object {
  return {
    decisions: summary.allowed + summary.denied,
    ...summary,
    by: groups,
    ...(buckets === undefined
      ? undefined
      : { buckets: buckets.map(({ from, ...count }) => ({ from: rfc3339(from), ...count })) }),
  };
}
