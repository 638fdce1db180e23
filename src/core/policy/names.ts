/** Names that Cerbos restricted before its version 0.30; only these are rewritten, so that old names stay stable. */
const RESTRICTED = /^[A-Za-z][\w@.\-/]*(?::[A-Za-z][\w@.\-/]*)*$/;

/** A name as it stands in the names of policies. */
export function sanitize(name: string): string {
  return RESTRICTED.test(name) ? name.replaceAll(/[^\w.]+/g, '_') : name;
}

/**
 * Cerbos's name of a policy, `resource.album_object.vdefault/acme`: what decisions, logs and outputs call it.
 */
export function policyName(
  kind: 'resource' | 'principal' | 'role',
  name: string,
  version: string,
  scope: string,
): string {
  const root = `${kind}.${sanitize(name)}.v${sanitize(version)}`;
  return scope === '' ? root : `${root}/${scope}`;
}

/** The name of a rule that has none: its place in the policy (Cerbos, `rule-001`). `index` is 0-based. */
export function ruleName(index: number, prefix?: string): string {
  const number = `rule-${String(index + 1).padStart(3, '0')}`;
  return prefix === undefined ? number : `${prefix}_${number}`;
}

/** `acme.hr.uk`, `acme.hr`, `acme`, `` for `acme.hr.uk`: nearest first, the root last (Cerbos, scoped policies). */
export function scopeChain(scope: string): readonly string[] {
  const chain = [scope];
  for (let at = scope.lastIndexOf('.'); at > 0; at = scope.lastIndexOf('.', at - 1)) chain.push(scope.slice(0, at));
  if (scope !== '') chain.push('');
  return chain;
}
