import { compileModelCondition, type ModelConditionProgram } from '../cel/model-condition.ts';
import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import { checkModel } from './check-model.ts';
import type { Model, ModelCondition, Relation, Rewrite, TypeDefinition } from './model.ts';
import type { SourceModel, SourceRelation, SourceType } from './source-model.ts';

/**
 * Checks a model and compiles its conditions.
 *
 * @param source The model as it was read.
 * @param earlier Problems found while reading; with any problem at all there is no model.
 */
export function compileModel(source: SourceModel, earlier: readonly Problem[]): Result<Model, readonly Problem[]> {
  const problems = [...earlier, ...checkModel(source)];
  const conditions = new Map<string, ModelCondition>();
  const programs = new Map<string, ModelConditionProgram>();
  for (const { place, ...condition } of source.conditions) {
    if (conditions.has(condition.name)) {
      problems.push({ message: `condition "${condition.name}" is defined twice`, ...place });
      continue;
    }
    conditions.set(condition.name, condition);
    const program = compileModelCondition(condition);
    if (program.ok) programs.set(condition.name, program.value);
    else
      problems.push({ ...program.error, ...place, message: `condition "${condition.name}": ${program.error.message}` });
  }
  if (problems.length > 0) return err(problems);
  const excluding = findExcluding(source.types);
  return ok({ types: new Map(source.types.map((type) => [type.name, toType(type, excluding)])), conditions, programs });
}

function toType(type: SourceType, excluding: ReadonlySet<Rewrite>): TypeDefinition {
  const relations = new Map<string, Relation>();
  for (const { name, rewrite, directTypes } of type.relations) {
    if (rewrite !== undefined) relations.set(name, { name, rewrite, directTypes, excludes: excluding.has(rewrite) });
  }
  return { name: type.name, relations };
}

/** The rewrites of relations from which computed relations or tuple-to-userset lead to an exclusion. */
function findExcluding(types: readonly SourceType[]): ReadonlySet<Rewrite> {
  const excluding = new Set<Rewrite>();
  const isExcluding = (type: SourceType | undefined, relation: string): boolean => {
    const rewrite = type?.relations.find((one) => one.name === relation)?.rewrite;
    return rewrite !== undefined && excluding.has(rewrite);
  };
  const leads = (rewrite: Rewrite, type: SourceType): boolean => {
    switch (rewrite.kind) {
      case 'direct':
        return false;
      case 'computed':
        return isExcluding(type, rewrite.relation);
      case 'tuple_to_userset':
        return parentTypes(type, rewrite.tupleset, types).some((parent) => isExcluding(parent, rewrite.computed));
      case 'union':
      case 'intersection':
        return rewrite.children.some((child) => leads(child, type));
      case 'exclusion':
        return true;
    }
  };
  for (let size = -1; size !== excluding.size; ) {
    size = excluding.size;
    for (const type of types) {
      for (const { rewrite } of type.relations) {
        if (rewrite !== undefined && leads(rewrite, type)) excluding.add(rewrite);
      }
    }
  }
  return excluding;
}

function parentTypes(type: SourceType, tupleset: string, types: readonly SourceType[]): readonly SourceType[] {
  const parent: SourceRelation | undefined = type.relations.find((one) => one.name === tupleset);
  return types.filter((candidate) => parent?.directTypes.some((direct) => direct.type === candidate.name));
}
