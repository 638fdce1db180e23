import { describe, expect, it } from 'vitest';
import type { Attributes } from '../../../../src/core/entity.ts';
import { Budget } from '../../../../src/core/limits.ts';
import { compilePolicies } from '../../../../src/core/policy/compile-policies.ts';
import { toText } from '../../../../src/core/policy/plan/filter.ts';
import { DEFAULT_SETTINGS } from '../../../../src/core/settings.ts';

type Semantics = 'strict' | 'cerbos';

const PRINCIPAL = { dept: 'press', teams: { a: { role: 'OWNER' }, b: { role: 'GUEST' } }, tags: ['x', 'y'], none: [] };

/** The filter, as text, of a policy with these conditions; a DENY beside an ALLOW of everything. */
function plan(
  condition: string,
  semantics: Semantics,
  effect = 'ALLOW',
  attr: Attributes = {},
  steps?: number,
): string {
  const allow = effect === 'DENY' ? `    - { actions: ['*'], effect: EFFECT_ALLOW, roles: [staff] }\n` : '';
  const text = `
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: doc
  version: default
  variables: { local: { mine: R.attr.owner == P.id, late: R.attr.at.due > 1.0 } }
  rules:
${allow}    - { actions: [view], effect: EFFECT_${effect}, roles: [staff], condition: { match: ${condition} } }
`;
  const compiled = compilePolicies([{ path: 'policies/doc.yaml', text }], { ...DEFAULT_SETTINGS, semantics });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const planned = compiled.value.plan({
    principal: { entity: 'user:pat', id: 'pat', type: 'user', roles: ['staff'], attr: PRINCIPAL },
    resource: { kind: 'doc', attr },
    action: 'view',
    now: 0,
    related: () => ({ kind: 'no' }),
    budget: new Budget(steps),
  });
  return planned.ok ? toText(planned.value.filter) : planned.error;
}
const expr = (source: string): string => JSON.stringify({ expr: source });

describe('what both semantics make of a condition', () => {
  it.each([
    ['R.attr.owner == P.id', '(eq request.resource.attr.owner "pat")'],
    ['V.mine', '(eq request.resource.attr.owner "pat")'],
    [
      'cel.bind(o, R.attr.owner, o == "a" && o != "b")',
      '(and (eq request.resource.attr.owner "a") (ne request.resource.attr.owner "b"))',
    ],
    ['P.attr.dept == "press" && R.attr.open', 'request.resource.attr.open'],
    ['P.attr.dept == "press" || R.attr.open', '(true)'],
    ['P.attr.dept != "press"', '(false)'],
    ['R.attr.dept in ["press"]', '(eq request.resource.attr.dept "press")'],
    ['R.attr.dept in P.attr.teams', '(in request.resource.attr.dept ["a","b"])'],
    [
      'P.attr.tags.exists(t, t == R.attr.tag)',
      '(or (eq "x" request.resource.attr.tag) (eq "y" request.resource.attr.tag))',
    ],
    [
      'R.attr.tags.exists(t, t.name == P.attr.dept)',
      '(exists request.resource.attr.tags (lambda (eq t.name "press") t))',
    ],
    ['P.attr.teams[R.attr.team].role == "OWNER"', '(eq request.resource.attr.team "a")'],
    [
      'R.attr.a && R.attr.b && R.attr.c && R.attr.d',
      '(and (and request.resource.attr.a request.resource.attr.b) (and request.resource.attr.c request.resource.attr.d))',
    ],
    [
      '(R.attr.a && R.attr.b) && R.attr.c && R.attr.d',
      '(and (and (and request.resource.attr.a request.resource.attr.b) request.resource.attr.c) request.resource.attr.d)',
    ],
    ['R.attr.?owner.orValue("") == P.id', 'optional values have no form in a query plan'],
    ['related(P, "viewer", R)', 'related() asks the graph about each resource, which has no form in a query plan'],
  ])('%s', (source, filter) => {
    expect(plan(expr(source), 'cerbos')).toBe(filter);
    expect(plan(expr(source), 'strict')).toBe(filter);
  });

  it('knows the attributes that are given', () => {
    expect(plan(expr('R.attr.owner == P.id && R.attr.open'), 'strict', 'ALLOW', { owner: 'pat' })).toBe(
      'request.resource.attr.open',
    );
    expect(plan(expr('R.attr["owner"] == P.id'), 'strict', 'ALLOW', { owner: 'kim' })).toBe('(false)');
  });

  it('ends where the steps end', () => {
    expect(plan(expr('R.attr.owner == P.id'), 'strict', 'ALLOW', {}, 2)).toMatch(/too many steps/);
  });
});

describe('where they part', () => {
  it.each([
    // Presence: Cerbos takes an attribute to be there.
    ['ALLOW', expr('has(R.attr.owner)'), '(true)', '(ne request.resource.attr.owner null)'],
    ['ALLOW', expr('!has(R.attr.owner)'), '(false)', '(false)'],
    ['DENY', expr('has(R.attr.owner)'), '(false)', '(false)'],
    // Errors: in a deny rule they deny.
    ['DENY', expr('P.attr.missing == 1'), '(true)', '(false)'],
    ['ALLOW', expr('P.attr.missing == 1 && R.attr.open'), undefined, '(false)'],
    ['DENY', expr('R.attr.owner in P.attr.none'), '(true)', '(not (not (ne request.resource.attr.owner null)))'],
    ['ALLOW', expr('R.attr.n + 1 == 3'), '(eq (add request.resource.attr.n 1) 3)', '(false)'],
    [
      'ALLOW',
      '{ any: { of: [{ expr: R.attr.a }, { expr: R.attr.b }] } }',
      '(or request.resource.attr.a request.resource.attr.b)',
      '(and (or request.resource.attr.a request.resource.attr.b) (or request.resource.attr.a (not request.resource.attr.a)) (or request.resource.attr.b (not request.resource.attr.b)))',
    ],
    // A variable in error is an error, whatever else would hold.
    [
      'ALLOW',
      expr('V.late || P.id == "pat"'),
      '(true)',
      '(or (gt request.resource.attr.at.due 1) (not (gt request.resource.attr.at.due 1)))',
    ],
  ])('%s %s', (effect, condition, cerbos, strict) => {
    if (cerbos !== undefined) expect(plan(condition, 'cerbos', effect)).toBe(cerbos);
    expect(plan(condition, 'strict', effect)).toBe(strict);
  });
});
