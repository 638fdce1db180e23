import { type Static, Type } from 'typebox';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import { type ReportRequest, Reports } from '../../engine/report/reports.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { parseTime } from './time.ts';

const days = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 3650, default: 30, description }));

const QUERY = Type.Object(
  {
    from: Type.String({ description: 'RFC 3339: from then on' }),
    to: Type.String({ description: 'RFC 3339: until then' }),
    sample: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100_000, default: 1000, description: 'Decisions that are decided again' }),
    ),
    unused_days: days('Point out delegations that carried nothing for so many days'),
    expiring_days: days('Point out delegations that end within so many days'),
  },
  { additionalProperties: false },
);

/** The parts are open: the client's types say what each holds, and later versions add to them. */
const part = (description: string) => Type.Object({}, { additionalProperties: true, description });
const parts = (description: string) => Type.Array(part('One of them'), { description });
const REPORT = Type.Object({
  format: Type.Literal(1),
  node: Type.String(),
  period: Type.Object({ from: Type.String(), to: Type.String() }),
  state: part('The last revision before the end, and where the log ended'),
  decisions: part('Counts by outcome, reason, time, actor, origin, type, action, caller and depth'),
  delegations: part('Those in force at the end'),
  revocations: part('Those of the period, and how fast they took effect'),
  suspended: parts('Principals suspended at the end'),
  bundles: parts('Those in force in the period, the newest first'),
  callers: parts('Callers and their roles at the end'),
  chain: part('The checkpoint; a server does not vouch for its own log'),
  replay: part('What came of deciding a sample again'),
});

/** `GET /v1/audit/report`: the evidence of a period, as data; the command makes a document of it. For auditors. */
export function report(routes: Routes, { ledger, records, evidence }: App): void {
  if (records === undefined) return;
  const reports = new Reports(ledger, records, evidence);
  routes.get(
    '/v1/audit/report',
    {
      schema: {
        operationId: 'auditReport',
        tags: ['audit'],
        summary: 'The evidence of a period, as data. One at a time; it may take minutes',
        querystring: QUERY,
        response: { 200: REPORT, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const asked = toRequest(request.query);
      if (!asked.ok) return sendFailure(reply, asked.error);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const made = await reports.report(asked.value, callerOf(request), gone.signal);
      return made.ok ? reply.send(made.value) : sendFailure(reply, made.error);
    },
  );
}

function toRequest(query: Static<typeof QUERY>): Result<ReportRequest, Failure> {
  const { sample = 1000, unused_days: unusedDays = 30, expiring_days: expiringDays = 30 } = query;
  const from = parseTime(query.from);
  const to = parseTime(query.to);
  if (from !== undefined && to !== undefined && from < to) return ok({ from, to, sample, unusedDays, expiringDays });
  const [field, text] = from === undefined ? ['from', query.from] : ['to', query.to];
  const message =
    from !== undefined && to !== undefined
      ? 'to: must be after from'
      : `${field}: "${text.slice(0, 64)}" is no time: write 2030-01-31T12:00:00Z`;
  return err(failure('invalid', message, [{ field, message }]));
}
