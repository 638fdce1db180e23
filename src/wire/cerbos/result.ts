import type { ValidationError } from '../../core/policy/judgement.ts';
import { NO_MATCH } from '../../core/policy/walk.ts';
import type { CerbosEntry } from '../../engine/cerbos.ts';
import type { Answer } from '../../engine/check.ts';

const SOURCES = { principal: 'SOURCE_PRINCIPAL', resource: 'SOURCE_RESOURCE' } as const;

/** One entry of the response (cerbos.response.v1, `CheckResourcesResponse.ResultEntry`). */
export function resultJson({ resource, actions }: CerbosEntry, answers: readonly Answer[], includeMeta: boolean) {
  const { id, kind, policyVersion = '', scope = '' } = resource;
  const asked = actions.flatMap((action, index) => {
    const answer = answers[index];
    return answer === undefined ? [] : [{ action, decision: answer.decision, policy: answer.policy }];
  });
  const validationErrors = validationErrorsJson(asked.flatMap(({ policy }) => policy?.validationErrors ?? []));
  const outputs = asked.flatMap(({ action, policy }) =>
    (policy?.outputs ?? []).map(({ src, val, error }) =>
      error === undefined ? { src, val, action } : { src, error, action },
    ),
  );
  return {
    resource: {
      id,
      kind,
      ...(policyVersion === '' ? undefined : { policyVersion }),
      ...(scope === '' ? undefined : { scope }),
    },
    actions: Object.fromEntries(
      asked.map(({ action, decision }) => [action, decision ? 'EFFECT_ALLOW' : 'EFFECT_DENY']),
    ),
    ...(validationErrors.length === 0 ? undefined : { validationErrors }),
    ...(includeMeta ? { meta: metaJson(asked) } : undefined),
    ...(outputs.length === 0 ? undefined : { outputs }),
  };
}

function metaJson(asked: readonly { readonly action: string; readonly policy: Answer['policy'] }[]) {
  const roles = [...new Set(asked.flatMap(({ policy }) => policy?.derivedRoles ?? []))].sort();
  const matches = asked.map(({ action, policy }) => {
    const scope = policy?.scope ?? '';
    const match = {
      matchedPolicy: policy?.policy ?? NO_MATCH.policy,
      ...(scope === '' ? undefined : { matchedScope: scope }),
    };
    return [action, match] as const;
  });
  return {
    actions: Object.fromEntries(matches),
    ...(roles.length === 0 ? undefined : { effectiveDerivedRoles: roles }),
  };
}

/** Every action of the resource was validated by itself; what is wrong with the attributes is said once. */
export function validationErrorsJson(errors: readonly ValidationError[]) {
  const unique = new Map(errors.map((error) => [`${error.source}\0${error.path}\0${error.message}`, error]));
  return [...unique.values()].map(({ source, path, message }) => ({ path, message, source: SOURCES[source] }));
}
