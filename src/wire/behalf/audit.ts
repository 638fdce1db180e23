import { Type } from 'typebox';
import type { Evidence, SignedCheckpoint } from '../../audit/checkpoints/evidence.ts';
import type { DecisionLog } from '../../audit/log.ts';
import { currentCheckpoint, proveDecision, proveGrowth } from '../../engine/evidence.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { rfc3339 } from '../trace.ts';
import { preferred } from './preferred.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { TIME } from './time.ts';

const HASH = Type.String({ pattern: '^[0-9a-f]{64}$' });
const FORMATS = ['text/plain', 'application/json'] as const;
/** A number of records: no larger than what JSON readers agree on. */
const size = (description: string) => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });

const CHECKPOINT = Type.Object({
  node: Type.String(),
  size: Type.Integer({ description: 'Records in the log' }),
  root: HASH,
  time: TIME,
  last: Type.String({ description: 'The sha256 of the last record' }),
  changes: Type.Optional(Type.Object({ revision: Type.String(), sha256: HASH })),
  note: Type.String({
    description: 'The same as a signed note (C2SP tlog-checkpoint): the rest is only a reading of it',
  }),
  public_key: Type.String({ description: 'What it is signed with, as PEM' }),
});

const LINE = Type.Object({
  line: Type.String({ description: 'The record as it stands in the log, without its line feed' }),
  index: Type.Integer({ description: 'Its place in the tree, from 0' }),
  path: Type.Array(HASH, { description: 'RFC 9162, section 2.1.3, the lowest first' }),
});

const PROOF = Type.Object({
  id: Type.String(),
  record: LINE,
  references: Type.Array(LINE, { description: 'The records that hold the steps of its path that it only refers to' }),
  checkpoint: Type.String({ description: 'A signed note (C2SP tlog-checkpoint)' }),
});

const HEAD = Type.Object({ size: Type.Integer(), root: HASH });
const CONSISTENCY = Type.Object({
  from: HEAD,
  to: HEAD,
  path: Type.Array(HASH, { description: 'RFC 9162, section 2.1.4' }),
});

/** Checkpoints of the decision log, and proofs that lead to them (design, section 8). For auditors. */
export function audit(routes: Routes, evidence: Evidence, log: DecisionLog): void {
  routes.get(
    '/v1/audit/checkpoint',
    {
      schema: {
        operationId: 'getCheckpoint',
        tags: ['decisions'],
        summary: 'A signed checkpoint of everything that was decided until now. Keep it elsewhere',
        response: {
          200: {
            description: 'The checkpoint',
            content: {
              'text/plain': { schema: Type.String({ description: 'A signed note (C2SP tlog-checkpoint)' }) },
              'application/json': { schema: CHECKPOINT },
            },
          },
          ...PROBLEMS,
        },
      },
    },
    async (request, reply) => {
      const made = await currentCheckpoint(evidence, callerOf(request));
      if (!made.ok) return sendFailure(reply, made.error);
      reply.header('vary', 'Accept');
      return preferred(request.headers.accept, FORMATS) === 'application/json'
        ? reply.send(checkpointJson(made.value, evidence.publicKey))
        : reply.type('text/plain; charset=utf-8').serializer(String).send(made.value.note);
    },
  );

  routes.get(
    '/v1/audit/consistency',
    {
      schema: {
        operationId: 'proveConsistency',
        tags: ['decisions'],
        summary: 'That the log of now goes on from the log of then',
        querystring: Type.Object(
          {
            from: size('The records that there were then'),
            to: Type.Optional(size('Default: as many as there are now')),
          },
          { additionalProperties: false },
        ),
        response: { 200: CONSISTENCY, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { from, to } = request.query;
      const proof = proveGrowth(evidence, from, to, callerOf(request));
      return proof.ok ? reply.send(proof.value) : sendFailure(reply, proof.error);
    },
  );

  routes.get(
    '/v1/decisions/:id/proof',
    {
      schema: {
        operationId: 'proveDecision',
        tags: ['decisions'],
        summary: 'The proof that a decision is in the log, without the rest of it',
        params: Type.Object({ id: Type.String() }),
        response: { 200: PROOF, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const proof = await proveDecision(log, evidence, request.params.id, callerOf(request));
      return proof.ok ? reply.send(proof.value) : sendFailure(reply, proof.error);
    },
  );
}

function checkpointJson({ checkpoint, note }: SignedCheckpoint, publicKey: string): object {
  const { node, size, root, at, last, changes } = checkpoint;
  return {
    node,
    size,
    root,
    time: rfc3339(at),
    last,
    ...(changes === undefined
      ? undefined
      : { changes: { revision: `${changes.epoch}.${changes.revision}`, sha256: changes.sha256 } }),
    note,
    public_key: publicKey,
  };
}
