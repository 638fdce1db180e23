import type { Problem } from '../problem.ts';
import type { Result } from '../result.ts';
import { compileModel } from './compile-model.ts';
import { decodeModel } from './decode-model.ts';
import type { Model } from './model.ts';
import { checkSchemaVersion } from './schema-version.ts';
import { NOWHERE } from './source-model.ts';

/**
 * A model from OpenFGA's JSON form (API message AuthorizationModel: `schema_version`, `type_definitions`,
 * `conditions`), with the same checks as the DSL.
 *
 * @param json The parsed JSON, not trusted in any way.
 * @returns The model, or everything that is wrong with it.
 */
export function parseModelJson(json: unknown): Result<Model, readonly Problem[]> {
  const { model, problems } = decodeModel(json, NOWHERE);
  const version =
    typeof json === 'object' && json !== null && 'schema_version' in json ? json.schema_version : undefined;
  return compileModel(model, [...checkSchemaVersion(version, {}), ...problems]);
}
