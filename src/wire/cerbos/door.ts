import type { FastifyInstance } from 'fastify';
import type { App } from '../app.ts';
import { authenticated } from '../authentication.ts';
import { refuseOtherMethods } from '../methods.ts';
import { parseJsonBodies } from '../parse-body.ts';
import { refusalOfFault } from '../refusal.ts';
import { routesOf } from '../routes.ts';
import { checkResources } from './check-resources.ts';
import { sendError } from './error.ts';
import { type CerbosApp, jwtVerifier, type VerifyJwt } from './jwt.ts';
import { planResourcesRoute } from './plan-resources.ts';
import { serverInfo } from './server-info.ts';

/** Cerbos's HTTP API for applications that speak it already (contracts, section 3). */
export async function cerbosDoor(door: FastifyInstance, app: App): Promise<void> {
  door.setErrorHandler((fault, request, reply) => {
    const refusal = refusalOfFault(fault);
    if (refusal.code === 'internal') request.log.error(fault);
    sendError(reply, refusal);
  });
  // Its official client states no type, and fetch then says text/plain: to Cerbos a body is JSON whatever it is called.
  parseJsonBodies(door, 'double', ['application/json', '*']);
  // The answers are built from the decisions, and their outputs may be anything.
  door.setSerializerCompiler(() => JSON.stringify);
  const verifyJwt = await openVerifier(app);
  const own: CerbosApp = verifyJwt === undefined ? app : { ...app, verifyJwt };
  const others = refuseOtherMethods(door, sendError);
  serverInfo(routesOf(door), app);
  await door.register(async (secured) => {
    authenticated(secured, app, sendError);
    checkResources(routesOf(secured), own);
    planResourcesRoute(routesOf(secured), own);
  });
  others.close();
}

/** Keys that cannot be used are a reason not to start: a token would be refused for a mistake of ours. */
async function openVerifier({ cerbos, ledger }: App): Promise<VerifyJwt | undefined> {
  const keySets = cerbos?.keySets ?? [];
  if (keySets.length === 0) return undefined;
  const verifier = await jwtVerifier(keySets, () => ledger.now());
  if (!verifier.ok) throw new Error(verifier.error);
  return verifier.value;
}
