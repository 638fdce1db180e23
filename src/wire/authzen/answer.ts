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
      delegation: Type.Optional(Type.String({ description: 'With session_required: what an activation would open' })),
      revision: Type.Optional(Type.String({ description: 'For context.revision of a later request' })),
      reasons: Type.Optional(
        Type.Array(Type.String(), { description: 'Only for callers that may see paths, as below' }),
      ),
      path: Type.Optional(STEPS),
      limit: Type.Optional(Type.String()),
      bundle: Type.Optional(Type.String()),
      observed: Type.Optional(Type.Boolean({ description: 'What was decided, where the caller only observes' })),
      error: Type.Optional(
        Type.Object({ status: Type.Integer(), message: Type.String(), reason: Type.Optional(Type.String()) }),
      ),
    }),
  ),
});

export function answerJson({ decision, detail, ...told }: Answer): object {
  if (detail === undefined) return { decision, context: told };
  const { chain, ...rest } = detail;
  return {
    decision,
    context: { ...told, ...rest, ...(chain === undefined ? undefined : { path: stepsJson(chain.steps) }) },
  };
}
