import { type Canonical, canonicalJson } from '../../core/canonical-json.ts';
import type { CheckRequest } from '../../core/decision.ts';
import { RULES_VERSION } from '../../core/decision-rules.ts';
import type { ChainTrace, EdgeStep, PrincipalStep, Step } from '../../core/path/trace.ts';
import { REQUEST_NAMES } from '../../core/request-names.ts';
import type { DecisionEntry } from '../log.ts';
import type { StepDictionary } from './step-dictionary.ts';

/** The format of records and segments: one that another version of behalf wrote is refused. */
export const FORMAT = 2;

/** What every record of a node says of where it was made. */
export interface Origin {
  readonly environment?: string;
  readonly commit?: string;
}

/**
 * The member `entry` of a record: RFC 8785, times and numbers as in `DecisionEntry`, what is empty or as usual left out
 * (`enforced` as decided; `reasons` where there is but one; a chain's `allowed` as decided, of others false).
 *
 * Steps of paths stand in full once in a segment. After that, also within a record, a step is the text
 * `"<sequence>.<n>"`: the n-th step (from 0) that stands in full in that record, counted through `chain`, then
 * `others`. Each segment stands alone.
 *
 * @param sequence of the record
 * @throws TypeError for an entry that has no canonical form; the dictionary is unchanged then.
 */
export function encodeEntry(
  entry: DecisionEntry,
  origin: Origin,
  sequence: number,
  dictionary: StepDictionary,
): string {
  const { allowed, reason, reasons, chain, others, limit, revision, bundle } = entry.decision;
  // Everything that can fail comes before the first step is given a place.
  const first = `{"at":${canonicalJson(entry.at)}${member('bundle', bundle)}${member('caller', entry.caller)}`;
  const second =
    member('commit', origin.commit) +
    member('credential', entry.credential) +
    `,"decision":${allowed}` +
    (entry.enforced === allowed ? '' : `,"enforced":${entry.enforced}`) +
    member('environment', origin.environment) +
    `,"format":${FORMAT},"kind":"decision"` +
    member('latency_us', entry.latencyUs) +
    member('limit', limit);
  const third =
    member('reason', reason) +
    (reasons.length === 1 ? '' : member('reasons', reasons)) +
    member('redacted', entry.redacted) +
    `,"request":${requestText(entry.request)}` +
    member('request_id', entry.requestId) +
    member('revision', entry.epoch === undefined ? revision : `${entry.epoch}.${revision}`) +
    `,"rules":${RULES_VERSION}` +
    member('search', entry.search) +
    member('supersedes', entry.supersedes) +
    member('trace', entry.trace);
  const own = chain === undefined ? undefined : keyed(chain);
  const tried = others.map(keyed);

  const places = new Places(sequence, dictionary);
  const chainMember = own === undefined ? '' : `,"chain":${chainText(own, allowed, places)}`;
  const othersMember =
    tried.length === 0 ? '' : `,"others":[${tried.map((one) => chainText(one, false, places)).join(',')}]`;
  return `${first}${chainMember}${second}${othersMember}${third}}`;
}

/** A chain with what its steps are known by: nothing can fail any more. */
interface KeyedChain {
  readonly chain: ChainTrace;
  readonly reasons: string;
  /** As the core built them, which costs a fraction of canonical JSON: that is made where a step is new. */
  readonly keys: readonly string[];
}

function keyed(chain: ChainTrace): KeyedChain {
  const reasons = chain.reasons.length === 0 ? '' : member('reasons', chain.reasons);
  return { chain, reasons, keys: chain.steps.map((step) => JSON.stringify(step)) };
}

function chainText({ chain, reasons, keys }: KeyedChain, usual: boolean, places: Places): string {
  const members =
    (chain.allowed === usual ? '' : `,"allowed":${chain.allowed}`) +
    (chain.delegation === undefined ? '' : member('delegation', chain.delegation)) +
    reasons;
  return `{${`${members},"steps":[${chain.steps.map((step, index) => places.write(step, keys[index] ?? '')).join(',')}]`.slice(1)}}`;
}

/** Gives the steps of one record their places. */
class Places {
  private readonly sequence: number;
  private readonly dictionary: StepDictionary;
  private full = 0;

  constructor(sequence: number, dictionary: StepDictionary) {
    this.sequence = sequence;
    this.dictionary = dictionary;
  }

  /** A reference to where the step stands, or the step itself, which then stands here. */
  write(step: Step, key: string): string {
    const known = this.dictionary.find(key);
    if (known !== undefined) return known;
    const text = stepText(step);
    this.dictionary.add(key, `"${this.sequence}.${this.full}"`);
    this.full += 1;
    return text;
  }
}

function stepText(step: Step): string {
  const ordered = step.kind === 'edge' ? edgeMembers(step) : principalMembers(step);
  try {
    return canonicalJson(ordered as unknown as Canonical);
  } catch {
    // What people read of a failure may have been cut in the middle of a character; inputs never are (they are refused).
    return canonicalJson(wellFormed(ordered));
  }
}

function edgeMembers(step: EdgeStep): object {
  return {
    activation: step.activation,
    capability: step.capability,
    conditions: filled(step.conditions),
    delegation: step.delegation,
    expires_at: step.expires_at,
    from: step.from,
    held: step.held,
    kind: step.kind,
    name: step.name,
    not_before: step.not_before,
    reasons: filled(step.reasons),
    to: step.to,
  } satisfies { readonly [name in keyof Required<EdgeStep>]: unknown };
}

function principalMembers(step: PrincipalStep): object {
  return {
    entitlement: step.entitlement,
    errors: filled(step.errors),
    excluded: step.excluded,
    kind: step.kind,
    policy: step.policy,
    principal: step.principal,
    prohibitions: filled(step.prohibitions),
    reasons: filled(step.reasons),
    roles: step.roles,
    rules: filled(step.rules),
  } satisfies { readonly [name in keyof Required<PrincipalStep>]: unknown };
}

function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function wellFormed(value: object): Canonical {
  const text = JSON.stringify(value);
  return JSON.parse(text, (_, part: unknown) => (typeof part === 'string' ? part.toWellFormed() : part)) as Canonical;
}

function requestText(request: CheckRequest): string {
  let members = '';
  for (const [name, called] of REQUEST_NAMES) {
    const value = request[name];
    if (value !== undefined) members += member(called, value);
  }
  return `{${members.slice(1)}}`;
}

/** A member after another one, where there is a value. `value` is JSON, or of types that are nothing else. */
function member(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${canonicalJson(value as Canonical)}`;
}
