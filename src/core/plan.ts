import type { CheckRequest } from './decision.ts';
import { typeOf } from './entity.ts';
import { Inquiry } from './path/inquiry.ts';
import type { PolicyPlan } from './policy/plan/plan.ts';
import { err, ok, type Result } from './result.ts';
import type { Snapshot } from './snapshot.ts';

/** Nobody, and nothing that any policy said. */
const NOTHING: PolicyPlan = { filter: { kind: 'always_denied' }, matched: false, matchedScope: '' };

/**
 * Which resources of a type a principal may act on by its own authority, as a filter over their attributes. The request
 * names any resource of the type; what it says of its attributes holds of all resources that are asked about.
 *
 * In `strict` a resource that the filter selects is one that a check allows, where the filter is evaluated in
 * three-valued logic (an attribute that is missing is null, and what is not true does not select). The error says why
 * there is no such filter: relationships have none, and an action that they decide, or exclude somebody from, cannot be
 * planned. A plan that left that out would promise what a check denies.
 *
 * Pure, as `decide` is.
 *
 * @param now milliseconds since 1970
 */
export function plan(request: CheckRequest, snapshot: Snapshot, now: number): Result<PolicyPlan, string> {
  const inquiry = new Inquiry(request, snapshot, now, false);
  const { bundle } = snapshot;
  const kind = typeOf(request.resource);
  const isKnown = bundle.settings.semantics === 'cerbos' || bundle.types.has(kind);
  const record = snapshot.entity(request.origin);
  if (!isKnown || !bundle.types.has(typeOf(request.origin))) return ok(NOTHING);
  if (record?.deleted === true || record?.suspended === true) return ok(NOTHING);

  const { permission } = inquiry;
  const isRelation = bundle.model?.types.get(kind)?.relations.has(permission) === true;
  if (isRelation && !bundle.policies.allowsSomewhere(inquiry.resource.kind, request.action)) {
    return err(
      `relationships decide about ${request.action} on ${kind} (${permission} in the model), and they have no filter: ask for the resources with a search`,
    );
  }
  if (inquiry.excludes) {
    return err(
      `the model excludes some from ${request.action} on ${kind} (${permission}), which no filter can say: ask for the resources with a search`,
    );
  }
  const { attr, scope, policyVersion } = inquiry.resource;
  return bundle.policies.plan({
    principal: inquiry.principal(request.origin, snapshot.entity(request.origin)),
    resource: { kind: inquiry.resource.kind, attr, scope, policyVersion },
    action: request.action,
    ...(request.siblingActions === undefined ? undefined : { siblingActions: request.siblingActions }),
    auxData: request.auxData,
    now,
    related: inquiry.host.related,
    budget: inquiry.budget,
  });
}
