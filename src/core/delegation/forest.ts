import { compileCondition } from '../cel/condition.ts';
import type { EntityId } from '../entity.ts';
import { LIMITS } from '../limits.ts';
import { type Activation, type Delegation, isSet, type Revocation } from './delegation.ts';
import type { CompiledCondition, DelegationNode, Soundness } from './node.ts';
import { NodeList } from './node-list.ts';
import { compilePatterns } from './patterns.ts';

/** Where the chains to one actor are found, without looking at anybody else's. */
interface Arrivals {
  readonly byOrigin: Map<EntityId, NodeList>;
  /** Held for any member of a template's set. */
  readonly open: NodeList;
  /** Those that are part of no path only because it would be longer than `chainDepth`. */
  readonly deep: DelegationNode[];
}

/**
 * All delegations of one state, and the indexes that the walk follows: by id, children, and for each holder by
 * origin (design, section 5). Rows may be added in any order: a child waits for its parent.
 */
export class Forest {
  private readonly nodes = new Map<string, DelegationNode>();
  private readonly waiting = new Map<string, Delegation[]>();
  private readonly arrivals = new Map<EntityId, Arrivals>();
  private readonly departures = new Map<string, Set<DelegationNode>>();
  private readonly revocations = new Map<string, Revocation>();
  private readonly withdrawals = new Map<string, Map<EntityId, Revocation>>();
  private readonly activations = new Map<string, Activation>();
  private readonly openings = new Map<string, Map<EntityId, Activation[]>>();
  private readonly conditions = new Map<string, CompiledCondition>();

  /** Adds a stored delegation, which must not be there yet. */
  add(delegation: Delegation): void {
    if (delegation.parent === undefined) {
      this.link(delegation, undefined);
      return;
    }
    const parent = this.nodes.get(delegation.parent);
    if (parent === undefined) append(this.waiting, delegation.parent, delegation);
    else this.link(delegation, parent);
  }

  /** Applies a stored revocation: for everybody it kills the subtree, for one origin only its chains. */
  revoke(revocation: Revocation): void {
    if (revocation.origin !== undefined) {
      entry(this.withdrawals, revocation.delegation).set(revocation.origin, revocation);
      return;
    }
    this.revocations.set(revocation.delegation, revocation);
    const node = this.nodes.get(revocation.delegation);
    if (node !== undefined) this.kill(node, revocation);
  }

  activate(activation: Activation): void {
    this.deactivate(activation.id);
    this.activations.set(activation.id, activation);
    append(entry(this.openings, activation.delegation), activation.origin, activation);
  }

  /** Ends an activation by hand. */
  deactivate(id: string): void {
    const activation = this.activations.get(id);
    if (activation === undefined) return;
    this.activations.delete(id);
    const open = entry(this.openings, activation.delegation);
    const left = open.get(activation.origin)?.filter((other) => other.id !== id) ?? [];
    if (left.length === 0) open.delete(activation.origin);
    else open.set(activation.origin, left);
  }

  get(id: string): DelegationNode | undefined {
    return this.nodes.get(id);
  }

  activation(id: string): Activation | undefined {
    return this.activations.get(id);
  }

  /** Every delegation that has its place in the forest, in no particular order. */
  all(): Iterable<DelegationNode> {
    return this.nodes.values();
  }

  /** Delegations whose `from` is exactly this principal or set, in no particular order. */
  from(delegator: string): Iterable<DelegationNode> {
    return this.departures.get(delegator) ?? [];
  }

  /** Delegations held by this principal, in no particular order. */
  *to(holder: EntityId): Iterable<DelegationNode> {
    const arrivals = this.arrivals.get(holder);
    if (arrivals === undefined) return;
    yield* arrivals.open.all();
    for (const list of arrivals.byOrigin.values()) yield* list.all();
  }

  /**
   * The delegations by which `actor` may hold something from `origin`: first those not revoked, fewest hops and
   * smallest id first. Membership in a template's set is not looked at here. `deep`: what would be part of longer
   * chains than there may be, for any origin.
   */
  candidates(
    origin: EntityId,
    actor: EntityId,
  ): {
    readonly fixed: NodeList | undefined;
    readonly open: NodeList | undefined;
    readonly deep: readonly DelegationNode[];
  } {
    const arrivals = this.arrivals.get(actor);
    return { fixed: arrivals?.byOrigin.get(origin), open: arrivals?.open, deep: arrivals?.deep ?? [] };
  }

  private link(delegation: Delegation, parent: DelegationNode | undefined): void {
    const chain: DelegationNode[] = parent === undefined ? [] : [...parent.chain];
    const origin = delegation.origin ?? parent?.origin ?? fixedOrigin(delegation);
    const own = this.revocations.get(delegation.id);
    const node: DelegationNode = {
      delegation,
      parent,
      chain,
      origin,
      notBefore: Math.max(delegation.not_before, parent?.notBefore ?? Number.NEGATIVE_INFINITY),
      expiresAt: Math.min(
        delegation.expires_at ?? Number.POSITIVE_INFINITY,
        parent?.expiresAt ?? Number.POSITIVE_INFINITY,
      ),
      capabilities: delegation.capabilities.map(({ actions, resources, condition }) => ({
        actions: compilePatterns(actions),
        resources: compilePatterns(resources),
        condition: this.compile(condition),
      })),
      condition: this.compile(delegation.condition),
      chainReadsPath:
        parent?.chainReadsPath === true ||
        [delegation, ...delegation.capabilities].some(({ condition }) => this.readsPath(condition)),
      onwardTo: delegation.onward_to === undefined ? undefined : compilePatterns(delegation.onward_to),
      children: [],
      soundness: soundnessOf(delegation, parent, origin),
      ownRevocation: own,
      revoked: earlier(parent?.revoked, own),
      maxSessionMs: Math.min(
        (delegation.max_session ?? Number.POSITIVE_INFINITY) * 1000,
        parent?.maxSessionMs ?? Number.POSITIVE_INFINITY,
      ),
      withdrawn: entry(this.withdrawals, delegation.id),
      activations: entry(this.openings, delegation.id),
    };
    chain.push(node);
    this.nodes.set(delegation.id, node);
    parent?.children.push(node);
    this.index(node);
    for (const child of take(this.waiting, delegation.id)) this.link(child, node);
  }

  private index(node: DelegationNode): void {
    if (node.soundness === 'unsound') return;
    const arrivals = this.arrivalsAt(node.delegation.to);
    if (node.soundness === 'too_deep') {
      arrivals.deep.push(node);
      return;
    }
    this.listOf(arrivals, node).add(node);
    const { from } = node.delegation;
    const departures = this.departures.get(from);
    if (departures === undefined) this.departures.set(from, new Set([node]));
    else departures.add(node);
  }

  private arrivalsAt(holder: EntityId): Arrivals {
    let arrivals = this.arrivals.get(holder);
    if (arrivals === undefined) {
      arrivals = { byOrigin: new Map(), open: new NodeList(), deep: [] };
      this.arrivals.set(holder, arrivals);
    }
    return arrivals;
  }

  private listOf(arrivals: Arrivals, node: DelegationNode): NodeList {
    if (node.origin === undefined) return arrivals.open;
    let list = arrivals.byOrigin.get(node.origin);
    if (list === undefined) {
      list = new NodeList();
      arrivals.byOrigin.set(node.origin, list);
    }
    return list;
  }

  private kill(node: DelegationNode, revocation: Revocation): void {
    node.ownRevocation = revocation;
    const stack = [node];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const wasAlive = next.revoked === undefined;
      next.revoked = earlier(next.revoked, revocation);
      const arrivals = this.arrivals.get(next.delegation.to);
      if (wasAlive && next.soundness === 'sound' && arrivals !== undefined) this.listOf(arrivals, next).retire(next);
      stack.push(...next.children);
    }
  }

  private readsPath(source: string | undefined): boolean {
    const compiled = this.compile(source)?.compiled;
    return compiled?.ok === true && compiled.value.reads.has('D');
  }

  private compile(source: string | undefined): CompiledCondition | undefined {
    if (source === undefined) return undefined;
    let condition = this.conditions.get(source);
    if (condition === undefined) {
      condition = { source, compiled: compileCondition(source) };
      this.conditions.set(source, condition);
    }
    return condition;
  }
}

/** The same whatever the order in which rows are applied (invariant 29). */
function earlier(a: Revocation | undefined, b: Revocation | undefined): Revocation | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.revision !== b.revision) return a.revision < b.revision ? a : b;
  return a.delegation < b.delegation ? a : b;
}

/** The one principal whose own authority a root hands on; none for a template. */
function fixedOrigin(delegation: Delegation): EntityId | undefined {
  return delegation.parent !== undefined || isSet(delegation.from) ? undefined : delegation.from;
}

/** One hop more on a chain: see `DelegationNode.soundness`. */
function soundnessOf(
  delegation: Delegation,
  parent: DelegationNode | undefined,
  origin: EntityId | undefined,
): Soundness {
  if (!isConnected(delegation, parent, origin)) return 'unsound';
  return parent !== undefined && parent.chain.length >= LIMITS.chainDepth ? 'too_deep' : 'sound';
}

/** One origin, each edge from whom the one before is to, nobody twice. */
function isConnected(
  { from, to }: Delegation,
  parent: DelegationNode | undefined,
  origin: EntityId | undefined,
): boolean {
  if (from === to || to === origin) return false;
  if (parent === undefined) return isSet(from) || from === origin;
  if (parent.soundness === 'unsound' || from !== parent.delegation.to) return false;
  if (parent.origin !== undefined && parent.origin !== origin) return false;
  return !parent.chain.some((edge) => edge.delegation.to === to || edge.delegation.to === origin);
}

/** The inner map of `key`, made if there is none: rows about a delegation may come before the delegation itself. */
function entry<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = map.get(key);
  if (inner === undefined) {
    inner = new Map();
    map.set(key, inner);
  }
  return inner;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function take<K, V>(map: Map<K, V[]>, key: K): readonly V[] {
  const list = map.get(key) ?? [];
  map.delete(key);
  return list;
}
