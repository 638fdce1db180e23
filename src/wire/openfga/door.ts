import type { FastifyInstance } from 'fastify';
import type { App } from '../app.ts';
import { authenticated } from '../authentication.ts';
import { refuseOtherMethods } from '../methods.ts';
import { refusalOfFault, toRefusal } from '../refusal.ts';
import { routesOf } from '../routes.ts';
import { changes } from './changes.ts';
import { batchCheck, check } from './check.ts';
import { sendError } from './error.ts';
import { expand } from './expand.ts';
import { listObjects, listUsers, streamedListObjects } from './lists.ts';
import { models } from './models.ts';
import { read } from './read.ts';
import { stores } from './stores.ts';
import { write } from './write.ts';

/** The OpenFGA HTTP API of one store (contracts, section 2): what its SDKs send and expect. */
export async function openfgaDoor(door: FastifyInstance, app: App): Promise<void> {
  door.setErrorHandler((fault, request, reply) => {
    const refusal = refusalOfFault(fault);
    if (refusal.code === 'internal') request.log.error(fault);
    sendError(reply, refusal);
  });
  door.setSerializerCompiler(() => JSON.stringify);
  const others = refuseOtherMethods(door, sendError);
  await door.register(async (secured) => {
    authenticated(secured, app, sendError);
    secured.addHook('preHandler', (request, reply, done) => {
      const { store } = request.params as { readonly store?: string };
      if (store !== undefined && store !== app.storeId) {
        sendError(reply, toRefusal('not_found', `there is no store ${store}: its id is ${app.storeId}`));
      } else {
        done();
      }
    });
    const routes = routesOf(secured);
    stores(routes, app);
    write(routes, app);
    read(routes, app);
    changes(routes, app);
    models(routes, app);
    check(routes, app);
    batchCheck(routes, app);
    listObjects(routes, app);
    streamedListObjects(routes, app);
    listUsers(routes, app);
    expand(routes, app);
  });
  others.close();
}
