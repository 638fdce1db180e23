import type { FastifyReply } from 'fastify';

/** Says that an answer is of the relationships alone, because it is not a decision (design, section 6). */
export function sayLayer(reply: FastifyReply): FastifyReply {
  return reply.header('behalf-layer', 'relationships');
}

/** Aborts when the client is gone before it was answered. */
export function abortWhenGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) controller.abort();
  });
  return controller.signal;
}
