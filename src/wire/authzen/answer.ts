import { Type } from 'typebox';
import type { Answer } from '../../engine/check.ts';
import { STEPS, stepsJson } from '../trace.ts';

/** What the decision's `context` holds besides AuthZEN's `decision`: the record's id and one reason for everybody. */
export const ANSWER = Type.Object({
  decision: Type.Boolean(),
  context: Type.Optional(
    Type.Object({
      id: Type.Optional(Type.String({ description: 'The decision record: ask why' })),
      reason: Type.Optional(Type.String()),
      revision: Type.Optional(Type.String({ description: 'For context.revision of a later request' })),
      reasons: Type.Optional(
        Type.Array(Type.String(), { description: 'Only for callers that may see paths, as below' }),
      ),
      path: Type.Optional(STEPS),
      limit: Type.Optional(Type.String()),
      bundle: Type.Optional(Type.String()),
      observed: Type.Optional(Type.Boolean({ description: 'What was decided, where the caller only observes' })),
      error: Type.Optional(Type.Object({ status: Type.Integer(), message: Type.String() })),
    }),
  ),
});

export function answerJson({ decision, id, reason, revision, detail }: Answer): object {
  if (detail === undefined) return { decision, context: { id, reason, revision } };
  const { chain, ...rest } = detail;
  return {
    decision,
    context: { id, reason, revision, ...rest, ...(chain === undefined ? undefined : { path: stepsJson(chain.steps) }) },
  };
}
