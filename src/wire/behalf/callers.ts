import { Type } from 'typebox';
import { ASSERTABLE, type Caller, ROLES } from '../../callers/caller.ts';
import { readCallerRow, toCallerRow } from '../../callers/caller-row.ts';
import { makeKey } from '../../callers/key.ts';
import { parseCaller } from '../../callers/parse-caller.ts';
import { addCaller, listCallers, removeCaller } from '../../engine/callers.ts';
import { failure } from '../../engine/failure.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { summary } from '../validation.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { acknowledge, REVISION } from './written.ts';

const PATTERNS = Type.Array(Type.String({ description: 'agent:mailer, agent:acme/* or * for anyone' }));

const CALLER = Type.Object(
  {
    id: Type.String(),
    roles: Type.Array(Type.Enum([...ROLES])),
    principal: Type.Optional(Type.String({ description: 'It is this principal, and names only itself as actor' })),
    actors: Type.Optional(PATTERNS),
    origins: Type.Optional(PATTERNS),
    vouches: Type.Optional(PATTERNS),
    direct: Type.Optional(Type.Boolean({ description: 'May ask for a human without an agent' })),
    asserts: Type.Optional(Type.Array(Type.Enum([...ASSERTABLE]))),
    agents: Type.Optional(
      Type.Unsafe<{ [name: string]: string }>({ type: 'object', additionalProperties: { type: 'string' } }),
    ),
    mode: Type.Optional(Type.Enum(['enforce', 'observe'])),
  },
  { additionalProperties: false },
);

/** Who may ask (design, section 3). For administrators, except the question who one is oneself. */
export function callers(routes: Routes, { ledger }: App): void {
  routes.get(
    '/v1/caller',
    {
      schema: {
        operationId: 'getOwnCaller',
        tags: ['callers'],
        summary: 'Who is asking: the caller that the key belongs to',
        response: { 200: CALLER, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { credential: _ofNow, ...caller } = callerOf(request);
      return reply.send(caller);
    },
  );

  routes.get(
    '/v1/callers',
    {
      schema: {
        operationId: 'listCallers',
        tags: ['callers'],
        summary: 'Every caller, without its key',
        response: { 200: Type.Object({ callers: Type.Array(CALLER) }), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const rows = listCallers(ledger, callerOf(request));
      if (!rows.ok) return sendFailure(reply, rows.error);
      const found: Caller[] = [];
      for (const row of rows.value) {
        const stored = readCallerRow(row);
        if (stored.ok) found.push(stored.value.caller);
        else request.log.warn(stored.error);
      }
      return reply.send({ callers: found });
    },
  );

  routes.post(
    '/v1/callers',
    {
      schema: {
        operationId: 'addCaller',
        tags: ['callers'],
        summary: 'Add a caller; its key is shown this once',
        description: 'A key cannot be shown again, so a repetition is a conflict, whatever its Idempotency-Key.',
        body: CALLER,
        response: { 201: Type.Object({ caller: CALLER, key: Type.String(), revision: REVISION }), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const parsed = parseCaller(request.body);
      if (!parsed.ok) {
        return sendFailure(
          reply,
          failure('unprocessable', `the caller cannot be made: ${summary(parsed.error)}`, parsed.error),
        );
      }
      const caller = parsed.value;
      const { key, keyHash } = makeKey(caller.id);
      const added = addCaller(ledger, toCallerRow(caller, keyHash), callerOf(request));
      if (!added.ok) return sendFailure(reply, added.error);
      acknowledge(reply, added.value.revision);
      return reply.code(201).header('cache-control', 'no-store').send({ caller, key, revision: added.value.revision });
    },
  );

  routes.delete(
    '/v1/callers/:id',
    {
      schema: {
        operationId: 'removeCaller',
        tags: ['callers'],
        summary: 'Remove a caller; its key is dead on the next call',
        params: Type.Object({ id: Type.String() }),
        response: { 200: Type.Object({ revision: REVISION }), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const removed = removeCaller(ledger, request.params.id, callerOf(request));
      if (!removed.ok) return sendFailure(reply, removed.error);
      acknowledge(reply, removed.value.revision);
      return reply.send({ revision: removed.value.revision });
    },
  );
}
