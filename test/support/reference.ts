import type { Assertion, CheckRequest, ReasonCode } from '../../src/core/decision.ts';
import type { Activation, Capability, Delegation, Proof, Revocation } from '../../src/core/delegation/delegation.ts';
import type { Attributes, EntityId } from '../../src/core/entity.ts';
import type { Relationship } from '../../src/core/relationships/membership.ts';
import type { EntityRecord } from '../../src/core/snapshot.ts';
import { type Answer, evaluate, type PathSeen, type Scene } from './conditions.ts';
import { excluded, type ModelSpec, member } from './model-spec.ts';
import type { PolicySpec } from './policy-spec.ts';
import { allows, allowsSomewhere, forbids, policyKinds } from './reference-policy.ts';

/** All that a decision reads, as plain lists. */
export interface World {
  readonly model?: ModelSpec;
  readonly policies: PolicySpec;
  readonly tuples: readonly Relationship[];
  readonly entities: readonly EntityRecord[];
  readonly delegations: readonly Delegation[];
  readonly revocations: readonly Revocation[];
  readonly activations: readonly Activation[];
}

export interface Verdict {
  readonly allowed: boolean;
  /** The last delegation of the chain that carried, or whose failure counts. */
  readonly delegation?: string;
  readonly reasons: readonly ReasonCode[];
}

type Chain = readonly Delegation[];

/**
 * The decision again, written from the design alone, with lists and recursion only: what it lacks in speed it
 * gains in being obviously what sections 1 to 4 say.
 */
export function reference(world: World, request: CheckRequest, now: number): Verdict {
  const unknown = [request.actor, request.origin, request.resource].some((entity) => !isKnown(world, type(entity)));
  if (unknown) return { allowed: false, reasons: ['unknown_type'] };
  const judge = new Judge(world, request, now);
  if (request.actor === request.origin) {
    const reasons = [...judge.claim([]), ...judge.entitlement([]), ...judge.prohibitions([])];
    return { allowed: reasons.length === 0, reasons };
  }
  const chains = chainsOf(world, request).toSorted(byLengthThenId);
  const live = chains.filter((chain) => judge.deaths(chain).length === 0);
  const verdicts = live.map((chain) => ({ chain, reasons: judge.chain(chain) }));
  const carrying = verdicts.find(({ reasons }) => reasons.length === 0);
  if (carrying !== undefined) return { allowed: true, delegation: leafOf(carrying.chain), reasons: [] };
  // Of the chains that failed, one that is held and about the question says more than one that never was.
  const covering = verdicts.filter(({ reasons }) => !reasons.includes('not_covered'));
  const inQuestion = covering.find(({ reasons }) => !reasons.includes('not_in_set')) ?? covering[0];
  const failed = inQuestion?.chain ?? live[0] ?? chains[0];
  if (failed === undefined) return { allowed: false, reasons: ['no_chain'] };
  return { allowed: false, delegation: leafOf(failed), reasons: judge.chain(failed) };
}

/** Every chain of the forest that leads from this origin to this actor, whether or not it carries anything. */
export function chainsOf(world: World, request: CheckRequest): readonly Chain[] {
  return world.delegations
    .filter((leaf) => leaf.to === request.actor)
    .filter((leaf) => request.delegation === undefined || leaf.id === request.delegation)
    .map((leaf) => upwards(world, leaf, []))
    .filter((chain): chain is Chain => chain !== undefined && chain.length > 0)
    .filter((chain) => isAbout(chain, request.origin));
}

/** Root first; undefined where a parent is missing or leads back. */
function upwards(world: World, edge: Delegation, below: Chain): Chain | undefined {
  if (below.some((other) => other.id === edge.id)) return undefined;
  const chain = [edge, ...below];
  if (edge.parent === undefined) return chain;
  const parent = world.delegations.find((other) => other.id === edge.parent);
  return parent === undefined ? undefined : upwards(world, parent, chain);
}

/** Could be for this origin: named by it, or a set that it may be in. Each hand-over is by whom it was given to. */
function isAbout(chain: Chain, origin: EntityId): boolean {
  const root = chain[0];
  const from = root?.from ?? '';
  const named = from === origin || from.includes('#') || from.endsWith(':*');
  const handed = chain.every((edge, at) => at === 0 || edge.from === chain[at - 1]?.to);
  const path = pathOf(origin, chain);
  return (
    named && handed && new Set(path).size === path.length && chain.every((e) => [undefined, origin].includes(e.origin))
  );
}

class Judge {
  private readonly world: World;
  private readonly request: CheckRequest;
  private readonly now: number;

  constructor(world: World, request: CheckRequest, now: number) {
    this.world = world;
    this.request = request;
    this.now = now;
  }

  chain(chain: Chain): readonly ReasonCode[] {
    const edges = chain.flatMap((_, at) => this.edge(chain, at));
    return [...this.claim(chain), ...this.entitlement(chain), ...this.prohibitions(chain), ...edges];
  }

  claim(chain: Chain): readonly ReasonCode[] {
    const claimed = this.request.claimedChain;
    const path = pathOf(this.request.origin, chain);
    const same = claimed?.length === path.length && claimed.every((principal, at) => principal === path[at]);
    return claimed === undefined || same ? [] : ['claim_mismatch'];
  }

  entitlement(chain: Chain): readonly ReasonCode[] {
    return this.entitledByPolicy(chain) || this.entitledByRelationship(chain) ? [] : ['not_entitled'];
  }

  private entitledByPolicy(chain: Chain): boolean {
    return allows(this.world.policies, this.question(this.request.origin, [], chain));
  }

  /** Policies that allow the action to anybody are its authority, whether or not they allow it here. */
  private entitledByRelationship(chain: Chain): boolean {
    const { origin, action, resource } = this.request;
    if (this.entitledByPolicy(chain) || allowsSomewhere(this.world.policies, type(resource), action)) return false;
    return this.related(origin, `can_${action}`, resource) === 'yes';
  }

  /** Of everyone on the path, whatever else allows. */
  prohibitions(chain: Chain): readonly ReasonCode[] {
    const { world, request } = this;
    return pathOf(request.origin, chain).flatMap((principal, at) => {
      const record = world.entities.find(({ entity }) => entity === principal);
      // An origin that has the permission by relationships was held against its exclusions there.
      const settled = at === 0 && this.entitledByRelationship(chain);
      const out =
        world.model === undefined || settled
          ? 'no'
          : excluded(world.model, world.tuples, principal, `can_${request.action}`, request.resource);
      const reasons: ReasonCode[] = [];
      if (record?.suspended) reasons.push('suspended');
      if (record?.deleted) reasons.push('deleted');
      if (out !== 'no' || forbids(world.policies, this.question(principal, chain.slice(0, at), chain)))
        reasons.push('forbidden');
      if (out === 'unknown') reasons.push('condition_error');
      return reasons;
    });
  }

  /** Why a chain is not live. */
  deaths(chain: Chain): readonly ReasonCode[] {
    return chain.flatMap((edge) => this.death(edge));
  }

  private death(edge: Delegation): readonly ReasonCode[] {
    const ends = this.world.revocations.filter((revocation) => revocation.delegation === edge.id);
    const reasons: ReasonCode[] = [];
    if (ends.some((end) => end.origin === undefined)) reasons.push('revoked');
    if (ends.some((end) => end.origin === this.request.origin)) reasons.push('withdrawn');
    if (this.now < edge.not_before) reasons.push('not_yet_valid');
    if (edge.expires_at !== undefined && this.now >= edge.expires_at) reasons.push('expired');
    return reasons;
  }

  private edge(chain: Chain, at: number): readonly ReasonCode[] {
    const edge = chain[at];
    if (edge === undefined) throw new Error('no such edge');
    const reasons = [...this.death(edge)];
    if (at === 0 && !this.isHeld(edge)) reasons.push('not_in_set');
    if (RANK[this.request.proof] < RANK[edge.proof]) reasons.push('origin_unproven');
    if (edge.activation === 'session' && !this.isOpen(chain, at)) reasons.push('session_required');
    if (edge.max_depth < chain.length - 1 - at) reasons.push('depth_exceeded');
    const strays = chain.slice(at + 1).some((next) => !(edge.onward_to ?? [next.to]).some((p) => covers(p, next.to)));
    if (strays) reasons.push('depth_exceeded');
    reasons.push(...this.carries(edge, this.scene(edge.to, chain.slice(0, at + 1))));
    return reasons;
  }

  private carries(edge: Delegation, scene: Scene): readonly ReasonCode[] {
    const own = edge.condition === undefined ? 'true' : evaluate(edge.condition, scene);
    const covering = edge.capabilities.filter((capability) => this.isCovered(capability));
    const values = covering.map(({ condition }) => (condition === undefined ? 'true' : evaluate(condition, scene)));
    const reasons: ReasonCode[] = [];
    if (own !== 'true') reasons.push(own === 'false' ? 'condition_false' : 'condition_error');
    if (covering.length === 0) reasons.push('not_covered');
    else if (!values.includes('true')) reasons.push(values.includes('error') ? 'condition_error' : 'condition_false');
    return reasons;
  }

  private isCovered(capability: Capability): boolean {
    const { action, resource } = this.request;
    return capability.actions.some((p) => covers(p, action)) && capability.resources.some((p) => covers(p, resource));
  }

  private isHeld(root: Delegation): boolean {
    const { origin } = this.request;
    const [object, relation] = root.from.split('#');
    if (object === undefined || relation === undefined)
      return root.from === origin || root.from === `${type(origin)}:*`;
    return this.related(origin, relation, object) === 'yes';
  }

  private isOpen(chain: Chain, at: number): boolean {
    const limits = chain.slice(0, at + 1).map((edge) => edge.max_session ?? Number.POSITIVE_INFINITY);
    return this.world.activations.some(
      (session) =>
        session.delegation === chain[at]?.id &&
        session.origin === this.request.origin &&
        session.created_at <= this.now &&
        this.now < Math.min(session.expires_at, session.created_at + 1000 * Math.min(...limits)),
    );
  }

  private question(principal: EntityId, upToHere: Chain, whole: Chain) {
    return {
      principal,
      roles: this.roles(principal),
      kind: type(this.request.resource),
      action: this.request.action,
      scope: this.request.scope ?? '',
      visible: this.scene(principal, upToHere),
      whole: this.scene(principal, whole),
    };
  }

  private scene(principal: EntityId, chain: Chain): Scene {
    const path: PathSeen = {
      origin: this.request.origin,
      actor: chain.at(-1)?.to ?? this.request.origin,
      path: pathOf(this.request.origin, chain),
    };
    const attr = { ...this.asserted(principal)?.attributes, ...this.record(principal)?.attributes };
    return {
      principal: { entity: principal, roles: this.roles(principal), attr },
      resource: { ...this.request.resourceAttributes, ...this.record(this.request.resource)?.attributes } as Attributes,
      context: this.request.context ?? {},
      path,
      now: this.now,
      variables: {},
      related: (subject, relation, object) => this.related(subject, relation, object),
    };
  }

  private related(subject: string, relation: string, object: string): Answer {
    if (this.world.model === undefined) return relation.startsWith('can_') ? 'no' : 'unknown';
    return member(this.world.model, this.world.tuples, subject, relation, object);
  }

  private record(entity: EntityId): EntityRecord | undefined {
    return this.world.entities.find((record) => record.entity === entity);
  }

  private roles(principal: EntityId): readonly string[] {
    const directory = this.record(principal)?.roles ?? [];
    return [...new Set([...directory, type(principal), ...(this.asserted(principal)?.roles ?? [])])];
  }

  private asserted(principal: EntityId): Assertion | undefined {
    const { origin, actor, asserted } = this.request;
    if (principal === origin) return asserted?.origin ?? (origin === actor ? asserted?.actor : undefined);
    return principal === actor ? asserted?.actor : undefined;
  }
}

const RANK: { readonly [proof in Proof]: number } = { asserted: 0, vouched: 1, verified: 2 };

/** Origin first, actor last. */
export function pathOf(origin: EntityId, chain: Chain): readonly EntityId[] {
  return [origin, ...chain.map((edge) => edge.to)];
}

/** `*`, an exact name, or a prefix ending on a separator before the star. */
export function covers(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function isKnown(world: World, name: string): boolean {
  const types = world.model === undefined ? ['user', 'agent'] : Object.keys(world.model);
  return types.includes(name) || policyKinds(world.policies).includes(name);
}

function byLengthThenId(a: Chain, b: Chain): number {
  return a.length - b.length || (leafOf(a) < leafOf(b) ? -1 : 1);
}

function leafOf(chain: Chain): string {
  return chain.at(-1)?.id ?? '';
}

function type(entity: string): string {
  return entity.slice(0, entity.indexOf(':'));
}
