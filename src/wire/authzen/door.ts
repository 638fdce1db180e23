import type { FastifyInstance } from 'fastify';
import { Searches } from '../../engine/search/search.ts';
import type { App } from '../app.ts';
import { authenticated } from '../authentication.ts';
import { refuseOtherMethods } from '../methods.ts';
import { refusalOfFault } from '../refusal.ts';
import { routesOf } from '../routes.ts';
import { configuration } from './configuration.ts';
import { sendError } from './error.ts';
import { evaluation } from './evaluation.ts';
import { evaluations } from './evaluations.ts';
import { searches } from './search.ts';

/** The AuthZEN Authorization API 1.0 (contracts, section 1). */
export async function authzenDoor(door: FastifyInstance, app: App): Promise<void> {
  door.setErrorHandler((fault, request, reply) => {
    const refusal = refusalOfFault(fault);
    if (refusal.code === 'internal') request.log.error(fault);
    sendError(reply, refusal);
  });
  const others = refuseOtherMethods(door, sendError);
  configuration(routesOf(door));
  await door.register(async (secured) => {
    authenticated(secured, app, sendError);
    const routes = routesOf(secured);
    evaluation(routes, app);
    evaluations(routes, app);
    searches(routes, new Searches(app.ledger, app.log, app.rate));
  });
  others.close();
}
