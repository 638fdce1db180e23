import type { Facts } from './facts.ts';

/** What an index knows of the values of each record, and how they follow from its facts. */
const VALUES = {
  action: (facts) => facts.action,
  actor: (facts) => facts.actor,
  bundle: (facts) => facts.bundle,
  caller: (facts) => facts.caller,
  decision: (facts) => (facts.allowed ? 'allow' : 'deny'),
  delegation: (facts) => facts.delegations,
  enforced: (facts) => (facts.enforced ? 'allow' : 'deny'),
  origin: (facts) => facts.origin,
  principal: (facts) => facts.principals,
  /** Any that applies. */
  reason: (facts) => facts.reasons,
  /** The one that is reported. */
  reported: (facts) => facts.reasons[0] ?? '',
  resource: (facts) => facts.resource,
  search: (facts) => facts.search,
  type: (facts) => facts.resource.slice(0, Math.max(0, facts.resource.indexOf(':'))),
} satisfies { readonly [field: string]: (facts: Facts) => string | readonly string[] };

export type Field = keyof typeof VALUES;

export const FIELDS = Object.keys(VALUES) as readonly Field[];

/** The values that a record has for a field: one, or any number of different ones. */
export function valuesOf(field: Field, facts: Facts): string | readonly string[] {
  return VALUES[field](facts);
}
