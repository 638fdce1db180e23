/** A metric as the text format has it. */
export interface Family {
  readonly type: string;
  readonly help: string;
  /** By name and labels as they stand there. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(
  `^(${NAME})(\\{${LABEL}(?:,${LABEL})*\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|NaN|[+-]?Inf)$`,
);
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/**
 * Reads the text-based exposition format 0.0.4, strictly: HELP and TYPE once and before the samples, samples of a
 * metric together and once each, histograms with cumulative buckets up to +Inf, which is the count.
 */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line is not ended');
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(name)) throw new Error(`${name} is there twice`);
      families.set(name, { type: '', help: rest, samples: new Map() });
      current = name;
    } else if (kind === 'TYPE') {
      const family = families.get(name);
      if (family === undefined || name !== current || family.type !== '') throw new Error(`misplaced: ${line}`);
      if (!TYPES.includes(rest)) throw new Error(`no type: ${line}`);
      family.type = rest;
    } else {
      const [, sample = '', labels = '', value] = SAMPLE.exec(line) ?? [];
      const family = families.get(current);
      const allowed =
        family?.type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => current + end) : [current];
      if (value === undefined || family === undefined || !allowed.includes(sample))
        throw new Error(`no sample: ${line}`);
      if (family.samples.has(sample + labels)) throw new Error(`twice: ${line}`);
      family.samples.set(sample + labels, Number(value.replace('Inf', 'Infinity')));
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

function checkHistogram(name: string, { samples }: Family): void {
  const buckets = [...samples].filter(([sample]) => sample.startsWith(`${name}_bucket`));
  const bounds = buckets.map(([sample]) => Number(/le="([^"]+)"/.exec(sample)?.[1]?.replace('Inf', 'Infinity')));
  const counts = buckets.map(([, count]) => count);
  const rises = (values: readonly number[]) =>
    values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));
  if (!rises(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}: bounds ${bounds}`);
  if (!rises(counts) || counts.at(-1) !== samples.get(`${name}_count`)) throw new Error(`${name}: counts ${counts}`);
  if (!samples.has(`${name}_sum`)) throw new Error(`${name} has no sum`);
}
