import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { formatProblem } from '../../core/problem.ts';
import { err, type Result } from '../../core/result.ts';
import { fileListProblems, getBundle, listBundles, rollback } from '../../engine/bundles/bundles.ts';
import { type Published, publish, type SourceFile } from '../../engine/bundles/publish.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { rfc3339 } from '../trace.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { TIME } from './time.ts';
import { acknowledge, REVISION } from './written.ts';

/** Bytes of a body that carries a whole bundle: more than policies for thousands of types take. */
export const BUNDLE_BODY_BYTES = 16 * 1024 * 1024;

export const FILES = Type.Array(
  Type.Object(
    {
      path: Type.String({ description: 'model/company.fga, policies/tools.yaml, policies/behalf.yaml' }),
      text: Type.String(),
    },
    { additionalProperties: false },
  ),
);
const ORPHANS = Type.Optional(
  Type.Enum(['refuse', 'allow'], {
    description: 'What to do where stored relationships would no longer count; default refuse',
  }),
);
const NAMED = Type.Object({
  digest: Type.String({ description: 'sha256:…, of which 8 digits suffice where they name one; or current' }),
});
const PUBLISHED = Type.Object({
  digest: Type.String(),
  revision: REVISION,
  changed: Type.Boolean({ description: 'False if this very bundle was in force already' }),
});

/** Bundles (design, section 7): what decisions were taken by, published whole and at once. */
export function bundles(routes: Routes, { ledger }: App): void {
  const described = (operationId: string, summary: string) => ({ operationId, tags: ['bundles'], summary });

  routes.get(
    '/v1/bundles',
    {
      schema: {
        ...described('listBundles', 'Every publication, newest first'),
        response: {
          200: Type.Object({
            bundles: Type.Array(
              Type.Object({
                digest: Type.String(),
                revision: REVISION,
                at: TIME,
                by: Type.String(),
                act: Type.String(),
                files: Type.Integer(),
                in_force: Type.Boolean(),
              }),
            ),
          }),
          ...PROBLEMS,
        },
      },
    },
    (request, reply) => {
      const found = listBundles(ledger, callerOf(request));
      if (!found.ok) return sendFailure(reply, found.error);
      return reply.send({
        bundles: found.value.map(({ at, inForce, ...rest }) => ({ ...rest, at: rfc3339(at), in_force: inForce })),
      });
    },
  );

  routes.get(
    '/v1/bundles/:digest',
    {
      schema: {
        ...described('getBundle', 'The files of a published bundle'),
        params: NAMED,
        response: { 200: Type.Object({ digest: Type.String(), files: FILES }), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const found = getBundle(ledger, request.params.digest, callerOf(request));
      return found.ok ? reply.send(found.value) : sendFailure(reply, found.error);
    },
  );

  routes.post(
    '/v1/bundles',
    {
      bodyLimit: BUNDLE_BODY_BYTES,
      schema: {
        ...described('publishBundle', 'Put a bundle in force, whole and at once; or every error that it has'),
        body: Type.Object({ files: FILES, orphans: ORPHANS }, { additionalProperties: false }),
        response: { 200: PUBLISHED, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { files, orphans = 'refuse' } = request.body;
      const listed = checkFiles(files);
      return sendPublished(reply, listed ?? publish(ledger, files, callerOf(request), { orphans }));
    },
  );

  routes.post(
    '/v1/bundles/:digest/rollback',
    {
      schema: {
        ...described('rollbackBundle', 'Publish a bundle of the past again'),
        params: NAMED,
        querystring: Type.Object({ orphans: ORPHANS }, { additionalProperties: false }),
        response: { 200: PUBLISHED, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { orphans = 'refuse' } = request.query;
      return sendPublished(reply, rollback(ledger, request.params.digest, callerOf(request), { orphans }));
    },
  );
}

/** Refused before anything is compiled: nobody should think that a file counted which never does. */
export function checkFiles(files: readonly SourceFile[]): Result<never, Failure> | undefined {
  const problems = fileListProblems(files);
  if (problems.length === 0) return undefined;
  const message = `the files are no bundle:\n${problems.map(formatProblem).join('\n')}`;
  return err({ ...failure('unprocessable', message), problems });
}

function sendPublished(reply: FastifyReply, published: Result<Published, Failure>): FastifyReply {
  if (!published.ok) return sendFailure(reply, published.error);
  acknowledge(reply, published.value.revision);
  return reply.send(published.value);
}
