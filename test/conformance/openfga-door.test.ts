import { CredentialsMethod, FgaApiError, OpenFgaClient } from '@openfga/sdk';
import { transformer } from '@openfga/syntax-transformer';
import { afterAll, beforeAll, expect } from 'vitest';
import { openServer, type ServerUnderTest, STORE_ID } from '../wire/server-under-test.ts';
import {
  type Assertion,
  type CheckAssertion,
  CODE,
  type ObjectsAssertion,
  runSuites,
  type SuiteTest,
  type UsersAssertion,
} from './openfga-suite.ts';

const NUMBERS: { readonly [name: string]: number } = {
  validation_error: CODE.validation,
  authorization_model_resolution_too_complex: CODE.tooComplex,
  type_not_found: CODE.typeNotFound,
  relation_not_found: CODE.relationNotFound,
  invalid_tuple: CODE.invalidTuple,
};

let server: ServerUnderTest;
let client: OpenFgaClient;

beforeAll(async () => {
  server = openServer({ files: [], orphans: 'allow' });
  const token = server.key({ id: 'author', roles: ['author'] });
  client = new OpenFgaClient({
    apiUrl: await server.app.listen({ host: '127.0.0.1', port: 0 }),
    storeId: STORE_ID,
    credentials: { method: CredentialsMethod.ApiToken, config: { token } },
    retryParams: { maxRetry: 0 },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

runSuites('through the door, by the SDK', async ({ stages }: SuiteTest) => {
  await clear();
  for (const { model, tuples, ...stage } of stages) {
    const json = transformer.transformDSLToJSONObject(model);
    const { authorization_model_id: id } = await client.writeAuthorizationModel(json);
    expect((await client.readAuthorizationModel({ authorizationModelId: id })).authorization_model?.id).toBe(id);
    for (const tuple of tuples ?? []) await client.write({ writes: [tuple] });
    for (const assertion of stage.checkAssertions ?? []) {
      expect(await check(assertion), JSON.stringify(assertion)).toEqual(assertion.errorCode ?? assertion.expectation);
    }
    for (const assertion of stage.listObjectsAssertions ?? []) {
      const expected = assertion.errorCode ?? [...(assertion.expectation ?? [])].sort();
      expect(await objects(assertion), JSON.stringify(assertion)).toEqual(expected);
    }
    for (const assertion of stage.listUsersAssertions ?? []) {
      const expected = assertion.errorCode ?? [...(assertion.expectation ?? [])].sort();
      expect(await users(assertion), JSON.stringify(assertion)).toEqual(expected);
    }
  }
});

/** Every relationship of the test before is deleted, page by page. */
async function clear(): Promise<void> {
  for (;;) {
    const { tuples } = await client.read({}, { pageSize: 100 });
    if (tuples.length === 0) return;
    await client.deleteTuples(tuples.map(({ key: { user, relation, object } }) => ({ user, relation, object })));
  }
}

function check(assertion: CheckAssertion): Promise<boolean | number> {
  const { user, relation, object } = assertion.tuple;
  return answer(async () => (await client.check({ user, relation, object, ...given(assertion) })).allowed ?? false);
}

function objects(assertion: ObjectsAssertion): Promise<readonly string[] | number> {
  return answer(async () => (await client.listObjects({ ...assertion.request, ...given(assertion) })).objects.sort());
}

function users(assertion: UsersAssertion): Promise<readonly string[] | number> {
  const { object, relation, filters } = assertion.request;
  const [type = '', id = ''] = [object.slice(0, object.indexOf(':')), object.slice(object.indexOf(':') + 1)];
  return answer(async () => {
    const listed = await client.listUsers({
      object: { type, id },
      relation,
      user_filters: filters.map((filter) => {
        const [of = '', userset] = filter.split('#');
        return userset === undefined ? { type: of } : { type: of, relation: userset };
      }) as [{ type: string }],
      ...given(assertion),
    });
    return listed.users.map(toText).sort();
  });
}

type Users = Awaited<ReturnType<OpenFgaClient['listUsers']>>['users'];

function toText({ object, userset, wildcard }: Users[number]): string {
  if (userset !== undefined) return `${userset.type}:${userset.id}#${userset.relation}`;
  return wildcard === undefined ? `${object?.type}:${object?.id}` : `${wildcard.type}:*`;
}

function given({ contextualTuples, context }: Assertion) {
  return { contextualTuples: [...(contextualTuples ?? [])], context: context ?? {} };
}

/** What is answered, or the number of the error's code. */
async function answer<T>(ask: () => Promise<T>): Promise<T | number> {
  try {
    return await ask();
  } catch (fault) {
    if (!(fault instanceof FgaApiError) || !('apiErrorCode' in fault)) throw fault;
    return NUMBERS[String(fault.apiErrorCode)] ?? -1;
  }
}
