import type { Evaluation, EvaluationFault, Question } from '../client/types.ts';

/**
 * Where an enforcement point gets its decisions: a running Behalf, or the engine in the same process. The same
 * questions, the same records either way.
 */
export interface DecisionPoint {
  /**
   * One answer for each question, in order. Throws where no answer can be had (out of reach, no log, a bad key): the
   * message that was to be decided is then refused, never passed.
   *
   * @param requestId what the records say that they belong to
   * @param trace the `traceparent` (W3C Trace Context) that the message came with
   */
  decide(
    questions: readonly Question[],
    requestId?: string,
    trace?: string,
  ): Promise<readonly (Evaluation | EvaluationFault)[]>;
}
