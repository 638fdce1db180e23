import { compileCondition } from '../src/core/cel/condition.ts';
import { decide } from '../src/core/decide.ts';
import { Budget } from '../src/core/limits.ts';
import { Inquiry } from '../src/core/path/inquiry.ts';
import { CONDITION, chainSnapshot, NOW, requestOf } from './chain-world.ts';
import { median, table } from './report.ts';

const DEPTHS = [0, 1, 4, 16];
const OTHERS = 10_000;
const ROUNDS = 7;
const ROUND_MS = 250;

/** Microseconds of one call: the median of several rounds, after warming up. */
function time(run: () => void): number {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    let calls = 0;
    while (performance.now() - start < ROUND_MS) {
      for (let i = 0; i < 100; i++) run();
      calls += 100;
    }
    if (round > 0) rounds.push(((performance.now() - start) * 1000) / calls);
  }
  return median(rounds);
}

/** One check in process with its full path, beside its own conditions evaluated alone, in the same run. */
export function benchDecide(): void {
  const condition = compileCondition(CONDITION);
  if (!condition.ok) throw new Error(condition.error.message);
  const rows: (string | number)[][] = [];
  for (const depth of DEPTHS) {
    const snapshot = chainSnapshot(depth, OTHERS);
    const bare = chainSnapshot(depth, OTHERS, null);
    const request = requestOf(depth);
    if (!decide(request, snapshot, NOW).allowed) throw new Error('the benchmark measures a denial');
    const inquiry = new Inquiry(request, snapshot, NOW, false);
    const view = { origin: 'user:alice', actor: 'agent:1', path: ['user:alice', 'agent:1'], depth: 1 };
    const host = { ...inquiry.host, budget: new Budget(Number.POSITIVE_INFINITY) };
    const bindings = inquiry.edgeBindings(inquiry.principal('agent:1'), view);
    const whole = time(() => decide(request, snapshot, NOW));
    const walk = time(() => decide(request, bare, NOW));
    const conditions =
      depth === 0
        ? 0
        : time(() => {
            for (let hop = 0; hop < depth; hop++) condition.value.holds(bindings, host);
          });
    rows.push([
      depth,
      whole.toFixed(2),
      walk.toFixed(2),
      conditions.toFixed(2),
      (conditions === 0 ? 0 : whole / conditions).toFixed(1),
    ]);
  }
  table(
    `decide(), allowed, full path recorded, one CEL condition a link, ${OTHERS} other delegations (µs, median of ${ROUNDS})`,
    ['depth', 'check', 'without conditions', 'conditions alone', 'check / conditions'],
    rows,
  );
}
