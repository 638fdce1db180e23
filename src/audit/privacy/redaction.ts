import type { CheckRequest } from '../../core/decision.ts';
import type { Json } from '../../core/entity.ts';
import { REQUEST_NAMES } from '../../core/request-names.ts';
import type { DecisionEntry } from '../log.ts';
import type { RedactKey } from './redact-key.ts';
import type { Part, RedactRule } from './redact-rules.ts';
import { withoutEchoes } from './without-echoes.ts';

/** What must not be written, and the key where something is to be hashed. */
export interface RedactionOptions {
  readonly rules: readonly RedactRule[];
  readonly key: RedactKey | undefined;
}

/** A rule, as far as a value lies on its path. */
interface Active {
  readonly rule: RedactRule;
  /** Parts of its path that lead to the value. */
  readonly depth: number;
}

/** Takes out of entries, before they become records, what must not be written. */
export class Redaction {
  private readonly rules: readonly RedactRule[];
  private readonly key: RedactKey | undefined;

  /** @throws Error where a rule needs a key and there is none */
  constructor({ rules, key }: RedactionOptions) {
    if (key === undefined && rules.some(({ replacement }) => replacement === 'hmac')) {
      throw new Error('to put an HMAC in the place of a value takes a key');
    }
    this.rules = rules;
    this.key = key;
  }

  /**
   * The entry as it may be written: `redacted` names the paths whose values were there and are not any more. Then
   * everything else that could tell them is gone as well (see `withoutEchoes`). The entry itself where no rule found
   * anything.
   *
   * @throws TypeError for a value that is to be hashed and has no canonical form
   */
  apply(entry: DecisionEntry): DecisionEntry {
    if (this.rules.length === 0) return entry;
    const hits = new Set<RedactRule>();
    const request = this.requestOf(entry.request, hits);
    if (hits.size === 0) return entry;
    const redacted = [...new Set(this.rules.filter((rule) => hits.has(rule)).map(({ text }) => text))];
    return { ...entry, request, decision: withoutEchoes(entry.decision), redacted };
  }

  private requestOf(request: CheckRequest, hits: Set<RedactRule>): CheckRequest {
    const changed: { [name: string]: unknown } = {};
    for (const [name, called] of REQUEST_NAMES) {
      const active = this.rules.flatMap((rule) => (leadsTo(rule.path[0], called) ? [{ rule, depth: 1 }] : []));
      const value = request[name];
      if (active.length > 0 && value !== undefined) changed[name] = this.valueOf(value as Json, active, hits);
    }
    return { ...request, ...changed };
  }

  /** A value without what the rules on whose paths it lies take out. */
  private valueOf(value: Json, active: readonly Active[], hits: Set<RedactRule>): Json {
    if (typeof value !== 'object' || value === null) return value;
    const kept: [name: string, value: Json][] = [];
    for (const [name, member] of Object.entries(value) as [string, Json][]) {
      const further = active.flatMap(({ rule, depth }) =>
        leadsTo(rule.path[depth], name) ? [{ rule, depth: depth + 1 }] : [],
      );
      const ending = further.filter(({ rule, depth }) => depth === rule.path.length).map(({ rule }) => rule);
      if (ending.length === 0) {
        kept.push([name, further.length === 0 ? member : this.valueOf(member, further, hits)]);
        continue;
      }
      for (const rule of ending) hits.add(rule);
      // Of two rules the one that tells less counts.
      const omits = this.key === undefined || ending.some(({ replacement }) => replacement === 'omit');
      if (!omits) kept.push([name, this.key.hmac(member)]);
    }
    // A name may be `__proto__`, which assigning would not make a member.
    return Array.isArray(value) ? kept.map(([, element]) => element) : Object.fromEntries(kept);
  }
}

function leadsTo(part: Part | undefined, name: string): boolean {
  return part === 'any' || part?.name === name;
}
