import { isDeepStrictEqual } from 'node:util';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Answer } from '../../engine/check.ts';
import { type Failure, failure, isFault } from '../../engine/failure.ts';
import type { Question } from '../../engine/question.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { correlationOf } from '../correlation.ts';
import { EVALUATION, type Evaluation, PARTIAL_EVALUATION, type PartialEvaluation, toQuestion } from '../question.ts';
import { reasonOf, refusalOfFailure } from '../refusal.ts';
import type { Routes } from '../routes.ts';
import { fieldErrors, summary } from '../validation.ts';
import { ANSWER, answerJson } from './answer.ts';
import { ERROR, sendError, statusOf } from './error.ts';

/** The decision after which the rest of a batch is left out (AuthZEN 1.0, section 7.1.2.1). */
const STOPS_AT = {
  execute_all: undefined,
  deny_on_first_deny: false,
  permit_on_first_permit: true,
} as const;
type Semantic = keyof typeof STOPS_AT;
const SEMANTICS = Object.keys(STOPS_AT) as Semantic[];

/** Who acts for whom through what: an item keeps it, because dropping the agent would widen (contracts, section 1). */
const KEPT = ['agent', 'on_behalf_of', 'delegation', 'chain', 'revision'] as const;

const BATCH = Type.Object({
  ...PARTIAL_EVALUATION.properties,
  // A bad item is an answer of its own, so items are looked at one by one.
  evaluations: Type.Optional(
    Type.Array(Type.Unknown(), { description: 'Evaluations; the members above are defaults' }),
  ),
  options: Type.Optional(Type.Object({ evaluations_semantic: Type.Optional(Type.Enum(SEMANTICS)) })),
});
type Batch = Static<typeof BATCH>;

const ITEM = Compile(PARTIAL_EVALUATION);
const WHOLE = Compile(EVALUATION);

/** `POST /access/v1/evaluations` (AuthZEN 1.0, section 7): a batch, or one evaluation where there are no items. */
export function evaluations(routes: Routes, app: App): void {
  routes.post(
    '/access/v1/evaluations',
    {
      schema: {
        operationId: 'evaluateBatch',
        tags: ['authzen'],
        summary: 'Several evaluations at once',
        body: BATCH,
        response: {
          200: Type.Object({
            ...Type.Partial(ANSWER).properties,
            evaluations: Type.Optional(Type.Array(ANSWER)),
          }),
          '4xx': ERROR,
          '5xx': ERROR,
        },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const items = body.evaluations ?? [];
      if (items.length > LIMITS.batchItems) {
        const message = `more than ${LIMITS.batchItems} evaluations in one request (limit batchItems)`;
        return sendError(reply, refusalOfFailure(failure('invalid', message)));
      }
      const isOne = items.length === 0;
      const questions = isOne ? [whole(body)] : items.map((item) => merge(body, item));
      const answers = await app.checks.checkAll(questions.map(questionOf), callerOf(request), {
        stopsAt: isOne ? undefined : STOPS_AT[body.options?.evaluations_semantic ?? 'execute_all'],
        ...correlationOf(request),
      });
      // A fault of the server is not an answer about one item (section 7 of the design: 503, never an unlogged allow).
      const failed = answers.find((one) => !one.ok && (isOne || isFault(one.error)));
      if (failed !== undefined && !failed.ok) return sendError(reply, refusalOfFailure(failed.error));
      const bodies = answers.map(itemJson);
      return isOne ? bodies[0] : { evaluations: bodies };
    },
  );
}

function questionOf(item: Result<Evaluation, Failure>): Result<Question, Failure> {
  return item.ok ? toQuestion(item.value) : item;
}

function itemJson(answer: Result<Answer, Failure>): object {
  if (answer.ok) return answerJson(answer.value);
  const refusal = refusalOfFailure(answer.error);
  return {
    decision: false,
    context: { error: { status: statusOf(refusal), message: refusal.message, ...reasonOf(answer.error) } },
  };
}

/** An item over the defaults of its batch: a member replaces the default as a whole, except who acts for whom. */
function merge(batch: Batch, item: unknown): Result<Evaluation, Failure> {
  if (!ITEM.Check(item)) return malformed(ITEM.Errors(item));
  const defaults: PartialEvaluation = batch;
  const kept: { [name: string]: unknown } = {};
  for (const name of KEPT) {
    const top = defaults.context?.[name];
    if (top === undefined) continue;
    const own = item.context?.[name];
    if (own !== undefined && !isDeepStrictEqual(own, top)) {
      return err(
        failure('invalid', `context.${name} is another than that of the whole request, which an item cannot change`),
      );
    }
    kept[name] = top;
  }
  return whole({
    ...defaults,
    ...item,
    ...(item.context === undefined ? {} : { context: { ...item.context, ...kept } }),
  });
}

function whole({ subject, action, resource, context }: PartialEvaluation): Result<Evaluation, Failure> {
  const evaluation = {
    ...(subject === undefined ? undefined : { subject }),
    ...(action === undefined ? undefined : { action }),
    ...(resource === undefined ? undefined : { resource }),
    ...(context === undefined ? undefined : { context }),
  };
  return WHOLE.Check(evaluation) ? ok(evaluation) : malformed(WHOLE.Errors(evaluation));
}

function malformed(faults: ReturnType<typeof WHOLE.Errors>): Result<never, Failure> {
  const errors = fieldErrors(faults.map((fault) => ({ ...fault, params: { ...fault.params } })));
  return err(failure('invalid', `the evaluation is malformed: ${summary(errors)}`, errors));
}
