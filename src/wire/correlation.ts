import type { FastifyRequest } from 'fastify';
import type { Correlation } from '../engine/correlation.ts';

/**
 * W3C Trace Context, section 3.2.2: version, trace id, parent id and flags, in lower case; no version ff, no id of
 * zeros. A later version may have more after a further hyphen, of which nothing is known here (section 3.2.4).
 */
const TRACEPARENT = /^((?!ff)[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
const KNOWN_CHARACTERS = 55;

/** What the record of a decision is to say of the request that asked for it. */
export function correlationOf(request: Pick<FastifyRequest, 'id' | 'headers'>): Correlation {
  const trace = traceOf(request.headers.traceparent);
  return trace === undefined ? { requestId: request.id } : { requestId: request.id, trace };
}

/** A `traceparent` as far as it is understood; one that is malformed counts as none (section 3.2.2). */
function traceOf(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined;
  const [, version, more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || (version === '00' && more !== undefined)) return undefined;
  return header.slice(0, KNOWN_CHARACTERS);
}
