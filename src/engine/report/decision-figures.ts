import type { StoredDecision } from '../../audit/log.ts';
import { typeOf } from '../../core/entity.ts';
import { Counter } from './counter.ts';
import type { DecisionFigures } from './report-data.ts';

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** The longest periods that are shown hour by hour, and day by day. */
const HOURLY_MS = 4 * DAY_MS;
const DAILY_MS = 180 * DAY_MS;

type Unit = DecisionFigures['over_time']['unit'];
const UNIT_MS: { readonly [unit in Unit]: number } = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS };

/** Counts the decisions of a period. */
export class DecisionTally {
  readonly callers = new Counter();
  readonly bundles = new Counter();
  private readonly from: number;
  private readonly to: number;
  private readonly unit: Unit;
  private readonly totals = { allowed: 0, denied: 0, observed: 0, searches: 0, superseded: 0 };
  private readonly reasons = new Counter();
  private readonly times = new Map<number, { allowed: number; denied: number }>();
  private readonly actors = new Counter();
  private readonly origins = new Counter();
  private readonly types = new Counter();
  private readonly actions = new Counter();
  private readonly observers = new Counter();
  private readonly hops = new Counter();

  /** @param from milliseconds since 1970, `to` is behind the last one */
  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
    this.unit = to - from <= HOURLY_MS ? 'hour' : to - from <= DAILY_MS ? 'day' : 'week';
  }

  add({ at, caller, request, decision, enforced, search, supersedes }: StoredDecision): void {
    const { allowed, reason, chain, bundle } = decision;
    const { totals } = this;
    totals[allowed ? 'allowed' : 'denied'] += 1;
    if (search !== undefined) totals.searches += 1;
    if (supersedes !== undefined) totals.superseded += 1;
    if (enforced && !allowed) {
      totals.observed += 1;
      this.observers.add(caller, false);
    }
    if (!allowed) this.reasons.add(reason, false);
    this.callers.add(caller, allowed);
    this.bundles.add(bundle, allowed);
    this.actors.add(request.actor, allowed);
    this.origins.add(request.origin, allowed);
    this.types.add(typeOf(request.resource), allowed);
    this.actions.add(request.action, allowed);
    if (chain !== undefined) {
      const hops = chain.steps.filter(({ kind }) => kind === 'edge').length;
      this.hops.add(String(hops), allowed);
    }
    const start = this.startOf(at);
    const point = this.times.get(start) ?? { allowed: 0, denied: 0 };
    point[allowed ? 'allowed' : 'denied'] += 1;
    this.times.set(start, point);
  }

  figures(): DecisionFigures {
    const { totals } = this;
    return {
      total: totals.allowed + totals.denied,
      ...totals,
      reasons: this.reasons
        .all()
        .map(([reason, { denied }]) => ({ reason, count: denied }))
        .sort((a, b) => b.count - a.count),
      over_time: { unit: this.unit, points: this.points() },
      actors: this.actors.top(),
      origins: this.origins.top(),
      resource_types: this.types.top(),
      actions: this.actions.top(),
      callers: this.callers.top(),
      observers: this.observers.all().map(([caller, { denied }]) => ({ caller, count: denied })),
      hops: this.hops
        .all()
        .map(([hops, count]) => ({ hops: Number(hops), ...count }))
        .sort((a, b) => a.hops - b.hops),
    };
  }

  /** Of the whole period: where nothing was decided there is a point as well. */
  private points(): DecisionFigures['over_time']['points'] {
    const points: DecisionFigures['over_time']['points'][number][] = [];
    for (let start = this.startOf(this.from); start < this.to; start += UNIT_MS[this.unit]) {
      const { allowed, denied } = this.times.get(start) ?? { allowed: 0, denied: 0 };
      points.push({ start: new Date(start).toISOString(), allowed, denied });
    }
    return points;
  }

  /** Weeks begin where the period does, days at midnight, hours at the hour (UTC). */
  private startOf(at: number): number {
    const length = UNIT_MS[this.unit];
    const origin = this.unit === 'week' ? this.from - (this.from % DAY_MS) : 0;
    return origin + Math.floor((at - origin) / length) * length;
  }
}
