import { expect } from 'vitest';
import { Budget } from '../../src/core/limits.ts';
import type { Model } from '../../src/core/model/model.ts';
import { parseModel } from '../../src/core/model/parse-model.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { listObjects } from '../../src/core/relationships/list-objects.ts';
import { listUsers } from '../../src/core/relationships/list-users.ts';
import type { Membership, UnknownCause } from '../../src/core/relationships/membership.ts';
import { membership } from '../../src/core/relationships/membership-check.ts';
import { TupleIndex } from '../../src/core/relationships/tuple-index.ts';
import { overlay } from '../../src/core/relationships/tuple-overlay.ts';
import type { TupleReader } from '../../src/core/relationships/tuples.ts';
import { validateKey, validateTuple } from '../../src/core/relationships/validate-tuple.ts';
import {
  type Assertion,
  type CheckAssertion,
  CODE,
  type ObjectsAssertion,
  runSuites,
  type Stage,
  type UsersAssertion,
} from './openfga-suite.ts';

const host = () => ({ now: 0, budget: new Budget() });
runSuites('in the core', ({ stages }) => {
  const tuples = new TupleIndex();
  for (const stage of stages) runStage(stage, tuples);
});

function runStage(stage: Stage, tuples: TupleIndex): void {
  const parsed = parseModel([{ path: 'model.fga', text: stage.model }]);
  if (!parsed.ok) expect.fail(parsed.error.map(formatProblem).join('\n'));
  const model = parsed.value;
  for (const tuple of stage.tuples ?? []) {
    expect(validateTuple(tuple, model)).toBeUndefined();
    tuples.add(tuple);
  }
  for (const assertion of stage.checkAssertions ?? []) {
    expect(check(assertion, model, tuples), JSON.stringify(assertion)).toEqual(
      assertion.errorCode ?? assertion.expectation,
    );
  }
  for (const assertion of stage.listObjectsAssertions ?? []) {
    const expected = assertion.errorCode ?? [...(assertion.expectation ?? [])].sort();
    expect(objects(assertion, model, tuples), JSON.stringify(assertion)).toEqual(expected);
  }
  for (const assertion of stage.listUsersAssertions ?? []) {
    const expected = assertion.errorCode ?? [...(assertion.expectation ?? [])].sort();
    expect(users(assertion, model, tuples), JSON.stringify(assertion)).toEqual(expected);
  }
}

/** The answer to a check as OpenFGA's API gives it: allowed or an error code. */
function check(assertion: CheckAssertion, model: Model, stored: TupleReader): boolean | number {
  const { user, relation, object } = assertion.tuple;
  if (validateKey(assertion.tuple, model) !== undefined) return CODE.validation;
  const tuples = withContextual(assertion, model, stored);
  if (tuples === undefined) return CODE.invalidTuple;
  const query = { subject: user, relation, object, context: assertion.context ?? {} };
  return toAnswer(membership(query, model, tuples, host()));
}

function toAnswer(answer: Membership): boolean | number {
  return answer.kind === 'unknown' ? toCode(answer.because) : answer.kind === 'yes';
}

function toCode(because: UnknownCause): false | number {
  if (because.kind === 'limit') return CODE.tooComplex;
  return because.paradox === true ? false : CODE.validation;
}

function objects(assertion: ObjectsAssertion, model: Model, stored: TupleReader): readonly string[] | number {
  const { user, type, relation } = assertion.request;
  if (validateKey({ user, relation, object: `${type}:any` }, model) !== undefined)
    return toListCode(type, relation, model);
  const tuples = withContextual(assertion, model, stored);
  if (tuples === undefined) return CODE.invalidTuple;
  const list = listObjects({ subject: user, relation, type, context: assertion.context ?? {} }, model, tuples, host());
  return list.unknown === undefined ? [...list.objects].sort() : toCode(list.unknown) || [...list.objects].sort();
}

function toListCode(type: string, relation: string, model: Model): number {
  // OpenFGA tells unknown types and relations of the request apart; a user's it calls invalid.
  if (!model.types.has(type)) return CODE.typeNotFound;
  if (model.types.get(type)?.relations.has(relation) !== true) return CODE.relationNotFound;
  return CODE.validation;
}

function users(assertion: UsersAssertion, model: Model, stored: TupleReader): readonly string[] | number {
  const { object, relation, filters } = assertion.request;
  const filter = filters[0] ?? '';
  const [type = '', userset] = filter.split('#');
  if (!model.types.has(type)) return CODE.typeNotFound;
  if (userset !== undefined && model.types.get(type)?.relations.has(userset) !== true) return CODE.relationNotFound;
  const fault = validateKey({ user: `${type}:any`, relation, object }, model);
  if (fault?.kind === 'type_not_found') return CODE.typeNotFound;
  if (fault?.kind === 'relation_not_found') return CODE.relationNotFound;
  const tuples = withContextual(assertion, model, stored);
  if (tuples === undefined) return CODE.invalidTuple;
  const wanted = userset === undefined ? { type } : { type, relation: userset };
  const list = listUsers({ object, relation, filter: wanted, context: assertion.context ?? {} }, model, tuples, host());
  return list.unknown === undefined ? [...list.users].sort() : toCode(list.unknown) || [...list.users].sort();
}

/** The stored relationships with the contextual ones on top, or undefined where one of those is invalid. */
function withContextual(assertion: Assertion, model: Model, stored: TupleReader): TupleReader | undefined {
  const contextual = assertion.contextualTuples ?? [];
  if (contextual.some((tuple) => validateTuple(tuple, model) !== undefined)) return undefined;
  return overlay(stored, contextual);
}
