import { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import { toEntity } from '../../core/entity.ts';
import { failure } from '../../engine/failure.ts';
import { listRelatedObjects, listRelatedUsers } from '../../engine/relationships/relationship-lists.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { ERRORS, sendFailure } from './error.ts';
import { GIVEN, PARAMS, toGiven } from './given.ts';
import { abortWhenGone, sayLayer } from './layer.ts';
import { TUPLE } from './tuple.ts';

const OBJECTS_BODY = Type.Object({ user: Type.String(), relation: Type.String(), type: Type.String(), ...GIVEN });

function toObjectsQuestion(body: Static<typeof OBJECTS_BODY>) {
  const { user, relation, type, contextual_tuples: more, context, authorization_model_id: modelId } = body;
  const given = toGiven({ tuples: more?.tuple_keys, context, modelId });
  return given.ok ? { ok: true as const, value: { user, relation, type, ...given.value } } : given;
}

/** `POST /stores/{store}/list-objects`: all of them, of one revision, or an error; never a part. */
export function listObjects(routes: Routes, { ledger }: App): void {
  routes.post(
    '/stores/:store/list-objects',
    {
      schema: {
        operationId: 'listRelatedObjects',
        tags: ['openfga'],
        summary: 'To which objects of a type has somebody a relation?',
        params: PARAMS,
        body: OBJECTS_BODY,
        response: { 200: Type.Object({ objects: Type.Array(Type.String()) }), ...ERRORS },
      },
    },
    async (request, reply) => {
      const question = toObjectsQuestion(request.body);
      if (!question.ok) return sendFailure(reply, question.error);
      const found = await listRelatedObjects(ledger, question.value, callerOf(request), abortWhenGone(reply));
      if (!found.ok) return sendFailure(reply, found.error);
      const { value: objects, revision } = found.value;
      return sayLayer(reply).header('behalf-revision', ledger.token(revision)).send({ objects });
    },
  );
}

/** `POST /stores/{store}/streamed-list-objects`: the same list, one JSON object a line, once it is known to be whole. */
export function streamedListObjects(routes: Routes, { ledger }: App): void {
  routes.post(
    '/stores/:store/streamed-list-objects',
    {
      schema: {
        operationId: 'streamRelatedObjects',
        tags: ['openfga'],
        summary: 'The same, one object a line',
        params: PARAMS,
        body: OBJECTS_BODY,
        response: { 200: Type.Object({ result: Type.Object({ object: Type.String() }) }), ...ERRORS },
      },
    },
    async (request, reply) => {
      const question = toObjectsQuestion(request.body);
      if (!question.ok) return sendFailure(reply, question.error);
      const found = await listRelatedObjects(ledger, question.value, callerOf(request), abortWhenGone(reply));
      if (!found.ok) return sendFailure(reply, found.error);
      const { value: objects, revision } = found.value;
      return sayLayer(reply)
        .header('behalf-revision', ledger.token(revision))
        .type('application/x-ndjson')
        .send(Readable.from(lines(objects), { objectMode: false }));
    },
  );
}

function* lines(objects: readonly string[]): Generator<string> {
  for (const object of objects) yield `${JSON.stringify({ result: { object } })}\n`;
}

const OBJECT = Type.Object({ type: Type.String(), id: Type.String() });
const FILTER = Type.Object({ type: Type.String(), relation: Type.Optional(Type.String()) });
const USER = Type.Union([
  Type.Object({ object: OBJECT }),
  Type.Object({ userset: Type.Object({ ...OBJECT.properties, relation: Type.String() }) }),
  Type.Object({ wildcard: Type.Object({ type: Type.String() }) }),
]);

/** `POST /stores/{store}/list-users`: all of them, of one revision, or an error; never a part. */
export function listUsers(routes: Routes, { ledger }: App): void {
  routes.post(
    '/stores/:store/list-users',
    {
      schema: {
        operationId: 'listRelatedUsers',
        tags: ['openfga'],
        summary: 'Who has a relation to an object?',
        params: PARAMS,
        body: Type.Object({
          ...GIVEN,
          object: OBJECT,
          relation: Type.String(),
          user_filters: Type.Array(FILTER, { minItems: 1, maxItems: 1 }),
          contextual_tuples: Type.Optional(Type.Array(TUPLE)),
        }),
        response: { 200: Type.Object({ users: Type.Array(USER) }), ...ERRORS },
      },
    },
    async (request, reply) => {
      const { object: parts, relation, user_filters: filters, contextual_tuples: tuples } = request.body;
      const { context, authorization_model_id: modelId } = request.body;
      const given = toGiven({ tuples, context, modelId });
      if (!given.ok) return sendFailure(reply, given.error);
      const object = toEntity(parts.type, parts.id);
      if (!object.ok) return sendFailure(reply, failure('invalid', `the object is not an entity: ${object.error}`));
      const [{ type, relation: userset = '' } = { type: '' }] = filters;
      const filter = userset === '' ? { type } : { type, relation: userset };
      const question = { object: object.value, relation, filter, ...given.value };
      const found = await listRelatedUsers(ledger, question, callerOf(request), abortWhenGone(reply));
      if (!found.ok) return sendFailure(reply, found.error);
      const { value, revision } = found.value;
      return sayLayer(reply)
        .header('behalf-revision', ledger.token(revision))
        .send({ users: value.map(toUser) });
    },
  );
}

/** `user:ann`, `user:*` and `group:x#member` as the API takes them apart. */
function toUser(user: string): Static<typeof USER> {
  const colon = user.indexOf(':');
  const hash = user.indexOf('#', colon);
  const type = user.slice(0, colon);
  if (hash >= 0) return { userset: { type, id: user.slice(colon + 1, hash), relation: user.slice(hash + 1) } };
  const id = user.slice(colon + 1);
  return id === '*' ? { wildcard: { type } } : { object: { type, id } };
}
