import type { FastifyInstance } from 'fastify';
import type { Refuse } from './authentication.ts';
import { toRefusal } from './refusal.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * Makes every route of a door answer 405 with `Allow` to the methods that it does not have (RFC 9110, section
 * 15.5.6). To be called before the routes are declared; `close` then adds the rest.
 */
export function refuseOtherMethods(app: FastifyInstance, refuse: Refuse): { readonly close: () => void } {
  const methodsOf = new Map<string, Set<string>>();
  let open = true;
  app.addHook('onRoute', ({ url, method }) => {
    if (!open) return;
    const methods = methodsOf.get(url) ?? new Set();
    methodsOf.set(url, methods);
    for (const name of [method].flat()) methods.add(name);
  });
  return {
    close: () => {
      open = false;
      for (const [url, methods] of methodsOf) {
        const allow = [...methods].sort().join(', ');
        app.route({
          method: METHODS.filter((method) => !methods.has(method)),
          url,
          schema: { hide: true },
          exposeHeadRoute: false,
          // Before the body is looked at: its form does not matter any more.
          onRequest: (request, reply) => {
            reply.header('allow', allow);
            refuse(reply, toRefusal('method_not_allowed', `${request.method} is not possible here: use ${allow}`));
          },
          handler: (_request, reply) => reply,
        });
      }
    },
  };
}
