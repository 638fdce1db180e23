import type { Metric } from '../../engine/metrics.ts';

/** Of the text format that every Prometheus reads. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics in the text-based exposition format 0.0.4 (Prometheus, "Exposition formats"). Histograms are given as counts
 * of each bucket alone and written cumulatively, as that format has them.
 */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics.map(metricText).join('');
}

function metricText({ name, help, type, samples }: Metric): string {
  const lines = samples.flatMap(({ labels = {}, value }) => {
    if (typeof value === 'number') return [line(name, labels, value)];
    let total = 0;
    const buckets = value.counts.map((count, index) => {
      total += count;
      const bound = value.bounds[index];
      return line(`${name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : String(bound) }, total);
    });
    return [...buckets, line(`${name}_sum`, labels, value.sum), line(`${name}_count`, labels, total)];
  });
  return [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...lines,
    '',
  ].join('\n');
}

function line(name: string, labels: { readonly [name: string]: string }, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
