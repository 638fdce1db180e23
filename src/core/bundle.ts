import { kindToType } from './cerbos-name.ts';
import type { BundleSource } from './change.ts';
import { parseModel } from './model/parse-model.ts';
import { parseSettings } from './parse-settings.ts';
import { compilePolicies } from './policy/compile-policies.ts';
import { isPolicyFile } from './policy/policy-file.ts';
import type { Problem } from './problem.ts';
import { err, ok, type Result } from './result.ts';
import { isSchemaFile } from './schema/compile-schemas.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';
import type { Bundle } from './snapshot.ts';

/** Where the settings stand in a bundle. */
const SETTINGS_PATH = 'policies/behalf.yaml';
const POLICIES = 'policies/';
/** Delegations are kept beside the policies but are no part of the bundle: they are applied, not published. */
const DELEGATIONS = 'policies/delegations/';

/** Whether a file of the model or policies directories belongs to the bundle. Paths begin with `model/` or `policies/`. */
export function isBundleFile(path: string): boolean {
  if (path.startsWith('model/')) return path.endsWith('.fga') && !path.endsWith('.fga.yaml');
  if (!path.startsWith(POLICIES) || path.startsWith(DELEGATIONS)) return false;
  return path === SETTINGS_PATH || isPolicyFile(path) || isSchemaFile(path.slice(POLICIES.length));
}

/**
 * Compiles the sources of a bundle, or says everything that is wrong with them in one run. Either part may be
 * missing: a model alone, or policies alone, is a valid set-up (design, section 10).
 *
 * @param instead settings that hold whatever the sources state: for tests of them
 */
export function compileBundle(
  source: BundleSource,
  instead: Partial<Settings> = {},
): Result<Bundle, readonly Problem[]> {
  const files = source.files.filter((file) => isBundleFile(file.path));
  const settingsFile = files.find((file) => file.path === SETTINGS_PATH);
  const stated = settingsFile === undefined ? ok(DEFAULT_SETTINGS) : parseSettings(settingsFile);
  const settings = stated.ok ? ok({ ...stated.value, ...instead }) : stated;
  const modelFiles = files.filter((file) => file.path.startsWith('model/'));
  const model = modelFiles.length === 0 ? ok(undefined) : parseModel(modelFiles);
  const policyFiles = files.filter((file) => file.path.startsWith(POLICIES) && file !== settingsFile);
  const isSchema = ({ path }: { readonly path: string }) => isSchemaFile(path.slice(POLICIES.length));
  const policies = compilePolicies(
    policyFiles.filter((file) => !isSchema(file)),
    settings.ok ? settings.value : DEFAULT_SETTINGS,
    policyFiles.filter(isSchema),
  );
  if (!settings.ok || !model.ok || !policies.ok) {
    return err([settings, model, policies].flatMap((part) => (part.ok ? [] : part.error)));
  }
  const types = new Set<string>(model.value?.types.keys() ?? []);
  // Policies brought over speak of kinds that are no types as they stand.
  const isCerbos = settings.value.semantics === 'cerbos';
  for (const kind of policies.value.kinds) types.add(isCerbos ? kindToType(kind) : kind);
  if (model.value === undefined) for (const type of ['user', ...settings.value.agentTypes]) types.add(type);
  return ok({
    digest: source.digest,
    ...(model.value === undefined ? undefined : { model: model.value }),
    policies: policies.value,
    settings: settings.value,
    types,
  });
}
