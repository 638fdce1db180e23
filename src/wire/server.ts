import swagger from '@fastify/swagger';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { browserFault } from '../core/browser-request.ts';
import { LIMITS } from '../core/limits.ts';
import type { App } from './app.ts';
import { authzenDoor } from './authzen/door.ts';
import { behalfDoor } from './behalf/door.ts';
import { sendProblem } from './behalf/problem.ts';
import { cerbosDoor } from './cerbos/door.ts';
import { OPENAPI } from './openapi.ts';
import { openfgaDoor } from './openfga/door.ts';
import { isDecodable, parseJsonBodies } from './parse-body.ts';
import { refusalOfFault, toRefusal } from './refusal.ts';
import { requestIdOf } from './request-id.ts';

/** Milliseconds for a whole request to arrive: a body of `bodyBytes` on a bad line, not more. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Characters of one part of a path: an id of `idBytes`, every byte percent-encoded. */
const LONGEST_PATH_PART = 3 * LIMITS.idBytes;

/**
 * The HTTP server with every door, not yet listening. Answers when the engine has: a decision only once its record is
 * durable, a write only once it is.
 */
export function buildServer(app: App): FastifyInstance {
  const server: FastifyInstance = Fastify({
    bodyLimit: LIMITS.bodyBytes,
    genReqId: requestIdOf,
    requestIdHeader: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: LONGEST_PATH_PART },
    frameworkErrors: (fault, request, reply) => {
      reply.header('x-request-id', request.id);
      sendProblem(reply, refusalOfFault(fault));
    },
    ...(app.logger === undefined ? undefined : { loggerInstance: app.logger }),
  });
  server.decorateRequest('caller');
  server.setValidatorCompiler(TypeBoxValidatorCompiler);
  parseJsonBodies(server);
  const browserRules = { open: app.dev, publicHosts: app.publicHosts ?? new Set() };
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    const { method, headers } = request;
    const fault = browserFault(
      { method, host: headers.host, origin: headers.origin, fetchSite: headers['sec-fetch-site']?.toString() },
      browserRules,
    );
    if (fault === undefined && !isDecodable(request.raw.url ?? '')) {
      sendProblem(reply, toRefusal('invalid', 'the address is not percent-encoded UTF-8 (RFC 3986, section 2.1)'));
    } else if (fault === undefined) done();
    else sendProblem(reply, toRefusal('forbidden', fault));
  });
  server.setNotFoundHandler((request, reply) => {
    sendProblem(reply, toRefusal('no_such_route', `there is no route ${request.method} ${request.url.split('?')[0]}`));
  });
  server.setErrorHandler((fault, request, reply) => {
    const refusal = refusalOfFault(fault);
    if (refusal.code === 'internal') request.log.error(fault);
    sendProblem(reply, refusal);
  });

  server.register(swagger, { openapi: OPENAPI, hideUntagged: true });
  server.register(async (door) => authzenDoor(door, app));
  server.register(async (door) => behalfDoor(door, app));
  server.register(async (door) => openfgaDoor(door, app));
  server.register(async (door) => cerbosDoor(door, app));
  server.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => reply.send(server.swagger()));
  return server;
}
