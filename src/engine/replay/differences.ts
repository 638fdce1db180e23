import type { Decision } from '../../core/decision.ts';
import type { Json } from '../../core/entity.ts';

/** Where two decisions part. */
export interface Difference {
  /** `allowed`, `reasons[1]`, `chain.steps[2].capability`, … */
  readonly at: string;
  /** Absent: there is nothing. */
  readonly recorded?: Json;
  readonly replayed?: Json;
}

/** Behind so many a path is another one altogether, and more of them tell nothing new. */
const MOST = 20;

/** In the order in which they are told: what was answered first, then what led to it. */
const ANSWER = ['allowed', 'reason', 'reasons', 'limit', 'bundle', 'revision'] as const;

/**
 * Everything in which two decisions differ, the answer's first; none where they are the same. They are compared as JSON
 * has them: a member that is undefined is absent, half a surrogate pair is the replacement character.
 *
 * @param options.acrossTime leaves the revision out: for two decisions of which one was taken later
 */
export function differences(
  recorded: Decision,
  replayed: Decision,
  options: { readonly acrossTime?: boolean } = {},
): readonly Difference[] {
  const found: Difference[] = [];
  for (const name of ANSWER) {
    if (options.acrossTime === true && name === 'revision') continue;
    compare(recorded[name], replayed[name], name, found);
  }
  compare(recorded.chain, replayed.chain, 'chain', found);
  compare(recorded.others, replayed.others, 'others', found);
  return found;
}

function compare(recorded: unknown, replayed: unknown, at: string, found: Difference[]): void {
  if (found.length >= MOST || Object.is(recorded, replayed)) return;
  if (Array.isArray(recorded) && Array.isArray(replayed)) {
    const length = Math.max(recorded.length, replayed.length);
    for (let index = 0; index < length; index += 1) compare(recorded[index], replayed[index], `${at}[${index}]`, found);
    return;
  }
  if (isObject(recorded) && isObject(replayed)) {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
      compare(recorded[name], replayed[name], `${at}.${name}`, found);
    }
    return;
  }
  const [left, right] = [toJson(recorded), toJson(replayed)];
  // -0 is 0 in JSON, and a text may have been made well-formed when it was written.
  if (left === right) return;
  found.push({
    at,
    ...(left === undefined ? undefined : { recorded: left }),
    ...(right === undefined ? undefined : { replayed: right }),
  });
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toJson(value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  return JSON.parse(JSON.stringify(value), (_name, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed() : part,
  );
}

/** One line for a person: `reason: recorded "allowed", replayed "revoked"`. */
export function differenceText({ at, recorded, replayed }: Difference): string {
  const told = (value: Json | undefined): string => {
    const text = value === undefined ? 'nothing' : JSON.stringify(value);
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  };
  return `${at}: recorded ${told(recorded)}, replayed ${told(replayed)}`;
}
