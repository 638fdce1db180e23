import { LIMITS } from '../limits.ts';
import { err, ok, type Result } from '../result.ts';
import { type Capability, type Delegation, isSet, PROOFS, type Proof } from './delegation.ts';
import { type DelegationDraft, time } from './draft.ts';
import type { DelegationNode } from './node.ts';
import { containsPattern, matchesPattern } from './patterns.ts';

/** One thing that a child asks for beyond what its parent has (invariant 2). */
export interface Excess {
  readonly field: string;
  readonly asked: string;
  readonly allowed: string;
}

/** What a delegation will be, before it has an id and is stored. */
export type DerivedDelegation = Omit<Delegation, 'id' | 'created_at' | 'created_by' | 'basis' | 'revision'>;

/** Seconds that a session lasts at most where nobody said: one hour. */
const DEFAULT_SESSION_SECONDS = 3600;

/**
 * Completes a draft without parent: the delegator's own authority, with the narrowest defaults. Valid from `now`
 * (ms), proof `vouched`, standing, not to be handed on.
 */
export function deriveRoot(
  draft: DelegationDraft & { readonly from: string },
  now: number,
): Result<DerivedDelegation, readonly Excess[]> {
  const ownOrigin = isSet(draft.from) ? undefined : draft.from;
  if (draft.origin !== undefined && ownOrigin !== undefined && draft.origin !== ownOrigin) {
    return err([{ field: 'origin', asked: draft.origin, allowed: `${ownOrigin}, whose own authority it is` }]);
  }
  const activation = draft.activation ?? 'standing';
  return ok(
    compact({
      ...shared(draft),
      from: draft.from,
      proof: draft.proof ?? 'vouched',
      activation,
      not_before: draft.not_before ?? now,
      expires_at: draft.expires_at,
      max_session: activation === 'session' ? (draft.max_session ?? DEFAULT_SESSION_SECONDS) : undefined,
      max_depth: draft.max_depth ?? 0,
      onward_to: draft.onward_to,
    }),
  );
}

/**
 * Completes a draft below `parent`: what it does not say is the parent's, and what it says must lie within
 * (design, section 2, "Attenuation"). Wider anywhere: refused, with all that exceeds.
 */
export function deriveChild(
  draft: DelegationDraft,
  parent: DelegationNode,
): Result<DerivedDelegation, readonly Excess[]> {
  const above = parent.delegation;
  const excess: Excess[] = [];
  const within = (holds: boolean, field: string, asked: string, allowed: string): void => {
    if (!holds) excess.push({ field, asked, allowed });
  };

  within(
    draft.from === undefined || draft.from === above.to,
    'from',
    `${draft.from}`,
    `${above.to}, who holds the parent`,
  );
  within(
    draft.origin === undefined || parent.origin === undefined || draft.origin === parent.origin,
    'origin',
    `${draft.origin}`,
    `${parent.origin}, the parent's`,
  );
  const people = [above.from, ...parent.chain.map((edge) => edge.delegation.to), parent.origin];
  const chainStart = parent.chain[0]?.delegation.from;
  within(
    draft.to !== chainStart && !people.includes(draft.to),
    'to',
    draft.to,
    'a principal that is not on the chain yet',
  );
  within(
    draft.origin === undefined || !parent.chain.some((edge) => edge.delegation.to === draft.origin),
    'origin',
    `${draft.origin}`,
    'a principal that does not act further down its own chain',
  );

  within(above.max_depth > 0, 'parent', 'a further hop', 'none: the parent has max_depth 0');
  const depth = draft.max_depth ?? Math.max(above.max_depth - 1, 0);
  within(
    above.max_depth === 0 || depth < above.max_depth,
    'max_depth',
    `${depth}`,
    `less than the parent's ${above.max_depth}`,
  );
  within(
    parent.chain.length < LIMITS.chainDepth,
    'parent',
    `hop ${parent.chain.length + 1}`,
    `${LIMITS.chainDepth} hops`,
  );
  within(
    above.onward_to === undefined || above.onward_to.some((pattern) => matchesPattern(pattern, draft.to)),
    'to',
    draft.to,
    `onward_to of the parent: ${list(above.onward_to ?? [])}`,
  );
  draft.onward_to?.forEach((pattern, index) => {
    within(
      above.onward_to === undefined || above.onward_to.some((outer) => containsPattern(outer, pattern)),
      `onward_to/${index}`,
      pattern,
      list(above.onward_to ?? []),
    );
  });

  const proof = draft.proof ?? above.proof;
  within(strength(proof) >= strength(above.proof), 'proof', proof, `${above.proof} or stronger`);
  const notBefore = draft.not_before ?? parent.notBefore;
  within(notBefore >= parent.notBefore, 'not_before', time(notBefore), `${time(parent.notBefore)} or later`);
  const expiresAt = draft.expires_at ?? finite(parent.expiresAt);
  within(
    (expiresAt ?? Number.POSITIVE_INFINITY) <= parent.expiresAt,
    'expires_at',
    time(expiresAt ?? Number.POSITIVE_INFINITY),
    `${time(parent.expiresAt)} or earlier`,
  );

  const activation = draft.activation ?? 'standing';
  const maxSession =
    activation === 'session' ? (draft.max_session ?? sessionBound(parent) ?? DEFAULT_SESSION_SECONDS) : undefined;
  within(
    (maxSession ?? 0) <= (sessionBound(parent) ?? Number.POSITIVE_INFINITY),
    'max_session',
    `${maxSession} s`,
    `${sessionBound(parent)} s`,
  );

  draft.capabilities.forEach((capability, index) => {
    excess.push(...capabilityExcess(capability, above.capabilities, index));
  });

  if (excess.length > 0) return err(excess);
  return ok(
    compact({
      ...shared(draft),
      parent: above.id,
      from: above.to,
      proof,
      activation,
      not_before: notBefore,
      expires_at: expiresAt,
      max_session: maxSession,
      max_depth: depth,
      onward_to: draft.onward_to ?? above.onward_to,
    }),
  );
}

/** Each child capability is contained in one capability of the parent; conditions need no containment. */
function capabilityExcess(child: Capability, parents: readonly Capability[], index: number): readonly Excess[] {
  let closest: readonly Excess[] | undefined;
  for (const parent of parents) {
    const excess = [
      ...outside(child.actions, parent.actions, `capabilities/${index}/actions`),
      ...outside(child.resources, parent.resources, `capabilities/${index}/resources`),
    ];
    if (excess.length === 0) return [];
    if (closest === undefined || excess.length < closest.length) closest = excess;
  }
  return closest ?? [];
}

function outside(inner: readonly string[], outer: readonly string[], field: string): readonly Excess[] {
  return inner
    .filter((pattern) => !outer.some((one) => containsPattern(one, pattern)))
    .map((pattern) => ({ field, asked: pattern, allowed: list(outer) }));
}

/** `asserted` 0, `vouched` 1, `verified` 2. */
export function strength(proof: Proof): number {
  return PROOFS.indexOf(proof);
}

function sessionBound(parent: DelegationNode): number | undefined {
  const bounds = parent.chain.map((edge) => edge.delegation.max_session).filter((bound) => bound !== undefined);
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}

function shared(draft: DelegationDraft) {
  return {
    name: draft.name,
    to: draft.to,
    origin: draft.origin,
    capabilities: draft.capabilities.map((capability) => compact(capability)),
    condition: draft.condition,
    version: 1 as const,
  };
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined;
}

function list(patterns: readonly string[]): string {
  return patterns.length === 0 ? 'nobody' : patterns.join(', ');
}

type Compacted<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the keys whose value is undefined, so that what is stored says only what was meant. */
function compact<T extends object>(value: T): Compacted<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Compacted<T>;
}
