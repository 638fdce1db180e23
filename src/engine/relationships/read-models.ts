import type { Caller } from '../../callers/caller.ts';
import type { ModelJson } from '../../core/model/to-model-json.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { findModel, publishedModels } from './published-models.ts';
import { type RelationshipFailure, refused } from './relationship-failure.ts';

export type IdentifiedModel = { readonly id: string } & ModelJson;

/** A model that is or was in force, by its id (OpenFGA's ReadAuthorizationModel). */
export function readModel(ledger: Ledger, id: string, caller: Caller): Result<IdentifiedModel, RelationshipFailure> {
  const permitted = requireRole(caller, 'author', 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const found = findModel(ledger, id);
  if (!found.ok) return found;
  const { json } = found.value;
  return json === undefined
    ? err(refused('model_not_found', `the model ${id} can no longer be read`))
    : ok({ id, ...json });
}

/**
 * Every model that was ever in force, the newest first (OpenFGA's ReadAuthorizationModels).
 *
 * @param page behind the model with this id, at most so many
 */
export function listModels(
  ledger: Ledger,
  page: { readonly after?: string; readonly limit: number },
  caller: Caller,
): Result<{ readonly models: readonly IdentifiedModel[]; readonly next?: string }, RelationshipFailure> {
  const permitted = requireRole(caller, 'author', 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const all = publishedModels(ledger);
  const { after, limit } = page;
  const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && from === 0) {
    return err(refused('invalid_token', 'the continuation token is none of this store: begin without one'));
  }
  const shown = all.slice(from, from + limit);
  const last = shown.at(-1);
  const models = shown.flatMap(({ id, json }) => (json === undefined ? [] : [{ id, ...json }]));
  return ok({ models, ...(from + limit < all.length && last !== undefined ? { next: last.id } : undefined) });
}
