import { type Static, Type } from 'typebox';
import { JSON_OBJECT } from '../question.ts';
import { AUX_DATA, NAME, PRINCIPAL, SCOPE, VALIDATION_ERRORS, VERSION } from './messages.ts';

/** `PlanResourcesRequest` (cerbos.request.v1). Which of `action` and `actions` there is the door checks. */
export const PLAN_RESOURCES = Type.Object(
  {
    requestId: Type.Optional(Type.String()),
    action: Type.Optional(Type.String()),
    actions: Type.Optional(Type.Array(NAME, { uniqueItems: true })),
    principal: PRINCIPAL,
    resource: Type.Object(
      {
        kind: NAME,
        attr: Type.Optional(JSON_OBJECT),
        policyVersion: Type.Optional(VERSION),
        scope: Type.Optional(SCOPE),
      },
      { additionalProperties: false },
    ),
    auxData: AUX_DATA,
    includeMeta: Type.Optional(Type.Boolean()),
    requestContext: Type.Optional(JSON_OBJECT),
  },
  { additionalProperties: false },
);
export type PlanResources = Static<typeof PLAN_RESOURCES>;

/** `PlanResourcesResponse` (cerbos.response.v1), as its JSON omits what is empty. */
export const PLAN_RESOURCES_RESPONSE = Type.Object({
  requestId: Type.Optional(Type.String()),
  action: Type.Optional(Type.String()),
  actions: Type.Optional(Type.Array(Type.String())),
  resourceKind: Type.String(),
  policyVersion: Type.Optional(Type.String()),
  filter: Type.Object({
    kind: Type.Enum(['KIND_ALWAYS_ALLOWED', 'KIND_ALWAYS_DENIED', 'KIND_CONDITIONAL']),
    condition: Type.Optional(Type.Unknown({ description: 'expression {operator, operands}, value or variable' })),
  }),
  meta: Type.Optional(
    Type.Object({
      filterDebug: Type.String(),
      matchedScope: Type.Optional(Type.String()),
      matchedScopes: Type.Optional(Type.Record(Type.String(), Type.String())),
    }),
  ),
  validationErrors: VALIDATION_ERRORS,
  cerbosCallId: Type.String({ description: 'The request id' }),
});
