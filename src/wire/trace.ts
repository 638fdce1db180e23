import { Type } from 'typebox';
import type { ChainTrace, Step } from '../core/path/trace.ts';

/** RFC 3339 in UTC with milliseconds, as every time in the API. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

/** The steps of a path are open: what a step holds depends on its kind, and later versions add to it. */
export const STEPS = Type.Array(
  Type.Object(
    { kind: Type.Enum(['principal', 'edge']), reasons: Type.Array(Type.String()) },
    { additionalProperties: true, description: 'A principal or a delegation on the path, judged' },
  ),
);
export const CHAIN = Type.Object({
  delegation: Type.Optional(Type.String()),
  allowed: Type.Boolean(),
  reasons: Type.Array(Type.String()),
  steps: STEPS,
});

/** The steps of a path as they are told: with times that people and other languages read. */
export function stepsJson(steps: readonly Step[]): readonly object[] {
  return steps.map((step) =>
    step.kind === 'principal'
      ? step
      : {
          ...step,
          not_before: rfc3339(step.not_before),
          ...(step.expires_at === undefined ? undefined : { expires_at: rfc3339(step.expires_at) }),
        },
  );
}

export function chainJson(chain: ChainTrace): object {
  return { ...chain, steps: stepsJson(chain.steps) };
}
