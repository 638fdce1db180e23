import type { Facts } from '../index/facts.ts';
import { type Field, valuesOf } from '../index/fields.ts';
import type { DecisionFilter } from '../log.ts';

/** A record must have this value for the field, or one that begins with the prefix and is longer. */
export type Condition =
  | { readonly field: Field; readonly value: string }
  | { readonly field: Field; readonly prefix: string };

/** What a filter asks, all of it: conditions, those that few records fulfil first, and a time. */
export interface Conditions {
  readonly fields: readonly Condition[];
  /** Milliseconds since 1970: at or after it, and before it. */
  readonly from: number;
  readonly to: number;
}

/** The members of a filter that are a field's value as it stands, roughly those of few records first. */
const VALUES = ['delegation', 'actor', 'principal', 'origin', 'action', 'caller', 'reason', 'bundle', 'type'] as const;

export function conditionsOf(filter: DecisionFilter): Conditions {
  const fields: Condition[] = [];
  const { resource, allowed, enforced, search } = filter;
  if (resource?.endsWith('*')) fields.push({ field: 'resource', prefix: resource.slice(0, -1) });
  else if (resource !== undefined) fields.push({ field: 'resource', value: resource });
  for (const field of VALUES) {
    const value = filter[field];
    if (value !== undefined) fields.push({ field, value });
  }
  if (search !== undefined) fields.push({ field: 'search', value: search });
  if (allowed !== undefined) fields.push({ field: 'decision', value: allowed ? 'allow' : 'deny' });
  if (enforced !== undefined) fields.push({ field: 'enforced', value: enforced ? 'allow' : 'deny' });
  return { fields, from: filter.from ?? Number.NEGATIVE_INFINITY, to: filter.to ?? Number.POSITIVE_INFINITY };
}

/** Whether a record is what a filter asks for. */
export function matches(facts: Facts, { fields, from, to }: Conditions): boolean {
  return facts.at >= from && facts.at < to && fields.every((condition) => fulfils(facts, condition));
}

function fulfils(facts: Facts, condition: Condition): boolean {
  const values = valuesOf(condition.field, facts);
  const fits = (value: string): boolean =>
    'prefix' in condition
      ? value.length > condition.prefix.length && value.startsWith(condition.prefix)
      : value === condition.value;
  return typeof values === 'string' ? fits(values) : values.some(fits);
}

/**
 * What the line of every record that fulfils the conditions contains. In canonical JSON a member with a value has one
 * form only; looking for it in the bytes spares parsing most of the records of a segment that has no index. Steps of
 * paths may stand in a record before, so principals and delegations are not looked for.
 */
export function needlesOf({ fields }: Conditions): readonly Buffer[] {
  return fields.flatMap((condition) => {
    const needle = 'prefix' in condition ? prefixNeedle(condition) : valueNeedle(condition);
    return needle === undefined ? [] : [Buffer.from(needle)];
  });
}

function prefixNeedle({ field, prefix }: { readonly field: Field; readonly prefix: string }): string {
  return `"${field}":${JSON.stringify(prefix).slice(0, -1)}`;
}

function valueNeedle({ field, value }: { readonly field: Field; readonly value: string }): string | undefined {
  switch (field) {
    case 'action':
    case 'actor':
    case 'bundle':
    case 'caller':
    case 'origin':
    case 'resource':
      return `"${field}":${JSON.stringify(value)}`;
    case 'reason':
      return JSON.stringify(value);
    case 'type':
      return `"resource":${JSON.stringify(`${value}:`).slice(0, -1)}`;
    case 'decision':
      return `"decision":${value === 'allow'}`;
    case 'search':
      return value === 'none' ? undefined : `"search":${JSON.stringify(value)}`;
    // Left out where it is as decided, or in a step that the record may only refer to.
    case 'enforced':
    case 'delegation':
    case 'principal':
    case 'reported':
      return undefined;
  }
}
