import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { authenticate, isStored } from '../callers/authenticate.ts';
import type { Caller } from '../callers/caller.ts';
import { DEV_CALLER } from '../callers/dev-caller.ts';
import type { App } from './app.ts';
import { type Refusal, RemovedCaller, toRefusal } from './refusal.ts';

/** How a door writes a refusal in its own format. */
export type Refuse = (reply: FastifyReply, refusal: Refusal) => FastifyReply;

/** RFC 6750, section 2.1. */
const BEARER = /^Bearer +([^\s]+) *$/i;

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `authentication`; read through `callerOf`. */
    caller?: Caller;
  }
}

/**
 * Finds out who is asking before the body is read (RFC 6750). Without a header the caller of `--dev` is used, if the
 * server was started so; a wrong key is refused even then.
 */
function authentication(app: App, refuse: Refuse): onRequestHookHandler {
  const find = (id: string) => app.ledger.caller(id);
  return (request, reply, done) => {
    const { authorization } = request.headers;
    const key = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
    const caller = authorization === undefined ? (app.dev ? DEV_CALLER : undefined) : authenticate(key ?? '', find);
    if (caller === undefined) {
      const message =
        authorization === undefined
          ? 'send Authorization: Bearer <key>'
          : 'the key is not valid: send Authorization: Bearer <key> with a key that is in force';
      reply.header('www-authenticate', authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
      refuse(reply, toRefusal('unauthenticated', message));
      return;
    }
    request.caller = caller;
    done();
  };
}

/**
 * Puts the routes of a door behind `authentication`, and looks again before they act and before their answer leaves: what a
 * caller asked is not answered once its removal was acknowledged.
 */
export function authenticated(door: FastifyInstance, app: App, refuse: Refuse): void {
  const isInForce = ({ caller }: FastifyRequest): boolean =>
    caller === undefined || isStored(caller, (id) => app.ledger.caller(id));
  door.addHook('onRequest', authentication(app, refuse));
  door.addHook('preHandler', (request, _reply, done) => done(isInForce(request) ? undefined : new RemovedCaller()));
  door.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode === 401 || isInForce(request)) done(null, payload);
    else done(new RemovedCaller());
  });
}

/** Who sent a request that went through `authentication`. */
export function callerOf(request: FastifyRequest): Caller {
  const { caller } = request;
  if (caller === undefined) throw new Error('this route asks for its caller without authentication');
  return caller;
}
