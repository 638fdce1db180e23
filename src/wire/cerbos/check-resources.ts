import type { FastifyRequest } from 'fastify';
import { err, ok, type Result } from '../../core/result.ts';
import { toQuestions } from '../../engine/cerbos.ts';
import type { Answer } from '../../engine/check.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { correlationOf } from '../correlation.ts';
import { refusalOfFailure } from '../refusal.ts';
import type { Routes } from '../routes.ts';
import { auxDataOf } from './aux-data.ts';
import { ERRORS, sendError } from './error.ts';
import type { CerbosApp } from './jwt.ts';
import { CHECK_RESOURCES, CHECK_RESOURCES_RESPONSE, type CheckResources } from './messages.ts';
import { normalizeBody } from './normalize-body.ts';
import { DEFAULT_LIMITS } from './request-limits.ts';
import { resultJson } from './result.ts';

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
      preValidation: normalizeBody,
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
    ...correlationOf(request),
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
