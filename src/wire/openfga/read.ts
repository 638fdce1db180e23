import { Type } from 'typebox';
import { failure } from '../../engine/failure.ts';
import { readRelationships } from '../../engine/relationships.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { ERRORS, sendCode, sendFailure } from './error.ts';
import { TUPLE } from './tuple.ts';

const DEFAULT_PAGE = 50;
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
        params: Type.Object({ store: Type.String() }),
        body: Type.Object({
          tuple_key: Type.Optional(
            Type.Object({
              user: Type.Optional(Type.String()),
              relation: Type.Optional(Type.String()),
              object: Type.Optional(Type.String({ description: 'document:q3, or document: for every document' })),
            }),
          ),
          page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: LONGEST_PAGE })),
          continuation_token: Type.Optional(Type.String()),
        }),
        response: {
          200: Type.Object({
            tuples: Type.Array(Type.Object({ key: TUPLE })),
            continuation_token: Type.String(),
          }),
          ...ERRORS,
        },
      },
    },
    (request, reply) => {
      const { tuple_key: filter = {}, page_size: limit = DEFAULT_PAGE, continuation_token: token = '' } = request.body;
      const { user, relation, object } = filter;
      const named = [user, relation, object].some((part) => part !== undefined && part !== '');
      if (named && (object === undefined || object === '')) {
        return sendFailure(reply, failure('invalid', 'a filter names an object: document:q3, or document: and a user'));
      }
      if (object?.endsWith(':') === true && (user === undefined || user === '')) {
        return sendFailure(reply, failure('invalid', `the filter ${object} also needs a user`));
      }
      const after = Buffer.from(token, 'base64url').toString();
      if (token !== '' && Buffer.from(after).toString('base64url') !== token) {
        return sendCode(reply, 400, 'invalid_continuation_token', 'the continuation token is none of this store');
      }
      const found = readRelationships(
        ledger,
        { ...part('user', user), ...part('relation', relation), ...part('object', object) },
        { limit, ...part('after', after) },
        callerOf(request),
      );
      if (!found.ok) return sendFailure(reply, found.error);
      const { relationships, next } = found.value;
      return reply.send({
        tuples: relationships.map((key) => ({ key })),
        continuation_token: next === undefined ? '' : Buffer.from(next).toString('base64url'),
      });
    },
  );
}

/** OpenFGA's clients send an empty text for what they do not ask for. */
function part<K extends string>(name: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [name]: value } as { readonly [P in K]: string });
}
