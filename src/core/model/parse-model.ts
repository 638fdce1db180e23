import type { Problem } from '../problem.ts';
import type { Result } from '../result.ts';
import { compileModel } from './compile-model.ts';
import type { Model } from './model.ts';
import { type ModelFile, parseModelFile } from './parse-model-file.ts';
import { checkSchemaVersion } from './schema-version.ts';
import type { SourceType } from './source-model.ts';

/**
 * A model from the OpenFGA DSL (docs "Configuration language"; modules: "Modular models"): one file that begins with
 * `model`, or modules that begin with `module NAME` and may extend each other's types, or both.
 *
 * @param files Path (as problems should name it) and text. No file at all is the empty model.
 * @returns The model, or everything that is wrong in any of the files.
 */
export function parseModel(
  files: readonly { readonly path: string; readonly text: string }[],
): Result<Model, readonly Problem[]> {
  const parsed = files.map(({ path, text }) => parseModelFile(path, text));
  const problems = [...parsed.flatMap((file) => file.problems), ...checkHeaders(parsed)];
  const types = extendTypes(parsed, problems);
  return compileModel({ types, conditions: parsed.flatMap((file) => file.conditions) }, problems);
}

function checkHeaders(files: readonly ModelFile[]): readonly Problem[] {
  const models = files.filter((file) => file.schemaVersion !== undefined);
  const versions = models.flatMap(({ path, schemaVersion }) => checkSchemaVersion(schemaVersion, { file: path }));
  const extra = models.slice(1).map(({ path }) => ({
    message: `a model has one file that begins with "model", and that is ${models[0]?.path}`,
    file: path,
    line: 1,
    found: '"model"',
    expected: 'module NAME',
  }));
  return [...versions, ...extra];
}

/** The types of all files with what modules add to them. */
function extendTypes(files: readonly ModelFile[], problems: Problem[]): readonly SourceType[] {
  const types = files.flatMap((file) => file.types);
  for (const extension of files.flatMap((file) => file.extensions)) {
    const index = types.findIndex((type) => type.name === extension.name);
    const type = types[index];
    if (type === undefined) {
      problems.push({ message: `type "${extension.name}" is extended, but not defined`, ...extension.place });
      continue;
    }
    const known = new Set(type.relations.map((relation) => relation.name));
    for (const relation of extension.relations.filter((one) => known.has(one.name))) {
      problems.push({ message: `type "${type.name}" already has a relation "${relation.name}"`, ...relation.place });
    }
    const added = extension.relations.filter((relation) => !known.has(relation.name));
    types[index] = { ...type, relations: [...type.relations, ...added] };
  }
  return types;
}
