import type { FastifyRequest } from 'fastify';
import type { Attributes } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { toQuestions } from '../../engine/cerbos.ts';
import type { Answer } from '../../engine/check.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { refusalOfFailure } from '../refusal.ts';
import type { Routes } from '../routes.ts';
import { ERRORS, sendError } from './error.ts';
import type { CerbosApp } from './jwt.ts';
import {
  type AuxData,
  CHECK_RESOURCES,
  CHECK_RESOURCES_RESPONSE,
  type CheckResources,
  normalized,
} from './messages.ts';
import { resultJson } from './result.ts';

/** Resources in a request, and actions for each of them, where the configuration says nothing else (Cerbos's own). */
export const DEFAULT_LIMITS = { maxActionsPerResource: 50, maxResourcesPerRequest: 50 } as const;

/** `POST /api/check/resources`: each action of each resource is one decision, recorded like any other. */
export function checkResources(routes: Routes, app: CerbosApp): void {
  routes.post(
    '/api/check/resources',
    {
      schema: {
        operationId: 'cerbosCheckResources',
        tags: ['cerbos'],
        summary: 'May this principal do these things to these resources?',
        body: CHECK_RESOURCES,
        response: { 200: CHECK_RESOURCES_RESPONSE, ...ERRORS },
      },
      preValidation: (request, _reply, done) => {
        // Validated next: until then it is of no known type.
        (request as { body: unknown }).body = normalized(request.body ?? {});
        done();
      },
    },
    async (request, reply) => {
      const answered = await answer(request.body, request, app);
      return answered.ok ? answered.value : sendError(reply, refusalOfFailure(answered.error));
    },
  );
}

async function answer(body: CheckResources, request: FastifyRequest, app: CerbosApp): Promise<Result<object, Failure>> {
  const fits = withinLimits(body, app);
  if (!fits.ok) return fits;
  const auxData = await auxDataOf(body, app);
  if (!auxData.ok) return auxData;
  const questions = toQuestions(body.principal, body.resources, app.ledger.bundle.settings, auxData.value);
  if (!questions.ok) return questions;
  const answers = await app.checks.checkAll(questions.value.map(ok), callerOf(request), {
    requestId: request.id,
    policy: true,
  });
  const told: Answer[] = [];
  for (const one of answers) {
    if (!one.ok) return one;
    told.push(one.value);
  }
  let next = 0;
  const results = body.resources.map((entry) => {
    const own = told.slice(next, next + entry.actions.length);
    next += own.length;
    return resultJson(entry, own, body.includeMeta === true);
  });
  const { requestId = '' } = body;
  return ok({ ...(requestId === '' ? undefined : { requestId }), results, cerbosCallId: request.id });
}

function withinLimits({ resources }: CheckResources, app: App): Result<void, Failure> {
  const { maxActionsPerResource, maxResourcesPerRequest } = { ...DEFAULT_LIMITS, ...app.cerbos };
  const tooMany = (what: string, count: number, limit: number) =>
    err(failure('invalid', `${what} has ${count} of them, and at most ${limit} are possible`));
  if (resources.length > maxResourcesPerRequest) return tooMany('resources', resources.length, maxResourcesPerRequest);
  for (const [index, { actions }] of resources.entries()) {
    if (actions.length <= maxActionsPerResource) continue;
    return tooMany(`resources[${index}].actions`, actions.length, maxActionsPerResource);
  }
  return ok(undefined);
}

/** What the token proves, at `request.auxData.jwt`. One that cannot be verified fails the request (Cerbos). */
export async function auxDataOf(
  { auxData }: { readonly auxData?: AuxData },
  { verifyJwt }: CerbosApp,
): Promise<Result<Attributes | undefined, Failure>> {
  if (auxData?.jwt === undefined) return ok(undefined);
  const { token, keySetId } = auxData.jwt;
  if (verifyJwt === undefined) {
    return err(failure('invalid', 'invalid auxData: no key sets are configured to verify a JWT with (jwt_keysets)'));
  }
  const claims = await verifyJwt(token, keySetId);
  if (!claims.ok) return err(failure('invalid', `invalid auxData: ${claims.error}`));
  return ok({ jwt: claims.value });
}
