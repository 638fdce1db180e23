import { parseBody } from '../src/wire/parse-body.ts';
import { median, table } from './report.ts';

const ROUNDS = 9;
const CALLS = 50_000;

/** An AuthZEN request of some 300 bytes, as a gateway sends it for a tool call. */
const BODY = Buffer.from(
  JSON.stringify({
    subject: { type: 'agent', id: 'researcher' },
    action: { name: 'call' },
    resource: {
      type: 'tool',
      id: 'erp/pay',
      properties: { args: { amount: 400.5, currency: 'EUR', to: 'DE02120300000000202051', note: 'invoice 2030-117' } },
    },
    context: { on_behalf_of: { type: 'user', id: 'alice' }, mcp: { server: 'erp', method: 'tools/call' } },
  }),
);

/** Microseconds of processor time of one call. */
function cost(run: () => unknown): number {
  const begun = process.cpuUsage();
  for (let call = 0; call < CALLS; call += 1) run();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / CALLS;
}

/** What reading a body exactly costs beside `JSON.parse` of the repaired text, side by side in each round. */
export function benchJson(): void {
  const plain: number[] = [];
  const exact: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const one = cost(() => JSON.parse(BODY.toString()));
    const other = cost(() => parseBody(BODY));
    if (round === 0) continue;
    plain.push(one);
    exact.push(other);
  }
  const [base, ours] = [median(plain), median(exact)];
  table(
    `reading a body of ${BODY.length} bytes, µs of processor time`,
    ['JSON.parse', 'every door', 'ratio', 'more'],
    [[base.toFixed(2), ours.toFixed(2), (ours / base).toFixed(2), (ours - base).toFixed(2)]],
  );
}
