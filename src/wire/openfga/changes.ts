import { Type } from 'typebox';
import { err, ok, type Result } from '../../core/result.ts';
import { type ChangePlace, readRelationshipChanges } from '../../engine/relationships/relationship-changes.ts';
import { type RelationshipFailure, refused } from '../../engine/relationships/relationship-failure.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { rfc3339 } from '../trace.ts';
import { ERRORS, sendFailure } from './error.ts';
import { PARAMS } from './given.ts';
import { badToken, fromToken, pageSize, toToken } from './page.ts';
import { TUPLE, toTuple } from './tuple.ts';

/** OpenFGA's bound. */
const LONGEST_PAGE = 100;
const OPERATIONS = { write: 'TUPLE_OPERATION_WRITE', delete: 'TUPLE_OPERATION_DELETE' } as const;

/** `GET /stores/{store}/changes`: what was written and deleted, oldest first, from the store's log. */
export function changes(routes: Routes, { ledger }: App): void {
  routes.get(
    '/stores/:store/changes',
    {
      schema: {
        operationId: 'readRelationshipChanges',
        tags: ['openfga'],
        summary: 'Read what was written and deleted',
        params: PARAMS,
        querystring: Type.Object({
          type: Type.Optional(Type.String({ description: 'Only changes of objects of this type' })),
          page_size: Type.Optional(Type.String()),
          continuation_token: Type.Optional(Type.String()),
          start_time: Type.Optional(Type.String({ description: 'RFC 3339; only changes from then on' })),
        }),
        response: {
          200: Type.Object({
            changes: Type.Array(Type.Object({ tuple_key: TUPLE, operation: Type.String(), timestamp: Type.String() })),
            continuation_token: Type.String(),
          }),
          ...ERRORS,
        },
      },
    },
    async (request, reply) => {
      const { type = '', page_size: size, continuation_token: token, start_time: start = '' } = request.query;
      const limit = pageSize(size, LONGEST_PAGE);
      if (!limit.ok) return sendFailure(reply, limit.error);
      const after = fromChangeToken(token, type);
      if (!after.ok) return sendFailure(reply, after.error);
      const since = start === '' ? undefined : startTime(start);
      if (since === null) {
        const message = `start_time "${start.slice(0, 64)}" is not a time: write 2026-01-31T12:00:00Z`;
        return sendFailure(reply, refused('invalid_start_time', message));
      }
      const found = await readRelationshipChanges(
        ledger,
        { ...(type === '' ? undefined : { type }), ...(since === undefined ? undefined : { since }) },
        { after: after.value, limit: limit.value },
        callerOf(request),
      );
      if (!found.ok) return sendFailure(reply, found.error);
      const { changes: list, next } = found.value;
      return reply.send({
        changes: list.map(({ relationship, operation, at }) => ({
          tuple_key: toTuple(relationship),
          operation: OPERATIONS[operation],
          timestamp: rfc3339(at),
        })),
        continuation_token: toToken(`${next.revision}.${next.changes}|${type}`),
      });
    },
  );
}

function startTime(text: string): number | null {
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

/** A token is of one type's changes, as in OpenFGA. */
function fromChangeToken(token: string | undefined, type: string): Result<ChangePlace, RelationshipFailure> {
  const text = fromToken(token);
  if (!text.ok) return text;
  if (text.value === undefined) return ok({ revision: 0, changes: 0 });
  const match = /^(\d{1,15})\.(\d{1,6})\|(.*)$/s.exec(text.value);
  if (match === null) return err(badToken());
  if (match[3] !== type) {
    return err(refused('other_token', `the continuation token is one for changes of the type "${match[3]}"`));
  }
  return ok({ revision: Number(match[1]), changes: Number(match[2]) });
}
