import type { StoredDecision } from '../audit/log.ts';
import type { PrincipalStep } from '../core/path/trace.ts';

/** The parts of an entity id, `type:name`. */
export function entityParts(id: string): { readonly type: string; readonly name: string } {
  const colon = id.indexOf(':');
  return { type: id.slice(0, colon), name: id.slice(colon + 1) };
}

/** The way that a decision reports: who is on it, origin first, and by which delegations. */
export interface ReportedPath {
  readonly principals: readonly string[];
  readonly delegations: readonly string[];
}

export function pathOf({ decision, request }: StoredDecision): ReportedPath {
  const steps = decision.chain?.steps ?? [];
  const principals = steps.flatMap((step) => (step.kind === 'principal' ? [step.principal] : []));
  return {
    principals: principals.length === 0 ? [...new Set([request.origin, request.actor])] : principals,
    delegations: steps.flatMap((step) => (step.kind === 'edge' ? [step.delegation] : [])),
  };
}

/** The origin as it was judged: every chain begins with it. Absent where the decision was made before any was walked. */
export function judgedOrigin({ decision }: StoredDecision): PrincipalStep | undefined {
  const [first] = decision.chain?.steps ?? [];
  return first?.kind === 'principal' ? first : undefined;
}

/** One sentence for people: who, for whom, what, and how it was decided. */
export function sentence({ request, decision }: StoredDecision): string {
  const { actor, origin, action, resource } = request;
  const who = actor === origin ? actor : `${actor} on behalf of ${origin}`;
  return `${who}: ${action} ${resource}: ${decision.allowed ? 'allowed' : `denied (${decision.reasons.join(', ')})`}`;
}

/** The parts of a `traceparent` (W3C Trace Context, section 3.2.2), which a record holds only where it is well-formed. */
export interface TraceContext {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: number;
}

export function traceContext({ trace }: StoredDecision): TraceContext | undefined {
  const [, traceId, parentId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(trace ?? '') ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  return { traceId, parentId, flags: Number.parseInt(flags, 16) };
}
