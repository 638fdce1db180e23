import type { FastifyRequest } from 'fastify';
import { toText } from '../../core/policy/plan/filter.ts';
import { NO_MATCH } from '../../core/policy/walk.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import { type PlanAnswer, planResources } from '../../engine/plan.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { refusalOfFailure } from '../refusal.ts';
import type { Routes } from '../routes.ts';
import { auxDataOf } from './aux-data.ts';
import { ERRORS, sendError } from './error.ts';
import { normalizeBody } from './normalize-body.ts';
import { PLAN_RESOURCES, PLAN_RESOURCES_RESPONSE, type PlanResources } from './plan-messages.ts';
import { DEFAULT_LIMITS } from './request-limits.ts';
import { validationErrorsJson } from './result.ts';

const KINDS = {
  always_allowed: 'KIND_ALWAYS_ALLOWED',
  always_denied: 'KIND_ALWAYS_DENIED',
  conditional: 'KIND_CONDITIONAL',
} as const;

/** `POST /api/plan/resources`: which resources may this principal do these things to? As a filter for a query. */
export function planResourcesRoute(routes: Routes, app: App): void {
  routes.post(
    '/api/plan/resources',
    {
      schema: {
        operationId: 'cerbosPlanResources',
        tags: ['cerbos'],
        summary: 'Which resources may this principal do these things to? A filter for queries',
        body: PLAN_RESOURCES,
        response: { 200: PLAN_RESOURCES_RESPONSE, ...ERRORS },
      },
      preValidation: normalizeBody,
    },
    async (request, reply) => {
      const answered = await answer(request.body, request, app);
      return answered.ok ? answered.value : sendError(reply, refusalOfFailure(answered.error));
    },
  );
}

async function answer(body: PlanResources, request: FastifyRequest, app: App): Promise<Result<object, Failure>> {
  const actions = actionsOf(body, app);
  if (!actions.ok) return actions;
  const auxData = await auxDataOf(body, app);
  if (!auxData.ok) return auxData;
  const { principal, resource } = body;
  const question = { principal, actions: actions.value, resource, auxData: auxData.value };
  const planned = planResources(question, callerOf(request), app.ledger);
  return planned.ok ? ok(toResponse(body, planned.value, request.id)) : planned;
}

/** One `action`, which Cerbos's API calls deprecated, or several `actions`. */
function actionsOf({ action = '', actions = [] }: PlanResources, app: App): Result<readonly string[], Failure> {
  if ((action === '') === (actions.length === 0)) {
    return err(failure('invalid', 'send either action or actions, and at least one'));
  }
  const { maxActionsPerResource } = { ...DEFAULT_LIMITS, ...app.cerbos };
  if (actions.length > maxActionsPerResource) {
    const message = `there are ${actions.length} actions, and at most ${maxActionsPerResource} are possible`;
    return err(failure('invalid', message));
  }
  return ok(action === '' ? actions : [action]);
}

function toResponse(body: PlanResources, planned: PlanAnswer, callId: string): object {
  const { requestId = '', action = '', actions = [], resource } = body;
  const { kind, policyVersion = '' } = resource;
  const { filter } = planned;
  const errors = validationErrorsJson(planned.validationErrors);
  return {
    ...(requestId === '' ? undefined : { requestId }),
    ...(action === '' ? undefined : { action }),
    ...(actions.length === 0 ? undefined : { actions }),
    resourceKind: kind,
    ...(policyVersion === '' ? undefined : { policyVersion }),
    filter: {
      kind: KINDS[filter.kind],
      ...(filter.kind === 'conditional' ? { condition: filter.condition } : undefined),
    },
    ...(body.includeMeta === true ? { meta: metaJson(action, planned) } : undefined),
    ...(errors.length === 0 ? undefined : { validationErrors: errors }),
    cerbosCallId: callId,
  };
}

function metaJson(action: string, { filter, matched, matchedScopes }: PlanAnswer): object {
  const filterDebug = matched ? toText(filter) : NO_MATCH.policy;
  if (action === '') {
    return { filterDebug, matchedScopes: Object.fromEntries(matchedScopes) };
  }
  const scope = matchedScopes.get(action) ?? '';
  return { filterDebug, ...(scope === '' ? undefined : { matchedScope: scope }) };
}
