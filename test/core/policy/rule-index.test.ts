import { describe, expect, it } from 'vitest';
import { input, policiesOf } from './world.ts';

const role = (name: string, parents: string, version = 'default', allow = '["*"]') =>
  `apiVersion: api.cerbos.dev/v1\nrolePolicy:\n  role: ${name}\n  version: ${version}\n  parentRoles: [${parents}]\n  rules:\n    - {resource: "*", allowActions: ${allow}}\n`;
const doc = (version: string) =>
  `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: doc\n  version: ${version}\n  rules:\n    - {actions: [view], effect: EFFECT_ALLOW, roles: [user]}\n`;

describe('parent roles', () => {
  const effect = (texts: readonly string[], semantics: 'strict' | 'cerbos', policyVersion = 'default') =>
    policiesOf([doc('default'), doc('v2'), ...texts], { semantics }).judge(
      input({ roles: ['intern'], resource: { policyVersion } }),
    ).effect;

  it('are inherited through several role policies, and circles end', () => {
    expect(effect([role('intern', 'junior'), role('junior', 'user')], 'strict')).toBe('allow');
    expect(effect([role('intern', 'junior'), role('junior', 'intern, user')], 'strict')).toBe('allow');
    expect(effect([role('intern', 'junior'), role('junior', 'intern')], 'strict')).toBe('none');
  });

  it('are narrowed by every role policy on the way', () => {
    expect(effect([role('intern', 'junior'), role('junior', 'user', 'default', '[edit]')], 'strict')).toBe('deny');
  });

  it('count in strict under the version of the role policy only, in cerbos under every one', () => {
    expect(effect([role('intern', 'user')], 'strict', 'v2')).toBe('none');
    expect(effect([role('intern', 'user')], 'cerbos', 'v2')).toBe('allow');
  });
});
