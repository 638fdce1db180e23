import type { Caller } from '../../callers/caller.ts';
import { decide } from '../../core/decide.ts';
import type { CheckRequest, Decision } from '../../core/decision.ts';
import type { Proof } from '../../core/delegation/delegation.ts';
import { isAlive } from '../../core/delegation/node.ts';
import { mergeInOrder } from '../../core/delegation/node-list.ts';
import { type EntityId, typeOf } from '../../core/entity.ts';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { type Failure, failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { Turns } from '../turns.ts';
import { knownActions, knownEntities, principalTypes } from './candidates.ts';
import { digestOf, Pages } from './pages.ts';
import { type Quest, type Start, scan } from './scan.ts';
import type { PageRequest } from './search.ts';

/** What an actor reaches for an origin, or who reaches a resource. */
export type ReachQuestion = (
  | {
      readonly kind: 'from';
      readonly actor: EntityId;
      readonly origin: EntityId;
      /** Only resources of this type; absent: of every type. */
      readonly type?: string;
      /** Only this action; absent: every known one. */
      readonly action?: string;
    }
  | { readonly kind: 'to'; readonly resource: EntityId; readonly action: string }
) & {
  /** Attributes of resources that are left open, such as `args`: what some of their values would allow is reached, too. */
  readonly openAttributes?: readonly string[];
};

/** Something that is allowed, or may be, and everything that carries it. */
export interface Reached {
  readonly origin: EntityId;
  readonly actor: EntityId;
  readonly action: string;
  readonly resource: EntityId;
  /** In the order in which a check tries them; the first one is the one that it reports. */
  readonly chains: readonly ReachedBy[];
}

export interface ReachedBy {
  /** Principals, the origin first. */
  readonly path: readonly EntityId[];
  /** The delegations between them; none where the origin acts itself. */
  readonly delegations: readonly { readonly id: string; readonly name?: string }[];
  /** Only some values of the open attributes are carried, or none: it is not known without them. */
  readonly depends?: true;
}

/** The state that is asked about; neither: the latest one, now. */
export interface ReachTime {
  /** Milliseconds since 1970: as things were then, at the last revision made up to it. */
  readonly at?: number;
  /** A revision's token: as things were when it was made. */
  readonly revision?: string;
}

export interface ReachPage {
  /** Milliseconds since 1970: the time that all pages are decided at. */
  readonly at: number;
  readonly reached: readonly Reached[];
  /** For the next page; absent where this was the last one. */
  readonly next?: string;
  readonly revision: string;
}

/** Stands between the parts of a candidate: sorts before everything that names are made of. */
const BETWEEN = '\n';

/**
 * Who reaches what, through which delegations: the same decisions as a check's, taken without arguments and context,
 * so what a condition makes depend on those is not reached, unless they are left open. For whoever may see all paths; like an explanation it
 * answers nobody's request, and is not recorded.
 */
export class Reaches {
  private readonly ledger: Ledger;
  private readonly pages: Pages;
  private readonly turns = new Turns();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
    this.pages = new Pages(ledger);
  }

  /**
   * @param proof how well the origin is taken to be known
   * @param when "who could reach it then?": the state of the past, under the bundle of then
   */
  async reach(
    question: ReachQuestion,
    proof: Proof,
    page: PageRequest,
    caller: Caller,
    when: ReachTime = {},
  ): Promise<Result<ReachPage, Failure>> {
    const permitted = requireRole(caller, 'audit', 'administer');
    if (!permitted.ok) return permitted;
    const asked = digestOf({ question, proof, when });
    const start = page.token === undefined ? this.begin(when) : this.pages.resume(page.token, caller, asked);
    if (!start.ok) return start;
    const quest: Quest<Reached> = {
      candidates: (snapshot, at) => candidatesOf(question, snapshot, at),
      judge: (candidate, snapshot, at) => judge({ ...requestOf(question, candidate), proof }, snapshot, at),
    };
    const scanned = await scan(this.ledger, this.turns, quest, start.value, page.limit);
    if (!scanned.ok) return scanned;
    const { found, last, isWhole, revision, at } = scanned.value;
    return ok({
      at,
      reached: found,
      ...(isWhole ? undefined : { next: this.pages.tokenAfter(last, scanned.value, caller, asked) }),
      revision: this.ledger.token(revision),
    });
  }

  /** Where the first page begins; undefined for the latest state. */
  private begin({ at, revision: token }: ReachTime): Result<Start | undefined, Failure> {
    const { ledger } = this;
    const { store } = ledger;
    const begun = ledger.now();
    if (at !== undefined && token !== undefined) {
      return refuse('at', 'ask for a time or for a revision, not for both');
    }
    if (at !== undefined) {
      if (at > begun) return refuse('at', `${new Date(at).toISOString()} has not come yet: nobody knows who will`);
      return ok({ revision: store.revisionAt(at), at, begun, after: '' });
    }
    if (token === undefined) return ok(undefined);
    const parsed = ledger.parseToken(token);
    if (!parsed.ok || parsed.value > ledger.revision) {
      return refuse(
        'revision',
        `"${token.slice(0, 64)}" is no revision of this store: send one that an answer carried`,
      );
    }
    const revision = parsed.value;
    const made = revision === ledger.revision ? begun : (store.logged(revision, 0)?.at ?? 0);
    return ok({ revision, at: made, begun, after: '' });
  }
}

function refuse(field: string, message: string) {
  return err(failure('invalid', message, [{ field, message }]));
}

function candidatesOf(question: ReachQuestion, snapshot: Snapshot, at: number): readonly string[] {
  const candidates =
    question.kind === 'from' ? resourcesAndActions(question, snapshot) : originsAndActors(snapshot, at);
  return [...candidates].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** More than there may be are not looked at either: the scan refuses them. */
function* resourcesAndActions(
  { type, action }: Extract<ReachQuestion, { kind: 'from' }>,
  snapshot: Snapshot,
): Iterable<string> {
  let count = 0;
  for (const kind of type === undefined ? snapshot.bundle.types : [type]) {
    const actions = action === undefined ? knownActions(snapshot, kind) : [action];
    for (const resource of knownEntities(snapshot, kind)) {
      for (const name of actions) {
        if (count > LIMITS.searchCandidates) return;
        count += 1;
        yield resource + BETWEEN + name;
      }
    }
  }
}

/** Everybody on its own, and every pair that a live chain may lead between. Whether it does is for `decide` to say. */
function originsAndActors(snapshot: Snapshot, at: number): ReadonlySet<string> {
  const principals = new Map(principalTypes(snapshot).map((type) => [type, knownEntities(snapshot, type)] as const));
  const pairs = new Set<string>();
  const add = (origin: EntityId, actor: EntityId): boolean => {
    pairs.add(origin + BETWEEN + actor);
    return pairs.size <= LIMITS.searchCandidates;
  };
  for (const alike of principals.values()) {
    for (const principal of alike) if (!add(principal, principal)) return pairs;
  }
  for (const node of snapshot.delegations.all()) {
    const { to } = node.delegation;
    if (node.revoked !== undefined || at < node.notBefore || at >= node.expiresAt || node.soundness !== 'sound')
      continue;
    if (node.origin !== undefined) {
      if (!add(node.origin, to)) return pairs;
      continue;
    }
    const set = node.chain[0]?.delegation.from ?? '';
    const only = set.endsWith(':*') ? typeOf(set) : undefined;
    for (const [type, alike] of principals) {
      if (only !== undefined && only !== type) continue;
      for (const origin of alike) if (!add(origin, to)) return pairs;
    }
  }
  return pairs;
}

function requestOf(question: ReachQuestion, candidate: string): Omit<CheckRequest, 'proof'> {
  const [first = '', second = ''] = candidate.split(BETWEEN);
  const { openAttributes } = question;
  const open = openAttributes === undefined ? undefined : { openAttributes };
  return question.kind === 'from'
    ? { actor: question.actor, origin: question.origin, resource: first, action: second, ...open }
    : { origin: first, actor: second, resource: question.resource, action: question.action, ...open };
}

function judge(request: CheckRequest, snapshot: Snapshot, at: number): Reached | undefined {
  const decision = decide(request, snapshot, at);
  const carried = reachedBy(decision);
  if (carried === undefined) return undefined;
  const { origin, actor, action, resource } = request;
  return { origin, actor, action, resource, chains: [carried, ...others(request, carried, snapshot, at)] };
}

/** The other chains that carry it: each is asked for by itself. */
function others(request: CheckRequest, first: ReachedBy, snapshot: Snapshot, at: number): readonly ReachedBy[] {
  const { origin, actor } = request;
  if (origin === actor) return [];
  const reported = first.delegations.at(-1)?.id;
  const { fixed, open } = snapshot.delegations.candidates(origin, actor);
  const leaves = mergeInOrder(fixed?.aliveAt(at) ?? [], open?.aliveAt(at) ?? []).filter(
    (node) => node.delegation.id !== reported && isAlive(node, origin, at),
  );
  return leaves.slice(0, LIMITS.chainsPerCheck).flatMap((leaf) => {
    return reachedBy(decide({ ...request, delegation: leaf.delegation.id }, snapshot, at)) ?? [];
  });
}

/** What carries it, for whatever values or for some; undefined where it is denied. */
function reachedBy({ allowed, reason, chain }: Decision): ReachedBy | undefined {
  if (!allowed && reason !== 'depends') return undefined;
  const path: EntityId[] = [];
  const delegations: { id: string; name?: string }[] = [];
  for (const step of chain?.steps ?? []) {
    if (step.kind === 'principal') path.push(step.principal);
    else delegations.push({ id: step.delegation, ...(step.name === undefined ? undefined : { name: step.name }) });
  }
  return { path, delegations, ...(allowed ? undefined : { depends: true }) };
}
