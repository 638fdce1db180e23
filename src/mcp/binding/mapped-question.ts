import type { Attributes } from '../../client/types.ts';
import { nameToId } from '../../core/cerbos-name.ts';
import { actionFault } from '../../core/delegation/patterns.ts';
import { shorten, toEntity } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Resolved, UNKNOWN } from './mapping-template.ts';
import type { Asked } from './question.ts';

/** The fields of one evaluation of a mapping, with their values or UNKNOWN. */
export type EvaluationFields = { readonly [name in 'action' | 'resource' | 'context']?: Resolved };

/**
 * Members of a question's context by which callers say who asks and what decides it. They are the enforcement point's:
 * a server that set them would choose its judge.
 */
const RESERVED = [
  'on_behalf_of',
  'delegation',
  'chain',
  'revision',
  'scope',
  'policy_version',
  'open_attributes',
  'mcp',
];

/**
 * The question that an evaluation of a declared mapping is (AuthZEN 1.0, section 5), or undefined while a part of it
 * that decides its shape is unknown. Custom attributes stand in `properties` only. An agent in the context is left
 * out: who acts is for the transport to say.
 */
export function toMappedQuestion(fields: EvaluationFields): Result<Asked | undefined, string> {
  const action = toAction(fields.action);
  const resource = toResource(fields.resource);
  const context = toContext(fields.context);
  if (!action.ok) return action;
  if (!resource.ok) return resource;
  if (!context.ok) return context;
  if (action.value === UNKNOWN || resource.value === UNKNOWN || context.value === UNKNOWN) return ok(undefined);
  return ok({ ...action.value, ...resource.value, ...(context.value === undefined ? {} : { context: context.value }) });
}

type Known<T> = Result<T | typeof UNKNOWN, string>;

function toAction(value: Resolved | undefined): Known<Pick<Asked, 'action' | 'action_properties'>> {
  const fields = objectOf(value, 'action', ['name', 'properties']);
  if (!fields.ok) return fields;
  if (fields.value === UNKNOWN) return ok(UNKNOWN);
  const name = textOf(fields.value.name, 'action.name');
  const properties = propertiesOf(fields.value.properties, 'action.properties');
  if (!name.ok) return name;
  if (!properties.ok) return properties;
  if (name.value === UNKNOWN || properties.value === UNKNOWN) return ok(UNKNOWN);
  const wrong = actionFault(name.value);
  if (wrong !== undefined) return err(`action.name: ${wrong}`);
  return ok({
    action: name.value,
    ...(properties.value === undefined ? undefined : { action_properties: properties.value }),
  });
}

/**
 * Ids come as the tool's world has them. What an entity may not hold of them (a separator at the beginning, white
 * space, `*`, …) is percent-encoded and nothing else is, so that `/bucket/q1.pdf` is `%2Fbucket/q1.pdf` and two ids
 * never become one (core/cerbos-name.ts has the rule). COAZ's type `identity` is Behalf's `user`.
 */
function toResource(value: Resolved | undefined): Known<Pick<Asked, 'resource' | 'properties'>> {
  const fields = objectOf(value, 'resource', ['type', 'id', 'properties']);
  if (!fields.ok) return fields;
  if (fields.value === UNKNOWN) return ok(UNKNOWN);
  const type = textOf(fields.value.type, 'resource.type');
  const id = textOf(fields.value.id, 'resource.id');
  const properties = propertiesOf(fields.value.properties, 'resource.properties');
  if (!type.ok) return type;
  if (!id.ok) return id;
  if (!properties.ok) return properties;
  if (type.value === UNKNOWN || id.value === UNKNOWN || properties.value === UNKNOWN) return ok(UNKNOWN);
  const entity = toEntity(type.value === 'identity' ? 'user' : type.value, nameToId(id.value));
  if (!entity.ok) return err(`resource: ${entity.error}`);
  return ok({
    resource: entity.value,
    ...(properties.value === undefined ? undefined : { properties: properties.value }),
  });
}

function toContext(value: Resolved | undefined): Known<Attributes | undefined> {
  if (value === undefined) return ok(undefined);
  const fields = objectOf(value, 'context');
  if (!fields.ok) return fields;
  if (fields.value === UNKNOWN) return ok(UNKNOWN);
  const { agent: _, ...context } = fields.value;
  const reserved = RESERVED.find((name) => Object.hasOwn(context, name));
  if (reserved !== undefined) return err(`context.${reserved} is not for a mapping to set: name it differently`);
  return ok(context as Attributes);
}

function propertiesOf(value: Resolved | undefined, where: string): Known<Attributes | undefined> {
  if (value === undefined) return ok(undefined);
  return objectOf(value, where) as Known<Attributes>;
}

/** An object, with no other members than `known` where that is given. */
export function objectOf(
  value: Resolved | undefined,
  where: string,
  known?: readonly string[],
): Known<{ readonly [field: string]: Resolved }> {
  if (value === UNKNOWN) return ok(UNKNOWN);
  if (value === undefined) return err(`${where} is missing`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return err(`${where} is no object`);
  const fields = value as { readonly [field: string]: Resolved };
  const stranger = known === undefined ? undefined : Object.keys(fields).find((name) => !known.includes(name));
  if (stranger === undefined) return ok(fields);
  return err(`${where} has the member "${shorten(stranger)}": it may have ${known?.join(', ')}`);
}

function textOf(value: Resolved | undefined, where: string): Known<string> {
  if (value === UNKNOWN || typeof value === 'string') return ok(value);
  return err(value === undefined || value === null ? `${where} is missing` : `${where} is no string`);
}
