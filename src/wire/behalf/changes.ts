import { type Static, Type } from 'typebox';
import { CHANGE_KINDS, type Change } from '../../core/change.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { listChanges, type ToldCommit } from '../../engine/changes.ts';
import { type Failure, type FieldError, failure } from '../../engine/failure.ts';
import type { ChangeFilter } from '../../store/store.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { rfc3339 } from '../trace.ts';
import { DEFAULT_PAGE, PAGE_LIMIT } from './paging.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { parseTime, TIME } from './time.ts';

const QUERY = Type.Object(
  {
    about: Type.Optional(
      Type.String({
        description:
          'An entity, a delegation (id or name), a session, a caller, the digest of a bundle. What concerns a delegation concerns everybody on its chain',
      }),
    ),
    by: Type.Optional(Type.String({ description: 'The caller that did it' })),
    act: Type.Optional(Type.String({ description: 'delegate, revoke, publish, rollback, suspend, put_entity, …' })),
    kind: Type.Optional(
      Type.String({ description: `What was changed, one or several with commas: ${CHANGE_KINDS.join(', ')}` }),
    ),
    from: Type.Optional(Type.String({ description: 'RFC 3339: at or after it' })),
    to: Type.Optional(Type.String({ description: 'RFC 3339: before it' })),
    before: Type.Optional(Type.String({ description: 'The next of the page before' })),
    limit: Type.Optional(PAGE_LIMIT),
  },
  { additionalProperties: false },
);

const DELEGATION = Type.Object({
  id: Type.String(),
  name: Type.Optional(Type.String()),
  parent: Type.Optional(Type.String()),
  from: Type.String(),
  to: Type.String(),
  origin: Type.Optional(Type.String()),
});

const CHANGE = Type.Object({
  kind: Type.Enum([...CHANGE_KINDS]),
  key: Type.String(),
  did: Type.String({ description: 'granted, revoked, withdrawn, published, suspended, …' }),
  delegation: Type.Optional(DELEGATION),
  origin: Type.Optional(Type.String({ description: 'For whom it was withdrawn, or a session opened or closed' })),
  reason: Type.Optional(Type.String()),
  roles: Type.Optional(Type.Array(Type.String())),
  digest: Type.Optional(Type.String()),
  text: Type.String({ description: 'One line that says all of it' }),
});

const COMMIT = Type.Object({
  revision: Type.String(),
  at: TIME,
  by: Type.String({ description: 'Caller' }),
  credential: Type.Optional(
    Type.String({ description: 'What the caller proved itself with: key: and 16 digits of its hash, dev, process' }),
  ),
  act: Type.String(),
  changes: Type.Array(CHANGE),
  complete: Type.Boolean({ description: 'False where it changed more than is told here' }),
  counts: Type.Object(Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, Type.Optional(Type.Integer())])), {
    description: 'How many changes it has, by kind',
  }),
  epoch: Type.String(),
  previous: Type.String({ description: 'The sha256 of the commit before' }),
  sha256: Type.String(),
});

/** `GET /v1/changes`: who granted, revoked, published, suspended what, when, with which credential. For auditors. */
export function changes(routes: Routes, { ledger }: App): void {
  routes.get(
    '/v1/changes',
    {
      schema: {
        operationId: 'listChanges',
        tags: ['audit'],
        summary: 'The change log, newest first: who changed what, when, with which credential',
        querystring: QUERY,
        response: {
          200: Type.Object({
            changes: Type.Array(COMMIT),
            next: Type.Optional(Type.String()),
            revision: Type.String({ description: 'The latest' }),
          }),
          ...PROBLEMS,
        },
      },
    },
    (request, reply) => {
      const { before, limit = DEFAULT_PAGE } = request.query;
      const filter = toFilter(request.query);
      if (!filter.ok) return sendFailure(reply, filter.error);
      const page = { limit, ...(before === undefined ? undefined : { before }) };
      const found = listChanges(ledger, filter.value, page, callerOf(request));
      if (!found.ok) return sendFailure(reply, found.error);
      const { commits, next } = found.value;
      return reply.send({
        changes: commits.map(commitJson),
        ...(next === undefined ? undefined : { next }),
        revision: ledger.token(),
      });
    },
  );
}

function commitJson({ at, ...commit }: ToldCommit): object {
  return { ...commit, at: rfc3339(at) };
}

function toFilter({ about, by, act, kind, from, to }: Static<typeof QUERY>): Result<ChangeFilter, Failure> {
  const errors: FieldError[] = [];
  const time = (field: string, text: string | undefined): number | undefined => {
    const parsed = text === undefined ? undefined : parseTime(text);
    if (text !== undefined && parsed === undefined) {
      errors.push({ field, message: `${field}: "${text.slice(0, 64)}" is no time: write 2030-01-31T12:00:00Z` });
    }
    return parsed;
  };
  const kinds = kind?.split(',').map((name) => CHANGE_KINDS.find((known) => known === name));
  if (kinds?.includes(undefined)) {
    errors.push({ field: 'kind', message: `kind: is ${CHANGE_KINDS.join(', ')}, or several of them with commas` });
  }
  const [begin, end] = [time('from', from), time('to', to)];
  if (errors.length > 0) return err(failure('invalid', errors.map(({ message }) => message).join('; '), errors));
  return ok({
    ...(about === undefined ? undefined : { about }),
    ...(by === undefined ? undefined : { by }),
    ...(act === undefined ? undefined : { act }),
    ...(kinds === undefined ? undefined : { kinds: kinds.filter((one): one is Change['kind'] => one !== undefined) }),
    ...(begin === undefined ? undefined : { from: begin }),
    ...(end === undefined ? undefined : { to: end }),
  });
}
