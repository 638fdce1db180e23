import { expect, test } from 'vitest';
import { OFFICE } from '../office.ts';
import { openServer } from '../server-under-test.ts';

test('says where the endpoints are, to everybody, and names only those that are there', async () => {
  await using server = openServer({ files: OFFICE });
  const reply = await server.ask('GET', '/.well-known/authzen-configuration', {
    headers: { host: 'pdp.example:7420' },
  });
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({
    policy_decision_point: 'http://pdp.example:7420',
    access_evaluation_endpoint: 'http://pdp.example:7420/access/v1/evaluation',
    access_evaluations_endpoint: 'http://pdp.example:7420/access/v1/evaluations',
    search_subject_endpoint: 'http://pdp.example:7420/access/v1/search/subject',
    search_resource_endpoint: 'http://pdp.example:7420/access/v1/search/resource',
    search_action_endpoint: 'http://pdp.example:7420/access/v1/search/action',
  });
  for (const url of Object.values<string>(reply.json).slice(1)) {
    expect((await server.ask('POST', url.replace('http://pdp.example:7420', ''), { body: {} })).status).toBe(401);
  }
  expect((await server.ask('POST', '/.well-known/authzen-configuration')).status).toBe(405);
});
