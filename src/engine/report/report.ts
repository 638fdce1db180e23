import type { RecordSource } from '../../audit/records/record-source.ts';
import type { CallerRow } from '../../core/change.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { Store } from '../../store/store.ts';
import { noBundle } from '../bundles/no-bundle.ts';
import { drawPlaces, isWithin, placesOf } from '../replay/choose.ts';
import { differenceText } from '../replay/differences.ts';
import { History, type HistoryOptions } from '../replay/history.ts';
import { replayRecords } from '../replay/replay-records.ts';
import { Walk } from '../replay/walk.ts';
import { DecisionTally } from './decision-figures.ts';
import { DelegationUse, delegationFigures } from './delegation-figures.ts';
import { EndingEffects } from './ending-effects.ts';
import { type Ending, endingsOf } from './endings.ts';
import type {
  AuditReport,
  BundleInForce,
  CallerShown,
  ChainResult,
  ReplayResult,
  RevocationFigures,
  RevocationShown,
  Suspended,
} from './report-data.ts';

export interface ReportSources {
  readonly store: Store;
  readonly records: RecordSource;
  /** Where the states that are replayed by come from. */
  readonly statesFrom: HistoryOptions['from'];
  /** Called between two pieces of work of some milliseconds; rejects where nobody waits for the report any more. */
  readonly pause: () => Promise<void> | undefined;
}

export interface ReportOptions {
  /** Milliseconds since 1970: at or after it … */
  readonly from: number;
  /** … and before it. */
  readonly to: number;
  /** Delegations that carried nothing for so many days before the end are pointed out, */
  readonly unusedDays: number;
  /** and those that end within so many days after it. */
  readonly expiringDays: number;
  /** Decisions that are replayed. */
  readonly sample: number;
  /** Hears of records that were looked at. */
  readonly looked?: (count: number, of: number) => void;
}

const DAY_MS = 24 * 3600 * 1000;
/** Revocations that are told one by one. */
const MOST_ENDINGS = 500;
const MOST_FAULTY = 20;

/**
 * What an auditor is shown of a period: everything from the records and the change log, so the same inputs give the
 * same report, whenever and wherever it is made.
 *
 * @param chain what is known of the log's being what was written
 * @throws LogError, StoreError where they cannot be read
 */
export async function collectReport(
  sources: ReportSources,
  options: ReportOptions,
  chain: ChainResult,
): Promise<AuditReport> {
  const { store, records, pause } = sources;
  const { from, to } = options;
  const range = records.range();
  const last = records.at(range.last);
  const revision = store.revisionAt(to - 1);
  const walk = new Walk(store, noBundle());
  await walk.beginAt(revision, pause);
  const state = walk.snapshot;
  const endings = await endingsOf(state, store, pause);
  const { decisions, use, effects } = await readDecisions(sources, options, endings);
  const figures = decisions.figures();
  return {
    format: 1,
    node: last?.node ?? '',
    period: { from: rfc3339(from), to: rfc3339(to) },
    state: {
      revision,
      sha256: store.sha256(revision) ?? '',
      records: { ...range, sha256: last?.hash ?? '' },
    },
    decisions: figures,
    delegations: delegationFigures(state, use, options),
    revocations: revocationFigures(endings, effects, state, from),
    suspended: suspendedAt(state, endings),
    bundles: bundlesOf(store, revision, from, decisions),
    callers: [...walk.callers()].sort((a, b) => (a.id < b.id ? -1 : 1)).map((row) => showCaller(row, decisions)),
    chain,
    replay: await replaySample(sources, options, figures.total),
  };
}

interface Read {
  readonly decisions: DecisionTally;
  readonly use: DelegationUse;
  readonly effects: EndingEffects;
}

/** Looks at every record of the period once, and at those before it in which a delegation may have been used. */
async function readDecisions(
  { records, pause }: ReportSources,
  { from, to, unusedDays, looked }: ReportOptions,
  endings: readonly Ending[],
): Promise<Read> {
  const decisions = new DecisionTally(from, to);
  const use = new DelegationUse();
  const effects = new EndingEffects(endings);
  const { first, last } = placesOf(records, { from: Math.min(from, to - unusedDays * DAY_MS), to });
  let count = 0;
  for (const record of records.between(first, last)) {
    if (isWithin(record.at, { to })) use.add(record);
    if (isWithin(record.at, { from, to })) {
      decisions.add(record);
      effects.add(record);
    }
    count += 1;
    looked?.(count, last - first + 1);
    await pause();
  }
  return { decisions, use, effects };
}

function revocationFigures(
  endings: readonly Ending[],
  effects: EndingEffects,
  state: Snapshot,
  from: number,
): RevocationFigures {
  const within = endings.filter(({ at }) => at >= from);
  return {
    count: within.length,
    shown: within.slice(0, MOST_ENDINGS).map((ending) => showEnding(ending, effects, state)),
    held_against: endings.length,
    violations: effects.violations,
    violation_count: effects.violationCount,
  };
}

function showEnding(ending: Ending, effects: EndingEffects, state: Snapshot): RevocationShown {
  const { kind, subject, origin, at, by, credential, reason, revision } = ending;
  const { lastAllow, firstDenial, allowsAfter } = effects.of(ending);
  const delegation = state.delegations.get(subject)?.delegation;
  return {
    kind,
    subject,
    ...(delegation?.name === undefined ? undefined : { name: delegation.name }),
    ...(delegation === undefined ? undefined : { from: delegation.from, to: delegation.to }),
    ...(origin === undefined ? undefined : { origin }),
    at: rfc3339(at),
    by,
    ...(credential === undefined ? undefined : { credential }),
    ...(reason === undefined ? undefined : { reason }),
    revision,
    ...(lastAllow === undefined ? undefined : { last_allow: lastAllow }),
    ...(firstDenial === undefined ? undefined : { first_denial: firstDenial }),
    allows_after: allowsAfter,
  };
}

function suspendedAt(state: Snapshot, endings: readonly Ending[]): readonly Suspended[] {
  const since = new Map<string, Ending>();
  for (const one of endings) if (one.kind === 'suspended' && one.until === undefined) since.set(one.subject, one);
  return [...state.registered()]
    .filter(({ suspended, deleted }) => suspended && !deleted)
    .map(({ entity }) => {
      const ending = since.get(entity);
      return ending === undefined ? { entity } : { entity, since: rfc3339(ending.at), by: ending.by };
    })
    .sort((a, b) => (a.entity < b.entity ? -1 : 1));
}

/** The bundles that were in force in the period, the first of which may be older. The newest first. */
function bundlesOf(
  store: Pick<Store, 'versions' | 'logged'>,
  revision: number,
  from: number,
  { bundles }: DecisionTally,
): readonly BundleInForce[] {
  const inForce: BundleInForce[] = [];
  let until: number | undefined;
  for (const version of store.versions('bundle', 'current')) {
    if (version.revision > revision) continue;
    if (until !== undefined && until <= from) break;
    const { digest, files } = version.value;
    const credential = store.logged(version.revision, 0)?.credential;
    inForce.push({
      digest,
      revision: version.revision,
      from: rfc3339(version.at),
      ...(until === undefined ? undefined : { until: rfc3339(until) }),
      by: version.by,
      ...(credential === undefined ? undefined : { credential }),
      act: version.act,
      files: files.length,
      decisions: bundles.of(digest),
    });
    until = version.at;
  }
  return inForce;
}

/** Never the hash of its key. */
function showCaller(row: CallerRow, { callers }: DecisionTally): CallerShown {
  const texts = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
  return {
    id: row.id,
    roles: texts(row.roles),
    mode: typeof row.mode === 'string' ? row.mode : 'enforce',
    ...(typeof row.principal === 'string' ? { principal: row.principal } : undefined),
    actors: texts(row.actors),
    origins: texts(row.origins),
    vouches: texts(row.vouches),
    asserts: texts(row.asserts),
    direct: row.direct === true,
    decisions: callers.of(row.id),
  };
}

async function replaySample(
  { store, records, statesFrom, pause }: ReportSources,
  period: ReportOptions,
  of: number,
): Promise<ReplayResult> {
  const places = placesOf(records, period);
  const seed = records.at(places.last)?.hash ?? '';
  const drawn = drawPlaces(places, period.sample, seed).flatMap((place) => records.at(place) ?? []);
  const history = new History({ store, fallback: noBundle(), from: statesFrom, pause });
  const within = drawn.filter(({ at }) => isWithin(at, period));
  const totals = await replayRecords(within, history, { pause });
  return {
    replayed: totals.replayed,
    of,
    seed,
    same: totals.same,
    faults: totals.faults,
    not_replayable: totals.notReplayable,
    other_rules: totals.otherRules,
    faulty: totals.faulty.slice(0, MOST_FAULTY).map(({ record, at, why, differences }) => ({
      record,
      at: rfc3339(at),
      why: why ?? differences.slice(0, 3).map(differenceText).join('; '),
    })),
  };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
