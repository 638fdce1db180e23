import type { FastifyRequest } from 'fastify';
import { normalized } from './messages.ts';

/** A hook for `preValidation`: members by the names that the schema has, whichever of Cerbos's two a client sent. */
export function normalizeBody(request: FastifyRequest, _reply: unknown, done: (fault?: Error) => void): void {
  try {
    // Validated next: until then it is of no known type.
    (request as { body: unknown }).body = normalized(request.body ?? {});
    done();
  } catch (fault) {
    done(fault as Error);
  }
}
