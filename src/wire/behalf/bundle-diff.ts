import { Type } from 'typebox';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type BundleChoice, type BundleDiff, diffBundles, type Flip } from '../../engine/bundles/diff.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import type { Ledger } from '../../engine/ledger.ts';
import type { Question } from '../../engine/question.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { EVALUATION, type Evaluation, toQuestion } from '../question.ts';
import type { Routes } from '../routes.ts';
import { BUNDLE_BODY_BYTES, checkFiles, FILES } from './bundles.ts';
import { EXPLANATION, explanationJson } from './explanation-json.ts';
import { explanationText } from './explanation-text.ts';
import { PROBLEMS, sendFailure } from './problem.ts';

const CHOICE = Type.Union([
  Type.String({ description: 'The digest of a published bundle, or current' }),
  Type.Object({ files: FILES }, { additionalProperties: false }),
]);

/** Recorded decisions that are taken again where the request does not say how many. */
const DEFAULT_DECISIONS = 100;

const SIDE = Type.Object({ explanation: EXPLANATION, text: Type.String({ description: 'The path drawn for people' }) });

/** What would change under another bundle (design, section 7). */
export function bundleDiff(routes: Routes, { ledger, log }: App): void {
  routes.post(
    '/v1/bundles/diff',
    {
      bodyLimit: BUNDLE_BODY_BYTES,
      schema: {
        operationId: 'diffBundles',
        tags: ['bundles'],
        summary: 'What would change? Requests decided under two bundles; nothing is recorded',
        body: Type.Object(
          {
            old: CHOICE,
            new: CHOICE,
            requests: Type.Optional(Type.Array(EVALUATION, { description: 'To decide now' })),
            decisions: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: LIMITS.pageSize,
                description: `So many recorded decisions, newest first, each as it was then; default ${DEFAULT_DECISIONS}`,
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            old: Type.String(),
            new: Type.String(),
            compared: Type.Integer(),
            skipped: Type.Integer({ description: 'Recorded decisions that cannot be taken again' }),
            flips: Type.Array(
              Type.Object({
                decision: Type.Optional(Type.String({ description: 'The id of the record' })),
                request: Type.Optional(Type.Integer({ description: 'The place among the requests, from 0' })),
                old: SIDE,
                new: SIDE,
              }),
            ),
          }),
          ...PROBLEMS,
        },
      },
    },
    async (request, reply) => {
      const { old, new: fresh, requests, decisions } = request.body;
      if (requests !== undefined && decisions !== undefined) {
        return sendFailure(reply, failure('invalid', 'requests and decisions are two ways to say what to decide'));
      }
      const before = choiceOf(old);
      if (!before.ok) return sendFailure(reply, before.error);
      const after = choiceOf(fresh);
      if (!after.ok) return sendFailure(reply, after.error);
      const questions = requests === undefined ? undefined : toQuestions(requests);
      if (questions?.ok === false) return sendFailure(reply, questions.error);
      const over =
        questions === undefined ? { decisions: decisions ?? DEFAULT_DECISIONS } : { questions: questions.value };
      const asked = { old: before.value, new: after.value, over };
      const found = await diffBundles(ledger, log, asked, callerOf(request));
      return found.ok ? reply.send(diffJson(found.value, ledger)) : sendFailure(reply, found.error);
    },
  );
}

function choiceOf(choice: string | { readonly files: Exclude<BundleChoice, string> }): Result<BundleChoice, Failure> {
  if (typeof choice === 'string') return ok(choice);
  return checkFiles(choice.files) ?? ok(choice.files);
}

function toQuestions(requests: readonly Evaluation[]): Result<readonly Question[], Failure> {
  const questions: Question[] = [];
  for (const [index, request] of requests.entries()) {
    const question = toQuestion(request);
    if (!question.ok) {
      const { code, message } = question.error;
      return err(failure(code, `requests/${index}: ${message}`));
    }
    questions.push(question.value);
  }
  return ok(questions);
}

function diffJson(diff: BundleDiff, ledger: Ledger): object {
  return { ...diff, flips: diff.flips.map((flip) => flipJson(flip, ledger)) };
}

function flipJson({ subject, old, new: fresh }: Flip, ledger: Ledger): object {
  const side = (explanation: Flip['old']) => ({
    explanation: explanationJson(explanation, (revision) => ledger.token(revision)),
    text: explanationText(explanation),
  });
  return {
    ...('decision' in subject ? { decision: subject.decision } : { request: subject.question }),
    old: side(old),
    new: side(fresh),
  };
}
