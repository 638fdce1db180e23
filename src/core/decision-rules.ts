/**
 * The version of the decision rules: a whole number that goes up whenever the same request, at the same revision, bundle
 * and time, may get another answer or another path than before. Every record names the one that it was decided by, so that
 * a replay can tell a change of the rules from a change of the evidence (design, section 8).
 *
 * 1. Records that name none.
 * 2. Chains that are not held for the origin, or do not cover action and resource, do not count against the bound of
 *    chains; chains longer than `chainDepth` say `limit_exceeded`; `D.depth` is an int; calls with time zones cost more steps.
 */
export const RULES_VERSION = 2;

/** What records were decided by that name no version. */
export const FIRST_RULES = 1;
