import { admitInput } from '../core/cel/admit-input.ts';
import { kindToType, nameToId } from '../core/cerbos-name.ts';
import { type Attributes, type EntityId, toEntity } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Settings } from '../core/settings.ts';
import { type Failure, failure } from './failure.ts';
import type { Described, Question } from './question.ts';

/** A principal as Cerbos's API has it. */
export interface CerbosPrincipal {
  readonly id: string;
  readonly policyVersion?: string;
  readonly roles: readonly string[];
  readonly attr?: Attributes;
  readonly scope?: string;
}

export interface CerbosResource {
  readonly kind: string;
  readonly policyVersion?: string;
  readonly id: string;
  readonly attr?: Attributes;
  readonly scope?: string;
}

/** One entry of a batch: what is to be done to one resource. */
export interface CerbosEntry {
  readonly actions: readonly string[];
  readonly resource: CerbosResource;
}

/** The type of a principal whose id says no other. */
const HUMAN = 'user';

/**
 * What a request in Cerbos's terms asks: for each action of each resource one question, in order. The principal is
 * actor and origin (contracts, section 3). An id that begins with the type of an agent is that agent's,
 * `agent:planner`; any other is a human's, `user:<id>`, who may write the `user:` as well. With `cerbos` semantics
 * everything else is taken as the application has it, `user:` included, and encoded where an entity cannot be called
 * so; else such a name is an error.
 *
 * @param auxData what was verified of the request's aux data
 */
export function toQuestions(
  principal: CerbosPrincipal,
  entries: readonly CerbosEntry[],
  settings: Settings,
  auxData?: Attributes,
): Result<readonly Question[], Failure> {
  const subject = describePrincipal(principal, settings);
  if (!subject.ok) return subject;
  const questions: Question[] = [];
  for (const [index, { resource, actions }] of entries.entries()) {
    const field = `resources[${index}].resource`;
    const described = describeResource(field, resource, settings);
    if (!described.ok) return described;
    for (const action of actions) {
      questions.push({
        subject: subject.value,
        action,
        resource: described.value,
        ...placed(principal, resource),
        ...(actions.length > 1 && settings.schemaEnforcement !== 'none' ? { siblingActions: actions } : undefined),
        ...(auxData === undefined ? undefined : { auxData }),
      });
    }
  }
  return ok(questions);
}

/** Scope and version of the resource, and those of the principal where they are others. */
function placed(principal: CerbosPrincipal, resource: CerbosResource): Partial<Question> {
  const scope = scopeOf(resource);
  const principalScope = scopeOf(principal);
  const version = resource.policyVersion ?? '';
  const principalVersion = principal.policyVersion ?? '';
  return {
    ...(scope === '' ? undefined : { scope }),
    ...(version === '' ? undefined : { policyVersion: version }),
    ...(principalScope === scope ? undefined : { principalScope }),
    ...(principalVersion === version ? undefined : { principalPolicyVersion: principalVersion }),
  };
}

/** The root may be written as a dot (Cerbos). */
function scopeOf({ scope = '' }: { readonly scope?: string }): string {
  return scope === '.' ? '' : scope;
}

function describePrincipal({ id, roles, attr }: CerbosPrincipal, settings: Settings): Result<Described, Failure> {
  const entity = principalEntity(id, settings);
  if (!entity.ok) return unnamable('principal.id', entity.error);
  const attributes = admitted('principal.attr', attr);
  if (!attributes.ok) return attributes;
  return ok({ entity: entity.value, roles, properties: attributes.value });
}

function principalEntity(id: string, { semantics, agentTypes }: Settings): Result<EntityId, string> {
  const name = semantics === 'cerbos' ? nameToId : (text: string) => text;
  const colon = id.indexOf(':');
  const type = id.slice(0, Math.max(colon, 0));
  const isTyped = agentTypes.includes(type) || (type === HUMAN && semantics === 'strict');
  return isTyped ? toEntity(type, name(id.slice(colon + 1))) : toEntity(HUMAN, name(id));
}

function describeResource(
  field: string,
  { kind, id, attr }: CerbosResource,
  { semantics }: Settings,
): Result<Described, Failure> {
  const isCerbos = semantics === 'cerbos';
  const entity = toEntity(isCerbos ? kindToType(kind) : kind, isCerbos ? nameToId(id) : id);
  if (!entity.ok) return unnamable(field, entity.error);
  const attributes = admitted(`${field}.attr`, attr);
  return attributes.ok ? ok({ entity: entity.value, properties: attributes.value }) : attributes;
}

function admitted(field: string, attr: Attributes | undefined): Result<Attributes, Failure> {
  if (attr === undefined) return ok({});
  const checked = admitInput(attr);
  return checked.ok ? ok(attr) : unnamable(field, checked.error);
}

function unnamable(field: string, message: string): Result<never, Failure> {
  return err(failure('invalid', `${field}: ${message}`, [{ field, message }]));
}
