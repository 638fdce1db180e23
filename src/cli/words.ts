import type { Capability } from '../client/client.ts';
import { formatDuration } from '../core/duration.ts';

/** The words in which the command speaks of delegations. */

/** `read, comment on document:*`, with its condition. */
export function capabilityWords({ actions, resources, condition }: Capability): string {
  const what = `${actions.join(', ')} on ${resources.join(', ')}`;
  return condition === undefined ? what : `${what} when ${condition}`;
}

/** A moment without its milliseconds, `2026-11-24T22:13:00Z`. */
export function momentWords(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

/** A moment and how far away it is, `2026-11-24T22:13:00Z (in 8h)`. */
export function awayWords(time: string, now: number): string {
  const seconds = (Date.parse(time) - now) / 1000;
  const away = formatDuration(Math.abs(Math.round(seconds)));
  return `${momentWords(time)} (${seconds >= 0 ? `in ${away}` : `${away} ago`})`;
}

/** What a delegation asks for besides its capabilities, in a few words each. */
export function boundWords(delegation: {
  readonly condition?: string;
  readonly proof: string;
  readonly activation: string;
  readonly max_session?: number;
  readonly max_depth: number;
}): readonly string[] {
  const { condition, proof, activation, max_session: session, max_depth: depth } = delegation;
  return [
    ...(condition === undefined ? [] : [`when ${condition}`]),
    ...(activation === 'session'
      ? [`in a session${session === undefined ? '' : ` of at most ${formatDuration(session)}`}`]
      : []),
    ...(proof === 'vouched' ? [] : [`proof ${proof}`]),
    ...(depth === 0 ? [] : [`${depth} further ${depth === 1 ? 'hop' : 'hops'}`]),
  ];
}
