import type { FastifyInstance } from 'fastify';
import type { App } from '../app.ts';
import { authentication } from '../authentication.ts';
import { refuseOtherMethods } from '../methods.ts';
import { refusalOfFault, toRefusal } from '../refusal.ts';
import { routesOf } from '../routes.ts';
import { check } from './check.ts';
import { sendCode, sendError } from './error.ts';
import { read } from './read.ts';
import { stores } from './stores.ts';
import { write } from './write.ts';

/** The OpenFGA HTTP API, as far as it is here (contracts, section 2): what its SDKs send and expect. */
export async function openfgaDoor(door: FastifyInstance, app: App): Promise<void> {
  door.setErrorHandler((fault, request, reply) => {
    const refusal = refusalOfFault(fault);
    if (refusal.code === 'internal') request.log.error(fault);
    sendError(reply, refusal);
  });
  door.setSerializerCompiler(() => JSON.stringify);
  const others = refuseOtherMethods(door, sendError);
  await door.register(async (secured) => {
    secured.addHook('onRequest', authentication(app, sendError));
    secured.addHook('preHandler', (request, reply, done) => {
      const { store } = request.params as { readonly store?: string };
      const model = (request.body as { readonly authorization_model_id?: unknown } | undefined)?.authorization_model_id;
      if (store !== undefined && store !== app.storeId) {
        sendError(reply, toRefusal('not_found', `there is no store ${store}: its id is ${app.storeId}`));
      } else if (model !== undefined && model !== '') {
        const message = `there is no authorization model ${model}: leave the id out for the one in force`;
        sendCode(reply, 400, 'authorization_model_not_found', message);
      } else {
        done();
      }
    });
    const routes = routesOf(secured);
    stores(routes, app);
    write(routes, app);
    read(routes, app);
    check(routes, app);
  });
  others.close();
}
