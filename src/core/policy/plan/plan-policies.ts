import { err, ok, type Result } from '../../result.ts';
import type { Settings } from '../../settings.ts';
import type { RuleIndex } from '../rule-index.ts';
import type { Selection } from '../walk.ts';
import { CerbosPlanner } from './cerbos-planner.ts';
import { PlanConditions } from './conditions.ts';
import { Inexpressible, toFilter } from './filter.ts';
import { FALSE } from './node.ts';
import type { PlanInput, PolicyPlan } from './plan.ts';
import { StrictPlanner } from './strict-planner.ts';

/**
 * Which resources the policies allow a principal, as a filter (Cerbos, "PlanResources"). The error says what the
 * policies ask that no filter can say, or which bound was reached.
 */
export function planPolicies(
  input: PlanInput,
  selection: Selection,
  index: RuleIndex,
  settings: Settings,
): Result<PolicyPlan, string> {
  const conditions = new PlanConditions(input, settings, selection.allRoles);
  const Planner = settings.semantics === 'strict' ? StrictPlanner : CerbosPlanner;
  const { node, matchedScope } = new Planner(input, selection, index, conditions).plan();
  if (input.budget.exhausted) return err('the plan took too many steps (decisionSteps)');
  try {
    return ok({ filter: toFilter(node ?? FALSE), matched: node !== undefined, matchedScope });
  } catch (thrown) {
    if (thrown instanceof Inexpressible) return err(thrown.message);
    throw thrown;
  }
}
