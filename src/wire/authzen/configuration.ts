import { Type } from 'typebox';
import type { Routes } from '../routes.ts';

/** `GET /.well-known/authzen-configuration` (AuthZEN 1.0, section 9): where the endpoints are, for whoever asks. */
export function configuration(routes: Routes): void {
  routes.get(
    '/.well-known/authzen-configuration',
    {
      schema: {
        operationId: 'authzenConfiguration',
        tags: ['authzen'],
        summary: 'Where the AuthZEN endpoints are',
        security: [],
        response: {
          200: Type.Object({
            policy_decision_point: Type.String(),
            access_evaluation_endpoint: Type.String(),
            access_evaluations_endpoint: Type.String(),
            search_subject_endpoint: Type.String(),
            search_resource_endpoint: Type.String(),
            search_action_endpoint: Type.String(),
          }),
        },
      },
    },
    (request, reply) => {
      const base = `${request.protocol}://${request.host}`;
      reply.send({
        policy_decision_point: base,
        access_evaluation_endpoint: `${base}/access/v1/evaluation`,
        access_evaluations_endpoint: `${base}/access/v1/evaluations`,
        search_subject_endpoint: `${base}/access/v1/search/subject`,
        search_resource_endpoint: `${base}/access/v1/search/resource`,
        search_action_endpoint: `${base}/access/v1/search/action`,
      });
    },
  );
}
