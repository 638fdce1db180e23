import { toParameter } from '../cel/parameters.ts';
import { parseEntity, shorten, typeFault, typeOf } from '../entity.ts';
import { formatDirectType } from '../model/check-model.ts';
import type { Model, Relation, TypeDefinition } from '../model/model.ts';
import { allows } from './admit-tuple.ts';
import type { Relationship } from './membership.ts';

/** What is wrong with a relationship, by the kinds that OpenFGA's error codes tell apart. */
export interface TupleFault {
  /**
   * What the model does not know, a `condition` that is missing, unknown or has a wrong context, an `implicit`
   * relationship, or anything else (`validation_error`).
   */
  readonly kind: 'validation_error' | 'type_not_found' | 'relation_not_found' | 'condition' | 'implicit';
  /** What is wrong, and what would be right. */
  readonly message: string;
}

/** OpenFGA's form of a relation's name. */
const RELATION = /^[^:#@*\s]{1,50}$/;

type Key = Pick<Relationship, 'user' | 'relation' | 'object'>;

/**
 * What is wrong with a relationship under a model, or undefined: formats, unknown types and relations, type
 * restrictions, conditions, and relationships that hold anyway (OpenFGA API, Write).
 */
export function validateTuple(tuple: Relationship, model: Model): TupleFault | undefined {
  const { object, relation, user } = tuple;
  const fault = validateKey(tuple, model);
  if (fault !== undefined) return fault;
  const type = model.types.get(typeOf(object));
  const definition = type?.relations.get(relation);
  if (type === undefined || definition === undefined) return undefined;
  const wrong = validateUser(tuple, type, definition) ?? validateCondition(tuple, model);
  if (wrong !== undefined || user !== `${object}#${relation}`) return wrong;
  return { kind: 'implicit', message: `${user} has this relation to itself anyway: such a relationship says nothing` };
}

/** What is wrong with the form of the three parts, whatever the model: `type:id`, `type:*` or `type:id#relation`. */
export function validateForm({ object, relation, user }: Key): TupleFault | undefined {
  const entity = parseEntity(object);
  if (!entity.ok) return invalid(`the object is not an entity: ${entity.error}`);
  if (!RELATION.test(relation)) {
    return invalid(`"${shorten(relation)}" is not a relation: 1 to 50 characters without : # @ * and white space`);
  }
  return userFormFault(user);
}

/**
 * What is wrong with the three parts of a question or a relationship, or undefined: formats, unknown types, unknown
 * relations. A question may name a user that no type restriction allows; its answer is then no.
 */
export function validateKey({ object, relation, user }: Key, model: Model): TupleFault | undefined {
  const entity = parseEntity(object);
  if (!entity.ok) return invalid(`the object is not an entity: ${entity.error}`);
  const type = model.types.get(typeOf(object));
  if (type === undefined) return unknownType(typeOf(object), model);
  if (!type.relations.has(relation)) return unknownRelation(relation, type);
  return validateUserOf(user, model);
}

function userFormFault(user: string): TupleFault | undefined {
  const hash = user.indexOf('#');
  const entity = hash < 0 ? user : user.slice(0, hash);
  const isWildcard = hash < 0 && user.endsWith(':*');
  const wrong = isWildcard ? typeFault(user.slice(0, -2)) : parseEntity(entity);
  if (typeof wrong === 'string') return invalid(`the user is not type:*: ${wrong}`);
  return wrong?.ok === false
    ? invalid(`the user is not type:id, type:* or type:id#relation: ${wrong.error}`)
    : undefined;
}

/** Whether a user has the form of one and is of a type, and a userset of a relation, that the model knows. */
export function validateUserOf(user: string, model: Model): TupleFault | undefined {
  const fault = userFormFault(user);
  if (fault !== undefined) return fault;
  const hash = user.indexOf('#');
  const entity = hash < 0 ? user : user.slice(0, hash);
  const type = model.types.get(typeOf(entity));
  if (type === undefined) return unknownType(typeOf(entity), model);
  if (hash < 0) return undefined;
  const relation = user.slice(hash + 1);
  return type.relations.has(relation) ? undefined : unknownRelation(relation, type);
}

function validateUser(tuple: Relationship, type: TypeDefinition, relation: Relation): TupleFault | undefined {
  if (relation.directTypes.some((direct) => allows(direct, tuple))) return undefined;
  const where = `${type.name}#${relation.name}`;
  if (relation.directTypes.length === 0) {
    return invalid(`${where} cannot be assigned: it follows from other relations only`);
  }
  const allowed = relation.directTypes.map(formatDirectType).join(', ');
  const withOther = relation.directTypes.filter((direct) =>
    allows(direct, {
      user: tuple.user,
      ...(direct.condition === undefined ? {} : { condition: { name: direct.condition } }),
    }),
  );
  if (withOther.length === 0) {
    return invalid(`${where} does not allow the user "${shorten(tuple.user)}"; it allows ${allowed}`);
  }
  const found = tuple.condition === undefined ? 'no condition' : `the condition "${shorten(tuple.condition.name)}"`;
  return badCondition(`${where} does not allow the user "${shorten(tuple.user)}" with ${found}; it allows ${allowed}`);
}

function validateCondition({ condition }: Relationship, model: Model): TupleFault | undefined {
  if (condition === undefined) return undefined;
  const parameters = model.conditions.get(condition.name)?.parameters;
  if (parameters === undefined) return badCondition(`the condition "${shorten(condition.name)}" is not in the model`);
  for (const [name, value] of Object.entries(condition.context ?? {})) {
    const type = parameters.get(name);
    if (type === undefined) {
      const known = [...parameters.keys()].join(', ');
      return badCondition(`the condition "${condition.name}" has no parameter "${shorten(name)}"; it has ${known}`);
    }
    const converted = toParameter(value, type);
    if (!converted.ok) {
      return badCondition(`the parameter ${name} of the condition "${condition.name}": ${converted.error}`);
    }
  }
  return undefined;
}

function badCondition(message: string): TupleFault {
  return { kind: 'condition', message };
}

function unknownType(name: string, model: Model): TupleFault {
  const known = [...model.types.keys()].join(', ');
  return { kind: 'type_not_found', message: `the model has no type "${shorten(name)}"; it has ${known}` };
}

function unknownRelation(name: string, type: TypeDefinition): TupleFault {
  const known = [...type.relations.keys()].join(', ');
  const has = known === '' ? 'no relations' : known;
  return {
    kind: 'relation_not_found',
    message: `type "${type.name}" has no relation "${shorten(name)}"; it has ${has}`,
  };
}

function invalid(message: string): TupleFault {
  return { kind: 'validation_error', message };
}
