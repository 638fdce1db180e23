import type { FastifyRequest } from 'fastify';
import { parseTraceparent } from '../core/traceparent.ts';
import type { Correlation } from '../engine/correlation.ts';

/** What the record of a decision is to say of the request that asked for it. */
export function correlationOf(request: Pick<FastifyRequest, 'id' | 'headers'>): Correlation {
  const trace = parseTraceparent(request.headers.traceparent);
  return trace === undefined ? { requestId: request.id } : { requestId: request.id, trace };
}
