import { Compile } from 'typebox/compile';
import type { Caller } from '../callers/caller.ts';
import { toEvaluation } from '../client/client.ts';
import type { Question as ClientQuestion, Evaluation, EvaluationFault } from '../client/types.ts';
import { err, type Result } from '../core/result.ts';
import type { Answer, Checks } from '../engine/check.ts';
import { type Failure, failure, isFault } from '../engine/failure.ts';
import type { Question } from '../engine/question.ts';
import type { DecisionPoint } from '../mcp/decision-point.ts';
import { EVALUATION, toQuestion } from '../wire/question.ts';
import { reasonOf, refusalOfFailure } from '../wire/refusal.ts';

const WHOLE = Compile(EVALUATION);

/** The engine in this process as a decision point: what it is asked goes the way of an AuthZEN request without HTTP. */
export function enginePoint(checks: Checks, caller: Caller): DecisionPoint {
  return {
    async decide(questions, requestId, trace) {
      const answers = await checks.checkAll(questions.map(toEngineQuestion), caller, { requestId, trace });
      return answers.map(toAnswer);
    },
  };
}

function toEngineQuestion(question: ClientQuestion): Result<Question, Failure> {
  const body: unknown = toEvaluation(question);
  if (WHOLE.Check(body)) return toQuestion(body);
  const [fault] = WHOLE.Errors(body);
  return err(failure('invalid', `the question is malformed: ${fault?.instancePath} ${fault?.message}`));
}

function toAnswer(answer: Result<Answer, Failure>): Evaluation | EvaluationFault {
  if (answer.ok) {
    const { decision, id, reason, revision } = answer.value;
    return { decision, id, reason, revision };
  }
  if (isFault(answer.error)) throw new Error(answer.error.message);
  const { status, message } = refusalOfFailure(answer.error);
  return { decision: false, error: { status, message, ...reasonOf(answer.error) } };
}
