import { Type } from 'typebox';
import { GraphCounter } from '../../engine/graph-sizes.ts';
import { type Metric, metrics } from '../../engine/metrics.ts';
import { requireRole } from '../../engine/permissions.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { METRICS_TYPE, metricsText } from './metrics-text.ts';
import { PROBLEMS, sendFailure } from './problem.ts';

/** `GET /metrics` for Prometheus: to everybody who reaches it, or to callers that audit. */
export function metricsRoute(
  routes: Routes,
  { ledger, log, evidence, rate }: App,
  { meters, readers }: NonNullable<App['metrics']>,
): void {
  const graph = new GraphCounter(ledger);
  routes.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        tags: ['health'],
        summary: 'Counts and times of decisions, the state of the log, sizes, for Prometheus',
        ...(readers === 'open' ? { security: [] } : undefined),
        response: {
          200: {
            description: 'Metrics in the text format 0.0.4',
            content: { 'text/plain': { schema: Type.String() } },
          },
          ...PROBLEMS,
        },
      },
    },
    (request, reply) => {
      if (readers === 'audit') {
        const permitted = requireRole(callerOf(request), 'audit', 'administer');
        if (!permitted.ok) return sendFailure(reply, permitted.error);
      }
      const measured = metrics({ ledger, log, meters, graph, evidence, rate });
      return reply
        .type(METRICS_TYPE)
        .serializer(String)
        .send(metricsText([...measured, ...processMetrics()]));
    },
  );
}

/** Seconds since 1970. */
const STARTED_S = performance.timeOrigin / 1000;

/** By the names that Prometheus's client libraries have for them. */
function processMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const metric = (name: string, type: Metric['type'], help: string, value: number): Metric => ({
    name,
    type,
    help,
    samples: [{ value }],
  });
  return [
    metric('process_cpu_seconds_total', 'counter', 'CPU time of this process.', (user + system) / 1e6),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', rss),
    metric('process_start_time_seconds', 'gauge', 'Start of the process since 1970.', STARTED_S),
    metric('nodejs_heap_size_used_bytes', 'gauge', 'Heap in use.', heapUsed),
  ];
}
