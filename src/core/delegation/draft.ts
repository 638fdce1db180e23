import { compileCondition } from '../cel/condition.ts';
import { parseEntity, shorten } from '../entity.ts';
import { LIMITS } from '../limits.ts';
import { formatProblem } from '../problem.ts';
import type { ActivationMode, Capability, Proof } from './delegation.ts';
import { actionPatternFault, entityPatternFault, typeOfPattern } from './patterns.ts';

/** What somebody asks for when delegating. With a parent, `from` and the origins follow from it. */
export interface DelegationDraft {
  readonly name?: string;
  readonly parent?: string;
  readonly from?: string;
  readonly to: string;
  readonly origin?: string;
  readonly capabilities: readonly Capability[];
  readonly condition?: string;
  readonly proof?: Proof;
  readonly activation?: ActivationMode;
  /** Milliseconds since 1970. */
  readonly not_before?: number;
  /** Milliseconds since 1970. */
  readonly expires_at?: number;
  /** Seconds. */
  readonly max_session?: number;
  readonly max_depth?: number;
  readonly onward_to?: readonly string[];
}

/** Something wrong with one field of a draft, by itself. */
export interface DraftFault {
  /** `capabilities/0/resources/1` and the like. */
  readonly field: string;
  readonly message: string;
}

/** Names are for people and files: short, and never mistaken for an id or a pattern. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._/-]{0,127}$/u;

/**
 * Everything that is wrong with a draft whatever its parent: forms, patterns, unknown types, conditions that do not
 * compile, bounds that contradict one another or `now` (ms).
 *
 * @param knowsType whether the bundle in force declares the type
 */
export function draftFaults(
  draft: DelegationDraft,
  knowsType: (type: string) => boolean,
  now: number,
): readonly DraftFault[] {
  const faults: DraftFault[] = [];
  const report = (field: string, message: string | undefined): void => {
    if (message !== undefined) faults.push({ field, message });
  };
  const principal = (field: string, text: string | undefined): void => {
    if (text !== undefined) report(field, principalFault(text, knowsType));
  };

  if (draft.name !== undefined && !NAME.test(draft.name)) {
    report('name', `"${shorten(draft.name)}" is not a name: up to 128 letters, digits, spaces and . _ / -`);
  }
  if (draft.from === undefined && draft.parent === undefined) {
    report('from', 'a delegation without a parent needs the delegator, like user:alice or group:finance#member');
  }
  if (draft.from !== undefined) report('from', delegatorFault(draft.from, knowsType));
  principal('to', draft.to);
  principal('origin', draft.origin);
  if (draft.from !== undefined && draft.from === draft.to) report('to', 'a principal cannot delegate to itself');

  if (draft.capabilities.length === 0) report('capabilities', 'a delegation without capabilities hands on nothing');
  if (draft.capabilities.length > LIMITS.capabilitiesPerDelegation) {
    report('capabilities', `more than ${LIMITS.capabilitiesPerDelegation} capabilities: make several delegations`);
  }
  draft.capabilities.forEach((capability, index) => {
    const at = `capabilities/${index}`;
    patternList(`${at}/actions`, capability.actions, actionPatternFault, report);
    patternList(`${at}/resources`, capability.resources, (pattern) => resourceFault(pattern, knowsType), report);
    report(`${at}/condition`, conditionFault(capability.condition));
  });
  report('condition', conditionFault(draft.condition));
  if (draft.onward_to !== undefined) {
    patternList('onward_to', draft.onward_to, (pattern) => resourceFault(pattern, knowsType), report, true);
  }
  boundFaults(draft, now, report);
  return faults;
}

function boundFaults(draft: DelegationDraft, now: number, report: (field: string, message: string) => void): void {
  const { not_before, expires_at, max_session, max_depth } = draft;
  if (expires_at !== undefined && expires_at <= now) {
    report('expires_at', `${time(expires_at)} is in the past (now is ${time(now)})`);
  }
  if (not_before !== undefined && expires_at !== undefined && not_before >= expires_at) {
    report('not_before', `the window is empty: it begins at ${time(not_before)} and ends at ${time(expires_at)}`);
  }
  if (max_session !== undefined) {
    if (draft.activation === 'standing') report('max_session', 'only a session delegation has sessions');
    if (!Number.isInteger(max_session) || max_session < 1 || max_session > LIMITS.sessionSeconds) {
      report('max_session', `must be whole seconds from 1 to ${LIMITS.sessionSeconds}`);
    }
  }
  if (max_depth !== undefined && (!Number.isInteger(max_depth) || max_depth < 0 || max_depth >= LIMITS.chainDepth)) {
    report('max_depth', `must be a whole number of further hops from 0 to ${LIMITS.chainDepth - 1}`);
  }
}

/** Milliseconds since 1970 as RFC 3339, for messages. */
export function time(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : 'never';
}

function principalFault(text: string, knowsType: (type: string) => boolean): string | undefined {
  const parsed = parseEntity(text);
  if (!parsed.ok) return parsed.error;
  return unknownType(typeOfPattern(text), knowsType);
}

function delegatorFault(text: string, knowsType: (type: string) => boolean): string | undefined {
  const hash = text.indexOf('#');
  if (hash >= 0) {
    const relation = text.slice(hash + 1);
    if (!/^[^\s:#@*]+$/.test(relation)) return `"${shorten(text)}" is not a set: write type:id#relation`;
    return principalFault(text.slice(0, hash), knowsType);
  }
  if (text.endsWith(':*')) return resourceFault(text, knowsType);
  return principalFault(text, knowsType);
}

function resourceFault(pattern: string, knowsType: (type: string) => boolean): string | undefined {
  return entityPatternFault(pattern) ?? unknownType(typeOfPattern(pattern), knowsType);
}

function unknownType(type: string, knowsType: (type: string) => boolean): string | undefined {
  return knowsType(type) ? undefined : `the type "${shorten(type)}" is in neither the model nor a policy`;
}

function conditionFault(source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  const compiled = compileCondition(source);
  return compiled.ok ? undefined : `the condition does not compile: ${formatProblem(compiled.error)}`;
}

function patternList(
  field: string,
  patterns: readonly string[],
  fault: (pattern: string) => string | undefined,
  report: (field: string, message: string | undefined) => void,
  mayBeEmpty = false,
): void {
  if (patterns.length === 0 && !mayBeEmpty) report(field, 'is empty: name at least one');
  if (patterns.length > LIMITS.patternsPerCapability) report(field, `has more than ${LIMITS.patternsPerCapability}`);
  patterns.forEach((pattern, index) => {
    report(`${field}/${index}`, fault(pattern));
  });
}
