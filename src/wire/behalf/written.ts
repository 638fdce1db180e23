import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import type { Idempotency } from '../../engine/ledger.ts';

/** As long as anybody's UUIDs and hashes, in characters that stand in a header as they are. */
const KEY = /^[\x21-\x7e]{1,128}$/;

export const REVISION = Type.String({ description: 'Demand it with context.revision, to see this write' });

/** The headers of a write that may be repeated safely. */
export const IDEMPOTENT = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: 'The same key and body get the same answer' })),
});

/**
 * The `Idempotency-Key` of a write, bound to the method, the path and the body: the same key with anything else is
 * refused (design, section 7).
 */
export function idempotencyOf(request: FastifyRequest): Result<Idempotency | undefined, Failure> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return ok(undefined);
  if (typeof key !== 'string' || !KEY.test(key)) {
    return err(failure('invalid', 'Idempotency-Key is 1 to 128 visible ASCII characters'));
  }
  return ok({ key, body: JSON.stringify([request.method, request.url, request.body ?? null]) });
}

/** Says at which revision a write is visible, where every client finds it. */
export function acknowledge(reply: FastifyReply, revision: string): void {
  reply.header('behalf-revision', revision);
}
