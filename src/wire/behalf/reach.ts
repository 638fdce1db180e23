import { type Static, Type } from 'typebox';
import { PROOFS } from '../../core/delegation/delegation.ts';
import { actionFault } from '../../core/delegation/patterns.ts';
import { parseEntity, typeFault } from '../../core/entity.ts';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, type FieldError, failure } from '../../engine/failure.ts';
import type { Reaches, ReachQuestion, ReachTime } from '../../engine/search/reach.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { rfc3339 } from '../trace.ts';
import { DEFAULT_PAGE, PAGE_LIMIT } from './paging.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { parseTime, TIME } from './time.ts';

const QUERY = Type.Object(
  {
    actor: Type.Optional(Type.String({ description: 'What does it reach …' })),
    origin: Type.Optional(Type.String({ description: '… for this principal? Absent: on its own authority' })),
    type: Type.Optional(Type.String({ description: 'Only resources of this type' })),
    resource: Type.Optional(Type.String({ description: 'Who reaches it …' })),
    action: Type.Optional(Type.String({ description: '… with this action? With an actor: only this action' })),
    proof: Type.Optional(Type.Enum([...PROOFS], { description: 'How well origins are taken to be known: verified' })),
    open_attributes: Type.Optional(
      Type.String({ description: 'Attributes of resources that are left open, such as `args`, separated by commas' }),
    ),
    at: Type.Optional(Type.String({ description: 'As things were at this time, RFC 3339' })),
    revision: Type.Optional(Type.String({ description: 'As things were when this revision was made' })),
    after: Type.Optional(Type.String({ description: 'The next of the page before' })),
    limit: Type.Optional(PAGE_LIMIT),
  },
  { additionalProperties: false },
);

const REACHED = Type.Object({
  origin: Type.String(),
  actor: Type.String(),
  action: Type.String(),
  resource: Type.String(),
  chains: Type.Array(
    Type.Object({
      path: Type.Array(Type.String(), { description: 'Principals, the origin first' }),
      delegations: Type.Array(Type.Object({ id: Type.String(), name: Type.Optional(Type.String()) })),
      depends: Type.Optional(Type.Literal(true, { description: 'On the values of the open attributes' })),
    }),
    { description: 'Everything that carries it; the first one is the one that a check reports' },
  ),
});

/** `GET /v1/reach`: what an agent reaches for somebody, and who reaches a resource. For auditors. */
export function reach(routes: Routes, engine: Reaches): void {
  routes.get(
    '/v1/reach',
    {
      schema: {
        operationId: 'reach',
        tags: ['explain'],
        summary: 'What does this actor reach, or who reaches this resource, and through which delegations?',
        querystring: QUERY,
        response: {
          200: Type.Object({
            at: TIME,
            reached: Type.Array(REACHED),
            next: Type.Optional(Type.String()),
            revision: Type.String({ description: 'Which all pages are decided at' }),
          }),
          ...PROBLEMS,
        },
      },
    },
    async (request, reply) => {
      const { proof = 'verified', after, limit = DEFAULT_PAGE } = request.query;
      const question = toReachQuestion(request.query);
      if (!question.ok) return sendFailure(reply, question.error);
      const when = toReachTime(request.query);
      if (!when.ok) return sendFailure(reply, when.error);
      const page = { limit, ...(after === undefined ? undefined : { token: after }) };
      const found = await engine.reach(question.value, proof, page, callerOf(request), when.value);
      if (!found.ok) return sendFailure(reply, found.error);
      return reply.send({ ...found.value, at: rfc3339(found.value.at) });
    },
  );
}

function toReachTime({ at: text, revision }: Static<typeof QUERY>): Result<ReachTime, Failure> {
  const at = text === undefined ? undefined : parseTime(text);
  if (text !== undefined && at === undefined) {
    const message = `at: "${text.slice(0, 64)}" is no time: write 2030-01-31T12:00:00Z`;
    return err(failure('invalid', message, [{ field: 'at', message }]));
  }
  return ok({
    ...(at === undefined ? undefined : { at }),
    ...(revision === undefined ? undefined : { revision }),
  });
}

/** One of the two questions, whole; or everything that is wrong with it. */
function toReachQuestion(query: Static<typeof QUERY>): Result<ReachQuestion, Failure> {
  const { actor, origin, type, resource, action, open_attributes: open } = query;
  const openAttributes = open?.split(',');
  const errors: FieldError[] = [];
  const check = (field: string, fault: string | undefined): void => {
    if (fault !== undefined) errors.push({ field, message: fault });
  };
  for (const [field, value] of Object.entries({ actor, origin, resource })) {
    const parsed = value === undefined ? undefined : parseEntity(value);
    if (parsed?.ok === false) check(field, parsed.error);
  }
  if (type !== undefined) check('type', typeFault(type));
  if (action !== undefined) check('action', actionFault(action));
  if (openAttributes !== undefined) check('open_attributes', openFault(openAttributes));
  if (errors.length > 0) {
    const message = errors.map((error) => `${error.field}: ${error.message}`).join('; ');
    return err(failure('invalid', message, errors));
  }
  const left = openAttributes === undefined ? undefined : { openAttributes };
  if (actor !== undefined && resource === undefined) {
    return ok({
      kind: 'from',
      actor,
      origin: origin ?? actor,
      ...left,
      ...(type === undefined ? undefined : { type }),
      ...(action === undefined ? undefined : { action }),
    });
  }
  if (resource !== undefined && action !== undefined && [actor, origin, type].every((other) => other === undefined)) {
    return ok({ kind: 'to', resource, action, ...left });
  }
  return err(
    failure(
      'invalid',
      'ask for actor (and origin, type, action), or for resource and action: one of the two questions',
    ),
  );
}

function openFault(names: readonly string[]): string | undefined {
  if (names.includes('')) return 'a name is empty: write args, or args,definition';
  if (names.length > LIMITS.openAttributes) return `${names.length} names; at most ${LIMITS.openAttributes}`;
  return undefined;
}
