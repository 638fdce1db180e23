import type { Bindings, Host } from '../cel/program.ts';
import { openMap, Unknowns } from '../cel/unknown.ts';
import { idToName, typeToKind } from '../cerbos-name.ts';
import type { Assertion, CheckRequest } from '../decision.ts';
import { type Attributes, type EntityId, idOf, typeOf } from '../entity.ts';
import { Budget, type LimitName } from '../limits.ts';
import type { PathView, PolicyPrincipal, PolicyResource } from '../policy/judgement.ts';
import type { Membership } from '../relationships/membership.ts';
import { membership } from '../relationships/membership-check.ts';
import type { EntityRecord, Snapshot } from '../snapshot.ts';
import { type Holding, holdingOf } from './holding.ts';

const NOTHING: Attributes = {};
const ORIGIN_HOLDS: Holding = { held: true };

/**
 * One question while it is being decided: the request against one snapshot at one moment, with what every hop of
 * the walk needs resolved once, and the step budget that they all share.
 */
export class Inquiry {
  readonly request: CheckRequest;
  readonly snapshot: Snapshot;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly explain: boolean;
  readonly budget = new Budget();
  readonly host: Host;
  /** Where the question leaves attributes of the resource open. */
  readonly unknowns: Unknowns | undefined;
  readonly resource: PolicyResource;
  /** The model's relation that grants the action. */
  readonly permission: string;
  /** Whether the permission excludes anybody, so that everyone on the path has to be looked up in it. */
  readonly excludes: boolean;
  /** Whether policies could forbid anybody this, so that everyone on the path has to be judged by them. */
  readonly mayForbid: boolean;
  /** `request.action` in CEL. */
  private readonly action: { readonly name: string; readonly properties: Attributes };
  private readonly cerbos: boolean;
  private reached: LimitName | undefined;
  /** By the `from` of roots: many chains come from one set, and each is asked about once. */
  private holdings: Map<string, Holding> | undefined;

  constructor(request: CheckRequest, snapshot: Snapshot, now: number, explain: boolean) {
    this.request = request;
    this.snapshot = snapshot;
    this.now = now;
    this.explain = explain;
    const directory = snapshot.entity(request.resource)?.attributes;
    const open = openNames(request.openAttributes, directory);
    this.unknowns = open === undefined ? undefined : new Unknowns();
    this.host = {
      now,
      budget: this.budget,
      unknowns: this.unknowns,
      related: (subject, relation, object) => this.related(subject, relation, object),
    };
    this.cerbos = snapshot.bundle.settings.semantics === 'cerbos';
    const kind = typeOf(request.resource);
    this.permission = `can_${request.action}`;
    this.excludes = snapshot.bundle.model?.types.get(kind)?.relations.get(this.permission)?.excludes === true;
    this.mayForbid = snapshot.bundle.policies.mayForbid(this.cerbos ? typeToKind(kind) : kind, request.action);
    this.action = { name: request.action, properties: request.actionProperties ?? NOTHING };
    this.resource = {
      entity: request.resource,
      kind: this.cerbos ? typeToKind(kind) : kind,
      id: this.cerbos ? idToName(idOf(request.resource)) : idOf(request.resource),
      // What the directory says is never overridden by a request (invariant 37).
      attr: merge(request.resourceAttributes, directory),
      scope: request.scope,
      policyVersion: request.policyVersion,
    };
    if (open !== undefined && this.unknowns !== undefined) {
      const known = without(this.resource.attr, open);
      this.resource = { ...this.resource, attr: openMap(known, open, this.unknowns), open: { names: open, known } };
    }
  }

  /** The first bound that was reached, if any: the decision then denies. */
  get limit(): LimitName | undefined {
    return this.reached ?? (this.budget.exhausted ? 'decisionSteps' : undefined);
  }

  reach(limit: LimitName): void {
    this.reached ??= limit;
  }

  /** Membership in the relationship layer, with the request's context for conditions on relationships. */
  related(subject: string, relation: string, object: EntityId): Membership {
    const { bundle, tuples } = this.snapshot;
    // Without a model nothing is known of relationships, and unknown is not no: a deny rule may ask.
    if (bundle.model === undefined)
      return { kind: 'unknown', because: { kind: 'error', message: 'there is no model' } };
    const context = this.request.context ?? NOTHING;
    const answer = membership({ subject, relation, object, context }, bundle.model, tuples, this.host);
    if (answer.kind === 'unknown' && answer.because.kind === 'limit') this.reach(answer.because.limit);
    return answer;
  }

  /** Whether a root that is `from` somebody or a set is held for the origin. */
  holding(from: string): Holding {
    const { origin } = this.request;
    if (from === origin) return ORIGIN_HOLDS;
    this.holdings ??= new Map();
    let holding = this.holdings.get(from);
    if (holding === undefined) {
      holding = holdingOf(from, origin, (relation, object) => this.related(origin, relation, object));
      this.holdings.set(from, holding);
    }
    return holding;
  }

  /** The variables of a capability's or delegation's condition, for the edge that ends at `principal`. */
  edgeBindings(principal: PolicyPrincipal, visible: PathView): Bindings {
    const { request, resource } = this;
    const { globals } = this.snapshot.bundle.settings;
    return {
      request: {
        principal,
        resource,
        action: this.action,
        context: request.context ?? NOTHING,
        auxData: request.auxData ?? NOTHING,
      },
      P: principal,
      R: resource,
      D: visible,
      V: NOTHING,
      variables: NOTHING,
      C: NOTHING,
      constants: NOTHING,
      G: globals,
      globals,
      runtime: NOTHING,
    };
  }

  /** The principal with the roles and attributes that it is judged by; `record` is what the directory holds of it. */
  principal(entity: EntityId, record: EntityRecord | undefined): PolicyPrincipal {
    const asserted = this.assertion(entity);
    const type = typeOf(entity);
    const { types, settings } = this.snapshot.bundle;
    const roles: string[] = record === undefined ? [] : [...record.roles];
    const isStrict = settings.semantics === 'strict';
    // A type's name as a role is Behalf's to give: neither the directory nor a request may (design, section 4). With
    // `cerbos` semantics types are no roles, and `user` is a role like any other.
    for (const role of asserted?.roles ?? []) {
      if (!(isStrict && types.has(role)) && !roles.includes(role)) roles.push(role);
    }
    if (isStrict) roles.push(type);
    return {
      entity,
      type,
      id: this.cerbos ? idToName(idOf(entity)) : idOf(entity),
      roles,
      attr: merge(asserted?.attributes, record?.attributes),
      scope: this.request.principalScope ?? this.request.scope,
      policyVersion: this.request.principalPolicyVersion ?? this.request.policyVersion,
    };
  }

  /** Only the two ends of the path can be described by a request, never anybody between them. */
  private assertion(entity: EntityId): Assertion | undefined {
    const { origin, actor, asserted } = this.request;
    if (asserted === undefined) return undefined;
    if (entity !== origin) return entity === actor ? asserted.actor : undefined;
    if (entity !== actor || asserted.actor === undefined) return asserted.origin;
    return {
      roles: [...(asserted.origin?.roles ?? []), ...(asserted.actor.roles ?? [])],
      attributes: { ...asserted.actor.attributes, ...asserted.origin?.attributes },
    };
  }
}

function merge(asserted: Attributes | undefined, known: Attributes | undefined): Attributes {
  if (asserted === undefined) return known ?? NOTHING;
  if (known === undefined) return asserted;
  return { ...asserted, ...known };
}

/** Those of the names that the directory does not hold, if any: what it says is known. */
function openNames(
  names: readonly string[] | undefined,
  directory: Attributes | undefined,
): ReadonlySet<string> | undefined {
  if (names === undefined) return undefined;
  const open = names.filter((name) => directory === undefined || !Object.hasOwn(directory, name));
  return open.length === 0 ? undefined : new Set(open);
}

function without(attributes: Attributes, names: ReadonlySet<string>): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.has(name)));
}
