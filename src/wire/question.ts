import { type Static, Type } from 'typebox';
import { admitInput } from '../core/cel/admit-input.ts';
import { type Attributes, type EntityId, parseEntity, shorten, toEntity } from '../core/entity.ts';
import { LIMITS } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Unfinished } from '../core/unfinished.ts';
import { type Failure, failure } from '../engine/failure.ts';
import type { Claimed, Described, Question } from '../engine/question.ts';

/** Any JSON object. Which keys it has is for policies to say. */
export const JSON_OBJECT = Type.Unsafe<Attributes>(Type.Object({}));

export const ENTITY = Type.Object(
  { type: Type.String(), id: Type.String(), properties: Type.Optional(JSON_OBJECT) },
  { description: 'A subject or a resource (AuthZEN 1.0, sections 5.1 and 5.2)' },
);
export const ACTION = Type.Object({ name: Type.String(), properties: Type.Optional(JSON_OBJECT) });
const PRINCIPAL = Type.Object({ type: Type.String(), id: Type.String() });

/**
 * What Behalf reads in AuthZEN's open `context` (contracts, section 1). Policies see the whole context as it was
 * sent, these members included, at `request.context`.
 */
export const CONTEXT = Type.Object({
  on_behalf_of: Type.Optional(ENTITY),
  agent: Type.Optional(Type.Union([ENTITY, Type.String()])),
  delegation: Type.Optional(Type.String({ description: 'Only the chain that ends with this delegation' })),
  chain: Type.Optional(
    Type.Array(
      Type.Union([
        PRINCIPAL,
        Type.Object({ name: Type.String({ minLength: 1, maxLength: LIMITS.idBytes }) }),
        Type.String(),
      ]),
      {
        description: 'Claimed principals, origin first; compared. A name is one of those in the settings of the caller',
      },
    ),
  ),
  open_attributes: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      maxItems: LIMITS.openAttributes,
      description: 'Attributes of the resource that are not known yet: where they decide, the answer is no: depends',
    }),
  ),
  revision: Type.Optional(Type.String({ description: 'At least this fresh' })),
  scope: Type.Optional(Type.String()),
  policy_version: Type.Optional(Type.String()),
});

/** The body of AuthZEN's Access Evaluation request. Unknown members are ignored, as the specification has it. */
export const EVALUATION = Type.Object({
  subject: ENTITY,
  action: ACTION,
  resource: ENTITY,
  context: Type.Optional(CONTEXT),
});
export type Evaluation = Static<typeof EVALUATION>;

/** The same members, none of them required: the defaults of a batch, and its items. */
export const PARTIAL_EVALUATION = Type.Partial(EVALUATION);
export type PartialEvaluation = Static<typeof PARTIAL_EVALUATION>;

/** What an evaluation asks, whoever asks it; or which of its names or documents cannot be accepted. */
export function toQuestion(body: Evaluation): Result<Question, Failure> {
  const { action, context } = body;
  const subject = described('subject', body.subject);
  const resource = described('resource', body.resource);
  const onBehalfOf = optional(context?.on_behalf_of, (entity) => described('context.on_behalf_of', entity));
  const agent = optional(
    context?.agent,
    (entity): Result<Described | string, Failure> =>
      typeof entity === 'string' ? ok(entity) : described('context.agent', entity),
  );
  const claimedChain = optional(context?.chain, toChain);
  const properties = optional(action.properties, (value) => document('action.properties', value));
  const open = optional(context?.open_attributes, (names) => toOpen(names, body.resource.properties));
  const admitted = optional(context, (value) => document('context', value));
  if (!subject.ok) return subject;
  if (!resource.ok) return resource;
  if (!onBehalfOf.ok) return onBehalfOf;
  if (!agent.ok) return agent;
  if (!claimedChain.ok) return claimedChain;
  if (!properties.ok) return properties;
  if (!open.ok) return open;
  if (!admitted.ok) return admitted;
  const question: Unfinished<Question> = { subject: subject.value, action: action.name, resource: resource.value };
  if (onBehalfOf.value !== undefined) question.onBehalfOf = onBehalfOf.value;
  if (agent.value !== undefined) question.agent = agent.value;
  if (properties.value !== undefined) question.actionProperties = properties.value;
  if (open.value !== undefined) question.openAttributes = open.value;
  if (claimedChain.value !== undefined) question.claimedChain = claimedChain.value;
  if (context !== undefined && admitted.value !== undefined) {
    const { delegation, revision, scope, policy_version: policyVersion } = context;
    question.context = admitted.value;
    if (delegation !== undefined) question.delegation = delegation;
    if (revision !== undefined) question.revision = revision;
    if (scope !== undefined) question.scope = scope;
    if (policyVersion !== undefined) question.policyVersion = policyVersion;
  }
  return ok(question);
}

type Context = NonNullable<Evaluation['context']>;
function described(field: string, { type, id, properties }: Static<typeof ENTITY>): Result<Described, Failure> {
  const entity = named(field, toEntity(type, id));
  if (!entity.ok) return entity;
  if (properties === undefined) return ok({ entity: entity.value });
  const admitted = document(`${field}.properties`, properties);
  return admitted.ok ? ok({ entity: entity.value, properties: admitted.value }) : admitted;
}

function toChain(chain: NonNullable<Context['chain']>): Result<readonly Claimed[], Failure> {
  const principals: Claimed[] = [];
  for (const [index, link] of chain.entries()) {
    if (typeof link !== 'string' && 'name' in link) {
      principals.push({ name: link.name });
      continue;
    }
    const parsed = typeof link === 'string' ? parseEntity(link) : toEntity(link.type, link.id);
    const entity = named(`context.chain/${index}`, parsed);
    if (!entity.ok) return entity;
    principals.push(entity.value);
  }
  return ok(principals);
}

/** Names of members like those of the resource's properties, and none that these have. */
function toOpen(names: readonly string[], sent: Attributes | undefined): Result<readonly string[], Failure> {
  const field = 'context.open_attributes';
  const members = document(field, Object.fromEntries(names.map((name) => [name, null])));
  if (!members.ok) return members;
  const both = names.find((name) => sent !== undefined && Object.hasOwn(sent, name));
  if (both === undefined) return ok(names);
  return refused(field, `"${shorten(both)}" is sent in resource.properties too: it is either known or open`);
}

function named(field: string, parsed: Result<EntityId, string>): Result<EntityId, Failure> {
  return parsed.ok ? parsed : refused(field, parsed.error);
}

/** A document from outside, admitted to evaluations. */
export function document(field: string, value: Attributes): Result<Attributes, Failure> {
  const admitted = admitInput(value);
  return admitted.ok ? ok(value) : refused(field, admitted.error);
}

function refused(field: string, message: string) {
  return err(failure('invalid', `${field}: ${message}`, [{ field, message }]));
}

function optional<T, U>(value: T | undefined, read: (value: T) => Result<U, Failure>): Result<U | undefined, Failure> {
  return value === undefined ? ok(undefined) : read(value);
}
