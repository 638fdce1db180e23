import { type Static, Type } from 'typebox';
import { JSON_OBJECT } from '../question.ts';
import { BodyFault } from '../refusal.ts';

/** Version and scope as Cerbos accepts them (protovalidate rules of its API, cerbos.engine.v1). */
export const VERSION = Type.String({ pattern: '^\\w*$' });
export const SCOPE = Type.String({ pattern: '^(\\.|[0-9A-Za-z][\\w-]*(\\.\\w[\\w-]*)*)?$' });
export const NAME = Type.String({ minLength: 1 });

export const PRINCIPAL = Type.Object(
  {
    id: NAME,
    policyVersion: Type.Optional(VERSION),
    roles: Type.Array(NAME, { minItems: 1, uniqueItems: true }),
    attr: Type.Optional(JSON_OBJECT),
    scope: Type.Optional(SCOPE),
  },
  { additionalProperties: false },
);

const RESOURCE = Type.Object(
  {
    kind: NAME,
    policyVersion: Type.Optional(VERSION),
    id: NAME,
    attr: Type.Optional(JSON_OBJECT),
    scope: Type.Optional(SCOPE),
  },
  { additionalProperties: false },
);

export const AUX_DATA = Type.Optional(
  Type.Object(
    {
      jwt: Type.Optional(
        Type.Object({ token: NAME, keySetId: Type.Optional(Type.String()) }, { additionalProperties: false }),
      ),
    },
    { additionalProperties: false },
  ),
);
export type AuxData = Static<typeof AUX_DATA>;

/** `CheckResourcesRequest` (cerbos.request.v1). A member that it does not have is an error, as it is to Cerbos. */
export const CHECK_RESOURCES = Type.Object(
  {
    requestId: Type.Optional(Type.String()),
    includeMeta: Type.Optional(Type.Boolean()),
    principal: PRINCIPAL,
    resources: Type.Array(
      Type.Object(
        { actions: Type.Array(NAME, { minItems: 1, uniqueItems: true }), resource: RESOURCE },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
    auxData: AUX_DATA,
    requestContext: Type.Optional(JSON_OBJECT),
  },
  { additionalProperties: false },
);
export type CheckResources = Static<typeof CHECK_RESOURCES>;

const EFFECT = Type.Enum(['EFFECT_ALLOW', 'EFFECT_DENY']);

export const VALIDATION_ERRORS = Type.Optional(
  Type.Array(
    Type.Object({
      path: Type.String(),
      message: Type.String(),
      source: Type.Enum(['SOURCE_PRINCIPAL', 'SOURCE_RESOURCE']),
    }),
  ),
);

/** `CheckResourcesResponse` (cerbos.response.v1), as its JSON omits what is empty. */
export const CHECK_RESOURCES_RESPONSE = Type.Object({
  requestId: Type.Optional(Type.String()),
  results: Type.Array(
    Type.Object({
      resource: Type.Object({
        id: Type.String(),
        kind: Type.String(),
        policyVersion: Type.Optional(Type.String()),
        scope: Type.Optional(Type.String()),
      }),
      actions: Type.Record(Type.String(), EFFECT),
      validationErrors: VALIDATION_ERRORS,
      meta: Type.Optional(
        Type.Object({
          actions: Type.Record(
            Type.String(),
            Type.Object({ matchedPolicy: Type.String(), matchedScope: Type.Optional(Type.String()) }),
          ),
          effectiveDerivedRoles: Type.Optional(Type.Array(Type.String())),
        }),
      ),
      outputs: Type.Optional(
        Type.Array(
          Type.Object({
            src: Type.String(),
            val: Type.Optional(Type.Unknown()),
            error: Type.Optional(Type.String()),
            action: Type.String(),
          }),
        ),
      ),
    }),
  ),
  cerbosCallId: Type.String({ description: 'The request id of every decision record of this request' }),
});

/** Members whose content is the application's: its names stay as they are. */
const OPAQUE: ReadonlySet<string> = new Set(['attr', 'requestContext']);

/**
 * A request as protobuf's JSON mapping allows it to be written: members in snake_case mean those in camelCase, and a
 * member that is null is not there. Throws where one stands there in both.
 */
export function normalized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalized);
  if (typeof value !== 'object' || value === null) return value;
  const members: { [name: string]: unknown } = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === null) continue;
    const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (Object.hasOwn(members, camel)) throw new BodyFault(`the body has "${camel}" in two spellings: send it once`);
    members[camel] = OPAQUE.has(camel) ? member : normalized(member);
  }
  return members;
}
