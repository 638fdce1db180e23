import type { Evidence } from '../audit/checkpoints/evidence.ts';
import type { DecisionLog } from '../audit/log.ts';
import type { GraphCounter } from './graph-sizes.ts';
import type { Ledger } from './ledger.ts';
import type { LogRate } from './log-rate.ts';
import type { DecisionMeters, Histogram } from './meters.ts';

/** One metric with all its samples. Labels are of closed lists: no label names anybody, or grows without end. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly labels?: { readonly [name: string]: string };
  readonly value: number | Histogram;
}

/** What is measured. */
export interface Measured {
  readonly ledger: Ledger;
  readonly log: DecisionLog;
  readonly meters: DecisionMeters;
  readonly graph: GraphCounter;
  readonly evidence?: Evidence | undefined;
  readonly rate?: LogRate | undefined;
}

/** What there is to be told of the decisions, the log, the checkpoints and the graph. */
export function metrics({ ledger, log, meters, graph, evidence, rate }: Measured): readonly Metric[] {
  return [
    ...decisionMetrics(meters, rate),
    ...logMetrics(log, meters),
    ...(evidence === undefined ? [] : checkpointMetrics(evidence, ledger)),
    ...graphMetrics(ledger, graph),
  ];
}

function decisionMetrics(meters: DecisionMeters, rate: LogRate | undefined): readonly Metric[] {
  const decisions = [...meters.decisions].map(([key, value]) => {
    const [outcome = '', reason = ''] = key.split(' ');
    return { labels: { outcome, reason }, value };
  });
  return [
    counter('behalf_decisions_total', 'Decisions that were recorded and answered.', decisions),
    counter('behalf_decisions_observed_total', 'Decisions not enforced, as their caller only observes.', [
      { value: meters.observed },
    ]),
    counter('behalf_decisions_unrecorded_total', 'Decisions that the log did not take, answered 503.', [
      { value: meters.unrecorded },
    ]),
    histogram('behalf_decision_duration_seconds', 'Time from a question to its decision.', meters.deciding),
    histogram('behalf_decision_chain_hops', 'Delegations of the reported chain.', meters.hops),
    ...(rate === undefined
      ? []
      : [
          counter('behalf_rate_limited_requests_total', 'Requests refused as their caller asks too fast (log_rate).', [
            { value: [...rate.refused.values()].reduce((sum, refused) => sum + refused, 0) },
          ]),
        ]),
  ];
}

function logMetrics(log: DecisionLog, meters: DecisionMeters): readonly Metric[] {
  const { status, waiting, last, bytes } = log.state;
  return [
    histogram('behalf_log_append_duration_seconds', 'Time until a record was on disk.', meters.recording),
    gauge('behalf_log_status', 'Whether records can be written: 1 for the state that the log is in.', [
      ...(['ok', 'reserve_in_use', 'failing'] as const).map((one) => ({
        labels: { status: one },
        value: one === status ? 1 : 0,
      })),
    ]),
    gauge('behalf_log_waiting_records', 'Records that are not on disk yet.', [{ value: waiting.records }]),
    gauge('behalf_log_waiting_bytes', 'Bytes of the records that are not on disk yet.', [{ value: waiting.bytes }]),
    gauge('behalf_log_oldest_waiting_seconds', 'How long the oldest of them has waited.', [
      { value: meters.oldestWaitingS },
    ]),
    gauge('behalf_log_bytes', 'Bytes of the records that are kept.', [{ value: bytes }]),
    gauge('behalf_log_last_sequence', 'Sequence of the last record on disk.', [{ value: last.sequence }]),
  ];
}

function checkpointMetrics({ state }: Evidence, ledger: Ledger): readonly Metric[] {
  return [
    gauge('behalf_checkpoint_uncovered_records', 'Records that no checkpoint covers.', [{ value: state.uncovered }]),
    gauge(
      'behalf_checkpoint_age_seconds',
      'Age of the newest checkpoint.',
      state.newest === undefined ? [] : [{ value: Math.max(0, ledger.now() - state.newest.at) / 1000 }],
    ),
    gauge('behalf_checkpoint_failing', 'Whether the last checkpoint could not be made.', [
      { value: state.failure === undefined ? 0 : 1 },
    ]),
    gauge(
      'behalf_checkpoint_push_waiting',
      'Checkpoints that wait for a second place.',
      state.pushes.map(({ to, waiting }) => ({ labels: { to }, value: waiting })),
    ),
    gauge(
      'behalf_checkpoint_push_failing',
      'Whether a second place did not take the last one.',
      state.pushes.map(({ to, failure }) => ({ labels: { to }, value: failure === undefined ? 0 : 1 })),
    ),
  ];
}

function graphMetrics(ledger: Ledger, graph: GraphCounter): readonly Metric[] {
  const { entities, relationships, delegations, callers } = graph.sizes;
  return [
    gauge('behalf_revision', 'The latest revision.', [{ value: ledger.revision }]),
    gauge('behalf_bundle_info', 'The bundle in force.', [{ labels: { digest: ledger.bundle.digest }, value: 1 }]),
    gauge('behalf_entities', 'Entities that the directory holds.', [{ value: entities }]),
    gauge('behalf_relationships', 'Relationships.', [{ value: relationships }]),
    gauge('behalf_delegations', 'Delegations that are in force, and those that are over or not yet.', [
      { labels: { state: 'live' }, value: delegations.live },
      { labels: { state: 'other' }, value: delegations.all - delegations.live },
    ]),
    gauge('behalf_callers', 'Callers.', [{ value: callers }]),
  ];
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'counter', samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', samples };
}

function histogram(name: string, help: string, value: Histogram): Metric {
  return { name, help, type: 'histogram', samples: [{ value }] };
}
