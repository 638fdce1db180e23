import type { Attributes } from '../../entity.ts';
import type { PolicyInput, PolicyPrincipal, ValidationError } from '../judgement.ts';
import type { PlanFilter } from './filter.ts';

/** What a plan is asked for: one principal, one action, and every resource of a kind (Cerbos, "PlanResources"). */
export interface PlanInput
  extends Pick<PolicyInput, 'action' | 'siblingActions' | 'auxData' | 'now' | 'related' | 'budget'> {
  readonly principal: PolicyPrincipal;
  readonly resource: {
    readonly kind: string;
    /** The attributes that all of the resources have, as far as they are known. */
    readonly attr: Attributes;
    readonly scope?: string | undefined;
    readonly policyVersion?: string | undefined;
  };
}

/** Which resources the policies allow. */
export interface PolicyPlan {
  readonly filter: PlanFilter;
  /** Some policy had something to say. */
  readonly matched: boolean;
  /** The scope whose rules count; empty for the root or for none. */
  readonly matchedScope: string;
  /** Where the settings enforce schemas and some known attribute fails. */
  readonly validationErrors?: readonly ValidationError[];
}
