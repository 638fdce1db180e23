import { type Static, Type } from 'typebox';
import type { Decision } from '../../core/decision.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import { type DecisionReplay, replayDecision } from '../../engine/replay/replay-decision.ts';
import type { ReplayFault } from '../../engine/replay/replay-records.ts';
import { MOST_DRAWN, type ReplayPage, type ReplayRequest, Replays } from '../../engine/replay/replays.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { CHAIN, chainJson, rfc3339 } from '../trace.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { RECORD, recordJson } from './record-json.ts';
import { parseTime, TIME } from './time.ts';

const DIFFERENCE = Type.Object({
  at: Type.String({ description: 'Where: `reason`, `chain.steps[2].capability`, …' }),
  recorded: Type.Optional(Type.Unknown({ description: 'Absent: there is nothing' })),
  replayed: Type.Optional(Type.Unknown()),
});

const DECISION = Type.Object({
  decision: Type.Boolean(),
  reason: Type.String(),
  reasons: Type.Array(Type.String()),
  chain: Type.Optional(CHAIN),
  others: Type.Array(CHAIN),
  limit: Type.Optional(Type.String()),
  bundle: Type.String(),
  revision: Type.String(),
});

const SINCE = Type.Object({
  revision: Type.String(),
  at: TIME,
  by: Type.String(),
  credential: Type.Optional(Type.String()),
  act: Type.String(),
  kind: Type.String(),
  key: Type.String(),
  did: Type.String(),
  text: Type.String({ description: 'One line that says all of it' }),
});

const REPLAY = Type.Object({
  record: RECORD,
  same: Type.Boolean(),
  not_replayable: Type.Optional(
    Type.Object({
      because: Type.Enum(['stale', 'redacted', 'no_state']),
      why: Type.String(),
    }),
  ),
  other_rules: Type.Optional(
    Type.Object(
      { rules: Type.Integer() },
      {
        description: 'It was decided by other rules than this version has: neither the same nor tampered with',
      },
    ),
  ),
  replayed: Type.Optional(DECISION),
  differences: Type.Array(DIFFERENCE),
  now: Type.Optional(
    Type.Object(
      {
        ...DECISION.properties,
        at: TIME,
        differences: Type.Array(DIFFERENCE),
        since: Type.Array(SINCE, { description: 'What was changed since, of what the paths name, the newest first' }),
        complete: Type.Boolean({ description: 'False where more was changed than is told' }),
        relationship_commits: Type.Integer({ description: 'Commits since that changed relationships, at most 50' }),
      },
      { description: 'What the same would be answered at the latest revision and bundle, now' },
    ),
  ),
});

const REQUEST = Type.Object(
  {
    from: Type.Optional(TIME),
    to: Type.Optional(TIME),
    sample: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MOST_DRAWN, description: 'How many are drawn; absent: all' }),
    ),
    seed: Type.Optional(
      Type.String({ maxLength: 128, description: 'What they are drawn by; absent: the hash of the last record' }),
    ),
    after: Type.Optional(Type.String({ maxLength: 1024, description: 'The next of the page before' })),
  },
  { additionalProperties: false },
);

const PAGE = Type.Object({
  same: Type.Integer(),
  replayed: Type.Integer(),
  faults: Type.Integer({ description: 'Records that come out otherwise, or whose state is not there' }),
  not_replayable: Type.Object({ stale: Type.Integer(), redacted: Type.Integer() }),
  other_rules: Type.Object(
    {
      same: Type.Integer(),
      denied: Type.Integer({ description: 'Allowed then, denied by these rules' }),
      allowed: Type.Integer({ description: 'Denied then, allowed by these rules' }),
      reasons: Type.Integer({ description: 'The same answer for other reasons' }),
      path: Type.Integer({ description: 'The same answer and reasons by another path' }),
    },
    { description: 'Records that were decided by other rules than this version has, by how they come out by these' },
  ),
  faulty: Type.Array(
    Type.Object({
      record: Type.String(),
      sequence: Type.Integer(),
      at: TIME,
      revision: Type.Integer(),
      differences: Type.Array(DIFFERENCE),
      why: Type.Optional(Type.String()),
    }),
    { description: 'The first of them, at most 100 a page' },
  ),
  of: Type.Integer({ description: 'Records that the whole replay looks at' }),
  looked: Type.Integer({ description: 'Records that it has looked at with this page' }),
  seed: Type.Optional(Type.String()),
  next: Type.Optional(Type.String()),
});

/** Recorded decisions, decided again: one, and many (design, section 8). For auditors. */
export function replay(routes: Routes, { ledger, log, records }: App): void {
  routes.post(
    '/v1/decisions/:id/replay',
    {
      schema: {
        operationId: 'replayDecision',
        tags: ['audit'],
        summary: 'Is it decided the same again, at its own revision, bundle and time? And what would it be now?',
        params: Type.Object({ id: Type.String() }),
        response: { 200: REPLAY, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const found = replayDecision(ledger, log, request.params.id, callerOf(request));
      return found.ok ? reply.send(replayJson(found.value, (at) => ledger.token(at))) : sendFailure(reply, found.error);
    },
  );
  if (records !== undefined) manyReplays(routes, new Replays(ledger, records));
}

function manyReplays(routes: Routes, replays: Replays): void {
  routes.post(
    '/v1/audit/replay',
    {
      schema: {
        operationId: 'replayDecisions',
        tags: ['audit'],
        summary: 'Are they decided the same again? All of a period or some, page by page',
        body: REQUEST,
        response: { 200: PAGE, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const asked = toRequest(request.body);
      if (!asked.ok) return sendFailure(reply, asked.error);
      const page = await replays.page(asked.value, request.body.after, callerOf(request));
      return page.ok ? reply.send(pageJson(page.value)) : sendFailure(reply, page.error);
    },
  );
}

function toRequest({ from, to, sample, seed }: Static<typeof REQUEST>): Result<ReplayRequest, Failure> {
  for (const [field, text] of Object.entries({ from, to })) {
    if (text === undefined || parseTime(text) !== undefined) continue;
    const message = `${field}: "${text.slice(0, 64)}" is no time: write 2030-01-31T12:00:00Z`;
    return err(failure('invalid', message, [{ field, message }]));
  }
  return ok({
    sample,
    seed,
    from: from === undefined ? undefined : parseTime(from),
    to: to === undefined ? undefined : parseTime(to),
  });
}

type Token = (revision?: number) => string;

function replayJson({ record, replayed, now }: DecisionReplay, token: Token): object {
  const told = {
    record: recordJson(record, token),
    same: replayed.kind === 'same',
    ...(replayed.kind === 'not_replayable'
      ? { not_replayable: { because: replayed.because, why: replayed.why } }
      : { replayed: decisionJson(replayed.decision, token) }),
    ...(replayed.kind === 'other_rules' ? { other_rules: { rules: replayed.rules } } : undefined),
    differences: replayed.kind === 'differs' || replayed.kind === 'other_rules' ? replayed.differences : [],
  };
  if (now === undefined) return told;
  return {
    ...told,
    now: {
      ...decisionJson(now.decision, token),
      at: rfc3339(now.at),
      differences: now.differences,
      since: now.since.map(({ revision, at, by, credential, act, change: { kind, key, did, text } }) => ({
        revision,
        at: rfc3339(at),
        by,
        ...(credential === undefined ? undefined : { credential }),
        act,
        kind,
        key,
        did,
        text,
      })),
      complete: now.complete,
      relationship_commits: now.relationshipCommits,
    },
  };
}

function decisionJson({ allowed, reason, reasons, chain, others, limit, bundle, revision }: Decision, token: Token) {
  return {
    decision: allowed,
    reason,
    reasons,
    ...(chain === undefined ? undefined : { chain: chainJson(chain) }),
    others: others.map(chainJson),
    ...(limit === undefined ? undefined : { limit }),
    bundle,
    revision: token(revision),
  };
}

function pageJson({ totals, of, looked, seed, next }: ReplayPage): object {
  const { same, replayed, faults, notReplayable, otherRules, faulty } = totals;
  return {
    same,
    replayed,
    faults,
    not_replayable: notReplayable,
    other_rules: otherRules,
    faulty: faulty.map(faultJson),
    of,
    looked,
    ...(seed === undefined ? undefined : { seed }),
    ...(next === undefined ? undefined : { next }),
  };
}

function faultJson({ at, ...fault }: ReplayFault): object {
  return { ...fault, at: rfc3339(at) };
}
