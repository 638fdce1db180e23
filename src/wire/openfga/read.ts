import { Type } from 'typebox';
import { failure } from '../../engine/failure.ts';
import { readRelationships } from '../../engine/relationships/read-relationships.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { rfc3339 } from '../trace.ts';
import { ERRORS, sendFailure } from './error.ts';
import { CONSISTENCY, PARAMS } from './given.ts';
import { abortWhenGone } from './layer.ts';
import { fromToken, pageSize, toToken } from './page.ts';
import { TUPLE, toTuple } from './tuple.ts';

/** OpenFGA's bound. */
const LONGEST_PAGE = 100;

/** `POST /stores/{store}/read`: stored relationships that match, page by page. */
export function read(routes: Routes, { ledger }: App): void {
  routes.post(
    '/stores/:store/read',
    {
      schema: {
        operationId: 'readRelationships',
        tags: ['openfga'],
        summary: 'Read stored relationships',
        params: PARAMS,
        body: Type.Object({
          tuple_key: Type.Optional(
            Type.Object({
              user: Type.Optional(Type.String()),
              relation: Type.Optional(Type.String()),
              object: Type.Optional(Type.String({ description: 'document:q3, or document: for every document' })),
            }),
          ),
          page_size: Type.Optional(Type.Integer()),
          continuation_token: Type.Optional(Type.String()),
          consistency: CONSISTENCY,
        }),
        response: {
          200: Type.Object({
            tuples: Type.Array(Type.Object({ key: TUPLE, timestamp: Type.String() })),
            continuation_token: Type.String(),
          }),
          ...ERRORS,
        },
      },
    },
    async (request, reply) => {
      const { tuple_key: filter = {}, page_size: size, continuation_token: token } = request.body;
      const { user, relation, object } = filter;
      const named = [user, relation, object].some((part) => part !== undefined && part !== '');
      if (named && (object === undefined || !object.includes(':'))) {
        return sendFailure(reply, failure('invalid', 'a filter names an object: document:q3, or document: and a user'));
      }
      if (object?.endsWith(':') === true && (user === undefined || user === '')) {
        return sendFailure(reply, failure('invalid', `the filter ${object} also needs a user`));
      }
      const limit = pageSize(size, LONGEST_PAGE);
      if (!limit.ok) return sendFailure(reply, limit.error);
      const after = fromToken(token);
      if (!after.ok) return sendFailure(reply, after.error);
      const found = await readRelationships(
        ledger,
        { ...part('user', user), ...part('relation', relation), ...part('object', object) },
        { limit: limit.value, ...part('after', after.value) },
        callerOf(request),
        abortWhenGone(reply),
      );
      if (!found.ok) return sendFailure(reply, found.error);
      const { found: tuples, next } = found.value;
      return reply.send({
        tuples: tuples.map(({ relationship, at }) => ({ key: toTuple(relationship), timestamp: rfc3339(at) })),
        continuation_token: next === undefined ? '' : toToken(next),
      });
    },
  );
}

/** OpenFGA's clients send an empty text for what they do not ask for. */
function part<K extends string>(name: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [name]: value } as { readonly [P in K]: string });
}
