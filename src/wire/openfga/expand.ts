import { Type } from 'typebox';
import type { UsersetTree } from '../../core/relationships/expand.ts';
import { expandRelationship } from '../../engine/relationships/relationship-questions.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { ERRORS, sendFailure } from './error.ts';
import { CONSISTENCY, CONTEXTUAL, MODEL_ID, PARAMS, toGiven } from './given.ts';
import { sayLayer } from './layer.ts';
import { TUPLE_KEY } from './tuple.ts';

/** `POST /stores/{store}/expand`: one relation's definition with its relationships, one level deep. */
export function expand(routes: Routes, { ledger }: App): void {
  const { object, relation } = TUPLE_KEY.properties;
  routes.post(
    '/stores/:store/expand',
    {
      schema: {
        operationId: 'expandRelationship',
        tags: ['openfga'],
        summary: 'What is a relation made of?',
        params: PARAMS,
        body: Type.Object({
          tuple_key: Type.Object({ object, relation }),
          contextual_tuples: CONTEXTUAL,
          authorization_model_id: MODEL_ID,
          consistency: CONSISTENCY,
        }),
        response: {
          200: Type.Object({ tree: Type.Object({ root: Type.Object({ name: Type.String() }) }) }),
          ...ERRORS,
        },
      },
    },
    (request, reply) => {
      const { tuple_key: key, contextual_tuples: more, authorization_model_id: modelId } = request.body;
      const given = toGiven({ tuples: more?.tuple_keys, context: undefined, modelId });
      if (!given.ok) return sendFailure(reply, given.error);
      const tree = expandRelationship(ledger, { ...key, ...given.value }, callerOf(request));
      if (!tree.ok) return sendFailure(reply, tree.error);
      return sayLayer(reply).send({ tree: { root: toNode(tree.value) } });
    },
  );
}

/** OpenFGA API, UsersetTree.Node. */
function toNode(tree: UsersetTree): object {
  const { name } = tree;
  switch (tree.kind) {
    case 'users':
      return { name, leaf: { users: { users: tree.users } } };
    case 'computed':
      return { name, leaf: { computed: { userset: tree.userset } } };
    case 'tuple_to_userset': {
      const computed = tree.computed.map((userset) => ({ userset }));
      return { name, leaf: { tupleToUserset: { tupleset: tree.tupleset, computed } } };
    }
    case 'union':
      return { name, union: { nodes: tree.nodes.map(toNode) } };
    case 'intersection':
      return { name, intersection: { nodes: tree.nodes.map(toNode) } };
    case 'difference':
      return { name, difference: { base: toNode(tree.base), subtract: toNode(tree.subtract) } };
  }
}
