import type { Caller } from '../callers/caller.ts';
import { inCanonicalOrder } from '../core/canonical-json.ts';
import { nameToId } from '../core/cerbos-name.ts';
import type { Assertion, CheckRequest } from '../core/decision.ts';
import { actionFault } from '../core/delegation/patterns.ts';
import { type Attributes, type EntityId, typeOf } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Settings } from '../core/settings.ts';
import type { Unfinished } from '../core/unfinished.ts';
import { type Failure, failure } from './failure.ts';
import { matchesAny } from './permissions.ts';

/** An entity as a request describes it. */
export interface Described {
  readonly entity: EntityId;
  readonly properties?: Attributes;
  /** Where they come apart from the properties; else `properties.roles`. */
  readonly roles?: readonly string[];
}

/** A principal of a claimed chain; a name is mapped by the caller's settings. */
export type Claimed = EntityId | { readonly name: string };

/** What was asked, in whichever format, before anybody looked at who asks (contracts, section 1). */
export interface Question {
  readonly subject: Described;
  /** The subject is an agent, acting for this principal. */
  readonly onBehalfOf?: Described;
  /** The subject is a human, for whom this agent acts; a bare string is mapped by the caller's settings. */
  readonly agent?: Described | string;
  readonly action: string;
  readonly actionProperties?: Attributes;
  readonly resource: Described;
  /** Attributes of the resource that the question leaves open; none of its properties. */
  readonly openAttributes?: readonly string[];
  readonly context?: Attributes;
  readonly delegation?: string;
  readonly claimedChain?: readonly Claimed[];
  /** At least this fresh. */
  readonly revision?: string;
  readonly scope?: string;
  readonly policyVersion?: string;
  /** Of the subject, where they are not those of the resource. */
  readonly principalScope?: string;
  readonly principalPolicyVersion?: string;
  readonly siblingActions?: readonly string[];
  readonly auxData?: Attributes;
}

interface Ends {
  readonly actor: Described;
  readonly origin: Described;
}

/**
 * Turns a question into what is decided, for this caller: who is the actor and who the origin, may the caller name
 * them, how well is the origin known, and which of what it says about them counts (design, section 3).
 */
export function toCheckRequest(question: Question, caller: Caller, settings: Settings): Result<CheckRequest, Failure> {
  const action = actionFault(question.action);
  if (action !== undefined) return err(failure('invalid', action));
  const ends = endsOf(question, caller, settings);
  if (!ends.ok) return ends;
  const { actor, origin } = ends.value;
  const named = mayName(caller, actor.entity, origin.entity, settings);
  if (!named.ok) return named;

  const originAssertion = assertion(caller, origin);
  const actorAssertion = assertion(caller, actor);
  const scoped = caller.asserts.includes('scope');
  const request: Unfinished<CheckRequest> = {
    actor: actor.entity,
    origin: origin.entity,
    proof: matchesAny(caller.vouches, origin.entity) ? 'vouched' : 'asserted',
    action: question.action,
    resource: question.resource.entity,
  };
  if (question.delegation !== undefined) request.delegation = question.delegation;
  if (question.claimedChain !== undefined) {
    request.claimedChain = question.claimedChain.map((one) => claimedEntity(one, caller));
  }
  if (question.actionProperties !== undefined) request.actionProperties = ordered(question.actionProperties);
  if (question.resource.properties !== undefined) request.resourceAttributes = ordered(question.resource.properties);
  if (question.openAttributes !== undefined) request.openAttributes = question.openAttributes;
  if (question.context !== undefined) request.context = ordered(question.context);
  if (originAssertion !== undefined || actorAssertion !== undefined) {
    request.asserted = {
      ...(originAssertion === undefined ? undefined : { origin: originAssertion }),
      ...(actorAssertion === undefined ? undefined : { actor: actorAssertion }),
    };
  }
  if (scoped) {
    if (question.scope !== undefined) request.scope = question.scope;
    if (question.policyVersion !== undefined) request.policyVersion = question.policyVersion;
    if (question.principalScope !== undefined) request.principalScope = question.principalScope;
    if (question.principalPolicyVersion !== undefined) request.principalPolicyVersion = question.principalPolicyVersion;
  }
  if (question.siblingActions !== undefined) request.siblingActions = question.siblingActions;
  if (question.auxData !== undefined) request.auxData = ordered(question.auxData);
  return ok(request);
}

/** The two delegated shapes, and the two without a delegation. */
function endsOf(question: Question, caller: Caller, settings: Settings): Result<Ends, Failure> {
  const { subject, onBehalfOf, agent } = question;
  const isAgent = (entity: EntityId): boolean => settings.agentTypes.includes(typeOf(entity));
  const invalid = (message: string) => err(failure('invalid', message));

  if (onBehalfOf !== undefined && agent !== undefined) {
    return invalid('context.on_behalf_of and context.agent say the same in two ways: send one of them');
  }
  if (isAgent(subject.entity)) {
    if (agent !== undefined) {
      return invalid('context.agent goes with a human subject: for an agent as subject, send context.on_behalf_of');
    }
    return ok({ actor: subject, origin: onBehalfOf ?? subject });
  }
  if (onBehalfOf !== undefined) {
    return invalid(
      `context.on_behalf_of goes with an agent as subject, and ${subject.entity} is not of an agent type (${settings.agentTypes.join(', ')})`,
    );
  }
  if (agent === undefined) {
    if (caller.direct) return ok({ actor: subject, origin: subject });
    return err(
      failure(
        'actor_missing',
        `${subject.entity} was named without an agent: send context.agent, or ask with a caller that may ask directly`,
      ),
    );
  }
  const mapped = typeof agent === 'string' ? mapAgent(agent, caller) : ok(agent);
  if (!mapped.ok) return mapped;
  if (!isAgent(mapped.value.entity)) {
    return err(
      failure(
        'actor_missing',
        `context.agent is ${mapped.value.entity}, which is not of an agent type (${settings.agentTypes.join(', ')})`,
      ),
    );
  }
  return ok({ actor: mapped.value, origin: subject });
}

/** Whom a claim means. A name that means nobody here is written as no entity can be, so it is on no path. */
function claimedEntity(claimed: Claimed, caller: Caller): EntityId {
  if (typeof claimed === 'string') return claimed;
  return agentNamed(claimed.name, caller) ?? `?${nameToId(claimed.name)}`;
}

function agentNamed(name: string, caller: Caller): EntityId | undefined {
  return caller.agents !== undefined && Object.hasOwn(caller.agents, name) ? caller.agents[name] : undefined;
}

function mapAgent(name: string, caller: Caller): Result<Described, Failure> {
  const entity = agentNamed(name, caller);
  if (entity !== undefined) return ok({ entity });
  return err(
    failure(
      'actor_missing',
      `context.agent is the bare name "${name.slice(0, 64)}", which the settings of the caller ${caller.id} map to no agent: send {"type", "id"}`,
    ),
  );
}

function mayName(caller: Caller, actor: EntityId, origin: EntityId, settings: Settings): Result<void, Failure> {
  const refuse = (what: string, entity: EntityId) =>
    err(failure('forbidden', `the caller ${caller.id} may not name ${entity} as ${what}`));
  const isHumanAlone = actor === origin && !settings.agentTypes.includes(typeOf(actor));
  if (caller.principal !== undefined) {
    if (actor !== caller.principal) return refuse('actor', actor);
  } else if (!isHumanAlone && !matchesAny(caller.actors, actor)) {
    return refuse('actor', actor);
  }
  if ((actor !== origin || isHumanAlone) && origin !== caller.principal && !matchesAny(caller.origins, origin)) {
    return refuse('origin', origin);
  }
  return ok(undefined);
}

/** What a caller may not assert has no effect (invariant 37). */
/** A record holds documents in canonical order: what is decided now must not hang on another one. */
const ordered = (document: Attributes): Attributes => inCanonicalOrder(document);

function assertion(caller: Caller, described: Described): Assertion | undefined {
  const { properties } = described;
  const roles = described.roles ?? properties?.roles;
  const assertsRoles =
    caller.asserts.includes('roles') && Array.isArray(roles) && roles.every((role) => typeof role === 'string');
  const assertsAttributes = caller.asserts.includes('attributes') && properties !== undefined;
  if (!assertsRoles && !assertsAttributes) return undefined;
  return {
    ...(assertsRoles ? { roles: roles as readonly string[] } : undefined),
    ...(assertsAttributes ? { attributes: ordered(properties) } : undefined),
  };
}
