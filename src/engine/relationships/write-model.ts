import type { Caller } from '../../callers/caller.ts';
import { LIMITS } from '../../core/limits.ts';
import { parseModelJson } from '../../core/model/parse-model-json.ts';
import { toModelText } from '../../core/model/to-model-text.ts';
import { formatProblem, type Problem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { publish, type SourceFile } from '../bundles/publish.ts';
import { failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { publishedModels } from './published-models.ts';
import { type RelationshipFailure, refused } from './relationship-failure.ts';

/** Where a written model stands in the bundle, unless the one before it was a single file of another name. */
const MODEL_PATH = 'model/model.fga';

/** An authorization model as OpenFGA's clients send it; not trusted in any way. */
export interface ModelWrite {
  readonly schema_version?: string;
  readonly type_definitions: readonly unknown[];
  readonly conditions?: unknown;
}

/**
 * Puts a model in force (OpenFGA's WriteAuthorizationModel): publishes the bundle in force with the model's files
 * replaced by one with this model in the DSL. Policies and settings stay as they are, comments of the old files go.
 * Refused if stored relationships would no longer count under it, unless `orphans` allows that.
 *
 * @returns the model's id, which is the old one where nothing changed, and the revision's token
 */
export function writeModel(
  ledger: Ledger,
  json: ModelWrite,
  caller: Caller,
  options: { readonly orphans: 'refuse' | 'allow' },
): Result<{ readonly id: string; readonly revision: string }, RelationshipFailure> {
  const permitted = requireRole(caller, 'author', 'administer');
  if (!permitted.ok) return permitted;
  if (json.type_definitions.length === 0) return err(refused('no_types', 'type_definitions: at least one'));
  if (json.type_definitions.length > LIMITS.typesPerModel) {
    const message = `more than ${LIMITS.typesPerModel} types in one model (limit typesPerModel)`;
    return err(refused('too_many', message));
  }
  const { schema_version: sent = '' } = json;
  const version = sent === '' ? '1.1' : sent;
  const model = parseModelJson({ ...json, schema_version: version });
  if (!model.ok) return err(invalidModel(model.error));
  const text = toModelText(model.value, version);
  if (!text.ok) return err(invalidModel(text.error));
  const published = publish(ledger, withModel(ledger, text.value), caller, options);
  if (!published.ok) {
    const { error } = published;
    return err(
      error.code === 'conflict' || error.code === 'unprocessable' ? { ...error, fault: 'invalid_model' } : error,
    );
  }
  const id = publishedModels(ledger)[0]?.id;
  if (id === undefined) return err(failure('not_found', 'the model was published and is not there'));
  return ok({ id, revision: published.value.revision });
}

/** The sources of the bundle in force with another model. */
function withModel(ledger: Ledger, text: string): readonly SourceFile[] {
  const files = ledger.store.versions('bundle', 'current')[0]?.value.files ?? [];
  const [before, ...more] = files.filter(({ path }) => path.startsWith('model/'));
  const path = before === undefined || more.length > 0 ? MODEL_PATH : before.path;
  return [...files.filter((file) => !file.path.startsWith('model/')), { path, text }];
}

function invalidModel(problems: readonly Problem[]): RelationshipFailure {
  return refused('invalid_model', problems.map(formatProblem).join('\n'));
}
