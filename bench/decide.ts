import type { Bindings, Host } from '../src/core/cel/program.ts';
import { decide } from '../src/core/decide.ts';
import { coversName } from '../src/core/delegation/patterns.ts';
import { Budget } from '../src/core/limits.ts';
import { Inquiry } from '../src/core/path/inquiry.ts';
import type { Snapshot } from '../src/core/snapshot.ts';
import { chainSnapshot, NOW, requestOf } from './chain-world.ts';
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

/**
 * What no implementation could leave out: for each link the window, the capability, the condition and an object for
 * the path. No policies, relationships, proof, sessions, suspension or reasons.
 */
function handWrittenWalk(snapshot: Snapshot, depth: number, bindings: Bindings, host: Host): unknown[] {
  const path: unknown[] = [];
  const leaf = snapshot.delegations.get(`dlg_${String(depth - 1).padStart(3, '0')}`);
  for (const node of leaf?.chain ?? []) {
    const { delegation, capabilities } = node;
    if (NOW < delegation.not_before || NOW >= (delegation.expires_at ?? Number.POSITIVE_INFINITY)) return path;
    const [capability] = capabilities;
    if (capability === undefined || !coversName(capability.actions, 'call')) return path;
    if (!coversName(capability.resources, 'tool:erp/pay')) return path;
    const condition = capability.condition?.compiled;
    const value = condition?.ok === true ? condition.value.holds(bindings, host).kind : 'true';
    path.push({ delegation: delegation.id, from: delegation.from, to: delegation.to, value });
  }
  return path;
}

/** One check in process with its full path, beside a walk that does the least there is, in the same run. */
export function benchDecide(): void {
  const rows: (string | number)[][] = [];
  for (const depth of DEPTHS) {
    const snapshot = chainSnapshot(depth, OTHERS);
    const bare = chainSnapshot(depth, OTHERS, null);
    const request = requestOf(depth);
    if (!decide(request, snapshot, NOW).allowed) throw new Error('the benchmark measures a denial');
    const inquiry = new Inquiry(request, snapshot, NOW, false);
    const view = { origin: 'user:alice', actor: 'agent:1', path: ['user:alice', 'agent:1'], depth: 1n };
    const host: Host = { ...inquiry.host, budget: new Budget(Number.POSITIVE_INFINITY) };
    const bindings = inquiry.edgeBindings(inquiry.principal('agent:1', undefined), view);
    const whole = time(() => decide(request, snapshot, NOW));
    const walk = time(() => decide(request, bare, NOW));
    const floor = depth === 0 ? 0 : time(() => handWrittenWalk(snapshot, depth, bindings, host));
    rows.push([
      depth,
      whole.toFixed(2),
      walk.toFixed(2),
      floor.toFixed(2),
      floor === 0 ? '' : (whole / floor).toFixed(1),
    ]);
  }
  table(
    `decide(), allowed, full path recorded, one CEL condition a link, ${OTHERS} other delegations (µs, median of ${ROUNDS})`,
    ['depth', 'check', 'without conditions', 'hand-written walk', 'check / walk'],
    rows,
  );
}
