import { compileModelCondition, type ModelConditionProgram } from '../cel/model-condition.ts';
import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import { checkModel } from './check-model.ts';
import type { Model, ModelCondition, Relation, Rewrite, TypeDefinition } from './model.ts';
import type { Place, SourceModel, SourceRelation, SourceType } from './source-model.ts';

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
  for (const { place, expressionPlace, ...condition } of source.conditions) {
    if (conditions.has(condition.name)) {
      problems.push({ message: `condition "${condition.name}" is defined twice`, ...place });
      continue;
    }
    conditions.set(condition.name, condition);
    const program = compileModelCondition(condition);
    if (program.ok) programs.set(condition.name, program.value);
    else problems.push(toConditionProblem(condition.name, program.error, expressionPlace));
  }
  if (problems.length > 0) return err(problems);
  const excluding = findExcluding(source.types);
  return ok({ types: new Map(source.types.map((type) => [type.name, toType(type, excluding)])), conditions, programs });
}

/** A problem inside an expression, its line and column counted from the file's beginning instead. */
function toConditionProblem(name: string, problem: Problem, { file, line, column }: Place): Problem {
  const { line: lineInside = 1, column: columnInside = 1, ...rest } = problem;
  const message = `condition "${name}": ${problem.message}`;
  if (file === undefined || line === undefined || column === undefined) return { ...rest, message };
  const shift = lineInside === 1 ? column - 1 : 0;
  return { ...rest, message, file, line: line + lineInside - 1, column: columnInside + shift };
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
