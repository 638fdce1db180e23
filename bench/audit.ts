import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DecisionFilter, DecisionPage, PageRequest } from '../src/audit/log.ts';
import { type LogCopy, openLogCopy } from '../src/audit/log-copy.ts';
import { verifyDirectory } from '../src/audit/verify/verify-directory.ts';
import { generateLog } from './audit-log.ts';
import { table } from './report.ts';

const DEFAULT_RECORDS = 1_000_000;
const PAGE = 50;

/** The evidence: bytes, verification and questions on a log of a million records, or of `--records N`. */
export async function benchAudit(): Promise<void> {
  const records = toRecords(process.argv);
  const directory = mkdtempSync(join(tmpdir(), 'behalf-audit-'));
  try {
    const made = generateLog(directory, records);
    const logBytes = bytesOf(directory, '.jsonl');
    const indexBytes = bytesOf(directory, '.index');
    const perSecond = (seconds: number): string => Math.round(records / seconds).toLocaleString('en');
    table(
      `a log of ${records.toLocaleString('en')} decisions, ${count(directory, '.jsonl')} segments`,
      ['', ''],
      [
        ['bytes a record', (logBytes / records).toFixed(0)],
        ['index bytes a record', (indexBytes / records).toFixed(1)],
        ['encoded, records/s', perSecond(made.encodeSeconds)],
        ['chained, hashed and written in batches of 1,000, records/s', perSecond(made.writeSeconds)],
        ['indexed, index files included, records/s', perSecond(made.indexSeconds)],
      ],
    );
    const begin = performance.now();
    const verified = verifyDirectory(directory);
    const seconds = (performance.now() - begin) / 1000;
    if (verified.faults.length > 0) throw new Error(verified.faults[0]?.message);
    table(
      'verified from the files alone',
      ['records/s', 'MB/s', 'seconds'],
      [[perSecond(seconds), (logBytes / 1e6 / seconds).toFixed(0), seconds.toFixed(1)]],
    );
    const day = { from: made.to - 0.6 * (made.to - made.from), to: made.to - 0.59 * (made.to - made.from) };
    benchQuestions(directory, records, day);
    await benchSummaries(directory, day);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function benchQuestions(
  directory: string,
  records: number,
  period: { readonly from: number; readonly to: number },
): void {
  const questions: readonly (readonly [string, DecisionFilter, PageRequest['order']?])[] = [
    ['no filter', {}],
    ['a frequent actor', { actor: 'agent:a0' }],
    ['a rare origin', { origin: 'user:u1999' }],
    ['A on behalf of U', { actor: 'agent:a14', origin: 'user:u42' }],
    ['anybody on the path', { principal: 'agent:a28' }],
    ['through a delegation', { delegation: 'dlg_u42xa0x0' }],
    ['a document', { resource: 'document:space3/d4242' }],
    ['a pattern of documents', { resource: 'document:space49/*' }],
    ['a type', { type: 'tool' }],
    ['an action', { action: 'share' }],
    ['denied', { allowed: false }],
    ['denied by a reason', { allowed: false, reason: 'revoked' }],
    ['a caller', { caller: 'gateway-3' }],
    ['a bundle', { bundle: `sha256:${'a3'.repeat(32)}` }],
    ['found by searches', { search: 'resource' }],
    ['a hundredth of the time', period],
    ['denied to U in a time, oldest first', { ...period, origin: 'user:u0', allowed: false }, 'oldest'],
    ['nobody', { actor: 'agent:nobody' }],
  ];
  const rows = questions.map(([name, filter, order = 'newest']) => {
    const copy = openLogCopy(directory);
    const cold = firstPage(copy, filter, order);
    const warm = firstPage(copy, filter, order);
    return [name, cold.found, cold.calls, cold.ms.toFixed(1), warm.ms.toFixed(1), cold.longest.toFixed(1)];
  });
  table(
    `the first ${PAGE} of ${records.toLocaleString('en')}, from a log just opened and once more`,
    ['question', 'found', 'calls', 'first (ms)', 'again (ms)', 'longest call (ms)'],
    rows,
  );
}

interface FirstPage {
  readonly found: number;
  readonly calls: number;
  readonly ms: number;
  readonly longest: number;
}

/** As many calls as it takes to have a page, or to know that there is no more. */
function firstPage(copy: LogCopy, filter: DecisionFilter, order: NonNullable<PageRequest['order']>): FirstPage {
  let [found, calls, ms, longest] = [0, 0, 0, 0];
  for (let next: string | undefined; ; ) {
    const place = next === undefined ? {} : order === 'newest' ? { before: next } : { after: next };
    const begin = performance.now();
    const page: DecisionPage = copy.list(filter, { limit: PAGE - found, order, ...place });
    const took = performance.now() - begin;
    found += page.records.length;
    calls += 1;
    ms += took;
    longest = Math.max(longest, took);
    next = page.next;
    if (next === undefined || found >= PAGE) return { found, calls, ms, longest };
  }
}

async function benchSummaries(
  directory: string,
  period: { readonly from: number; readonly to: number },
): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const [name, filter, by] of [
    ['everything by reason and actor', {}, ['reason', 'actor']],
    ['denied by reason', { allowed: false }, ['reason']],
    ['everything by resource and delegation', {}, ['resource', 'delegation']],
    ['a hundredth of the time by all of them', period, ['reason', 'actor', 'origin', 'resource', 'delegation']],
  ] as const) {
    let longest = 0;
    let turn = performance.now();
    const begin = turn;
    const { allowed, denied } = await openLogCopy(directory).summarize(filter, { by, top: 10 }, async () => {
      longest = Math.max(longest, performance.now() - turn);
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    });
    rows.push([name, allowed + denied, (performance.now() - begin).toFixed(0), longest.toFixed(1)]);
  }
  table('counted from the indexes', ['summary', 'decisions', 'ms', 'longest turn (ms)'], rows);
}

function toRecords(args: readonly string[]): number {
  const place = args.indexOf('--records');
  const records = place < 0 ? DEFAULT_RECORDS : Number(args[place + 1]);
  if (!Number.isSafeInteger(records) || records < 1000) throw new Error('--records is a number from 1000');
  return records;
}

function filesOf(directory: string, ending: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(ending));
}

function count(directory: string, ending: string): number {
  return filesOf(directory, ending).length;
}

function bytesOf(directory: string, ending: string): number {
  return filesOf(directory, ending).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}
