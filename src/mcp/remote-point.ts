import type { Behalf } from '../client/client.ts';
import type { Evaluation, EvaluationFault } from '../client/types.ts';
import { LIMITS } from '../core/limits.ts';
import type { DecisionPoint } from './decision-point.ts';

/** A running Behalf as the decision point: each question and each record is as if an application had asked. */
export function remotePoint(client: Pick<Behalf, 'evaluations'>): DecisionPoint {
  return {
    async decide(questions, requestId, trace) {
      const options = {
        ...(requestId === undefined ? undefined : { requestId }),
        ...(trace === undefined ? undefined : { trace }),
      };
      const answers: (Evaluation | EvaluationFault)[] = [];
      for (let from = 0; from < questions.length; from += LIMITS.batchItems) {
        const batch = questions.slice(from, from + LIMITS.batchItems);
        answers.push(...(await client.evaluations(batch, 'execute_all', options)));
      }
      return answers;
    },
  };
}
