import type { FastifyInstance } from 'fastify';
import { Reaches } from '../../engine/search/reach.ts';
import type { App } from '../app.ts';
import { authenticated } from '../authentication.ts';
import { refuseOtherMethods } from '../methods.ts';
import { refusalOfFault } from '../refusal.ts';
import { routesOf } from '../routes.ts';
import { activations } from './activations.ts';
import { audit } from './audit.ts';
import { bundleDiff } from './bundle-diff.ts';
import { bundles } from './bundles.ts';
import { callers } from './callers.ts';
import { changes } from './changes.ts';
import { decisions } from './decisions.ts';
import { delegations } from './delegations.ts';
import { entities } from './entities.ts';
import { explanations } from './explain.ts';
import { health } from './health.ts';
import { metricsRoute } from './metrics.ts';
import { sendProblem } from './problem.ts';
import { reach } from './reach.ts';
import { replay } from './replay.ts';
import { report } from './report.ts';
import { revocations } from './revocations.ts';

/** Behalf's own API: delegations, explanations, decisions, the directory and the callers. */
export async function behalfDoor(door: FastifyInstance, app: App): Promise<void> {
  door.setErrorHandler((fault, request, reply) => {
    const refusal = refusalOfFault(fault);
    if (refusal.code === 'internal') request.log.error(fault);
    sendProblem(reply, refusal);
  });
  // The schemas of answers are for readers, and for the tests, which compare them with what is sent.
  door.setSerializerCompiler(() => JSON.stringify);
  const others = refuseOtherMethods(door, sendProblem);
  health(routesOf(door), app);
  if (app.metrics?.readers === 'open') metricsRoute(routesOf(door), app, app.metrics);
  await door.register(async (secured) => {
    authenticated(secured, app, sendProblem);
    const routes = routesOf(secured);
    if (app.metrics?.readers === 'audit') metricsRoute(routes, app, app.metrics);
    delegations(routes, app);
    revocations(routes, app);
    activations(routes, app);
    explanations(routes, app);
    reach(routes, new Reaches(app.ledger));
    decisions(routes, app);
    replay(routes, app);
    report(routes, app);
    if (app.evidence !== undefined) audit(routes, app.evidence, app.log);
    entities(routes, app);
    bundles(routes, app);
    bundleDiff(routes, app);
    callers(routes, app);
    changes(routes, app);
  });
  others.close();
}
