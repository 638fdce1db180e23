import { boolean, call, rewrite, type Syntax } from '../../cel/syntax.ts';
import type { Settings } from '../../settings.ts';
import { toRoots } from '../bindings.ts';
import type { Definitions, Expression, Match, Variable } from '../expression.ts';
import { type DerivedRole, includesSome, type Policy } from '../rules.ts';
import { approximate, type Sense } from './approximate.ts';
import { ERROR, type Knowledge, type Partial } from './knowledge.ts';
import { constantOf, FALSE, negate, type PlanNode, TRUE, toExpression } from './node.ts';
import { evaluatePartially } from './partial.ts';
import type { PlanInput } from './plan.ts';
import { settle } from './residual.ts';

/** Whose `V`, `C` and `runtime` an expression sees. A derived role has no `runtime` yet. */
type Owner = Pick<Policy, 'definitions'> & { readonly derivedRoles?: readonly DerivedRole[] };

/** What is left of conditions for one principal and action, each evaluated once for each sense. */
export class PlanConditions {
  readonly strict: boolean;
  private readonly input: PlanInput;
  private readonly settings: Settings;
  private readonly allRoles: readonly string[];
  private readonly knowledge = new Map<Definitions, Knowledge>();
  private readonly variables = new Map<Variable, Syntax>();

  /** `allRoles`: the principal's and, by role policies, those that they stand for. */
  constructor(input: PlanInput, settings: Settings, allRoles: readonly string[]) {
    this.input = input;
    this.settings = settings;
    this.allRoles = allRoles;
    this.strict = settings.semantics === 'strict';
  }

  /**
   * What is left of a condition. In `strict`, with `allow` never more than holds, with `deny` never less: what a filter
   * cannot say, and errors, count against the request.
   */
  condition(match: Match | undefined, owner: Owner, sense: Sense): PlanNode {
    if (match === undefined) return TRUE;
    const node = this.node(match, owner, sense);
    return this.strict ? approximate(node, sense) : node;
  }

  private node(match: Match, owner: Owner, sense: Sense): PlanNode {
    if (match.kind === 'expr') return { kind: 'condition', expression: this.expression(match.expression, owner) };
    const decisive = match.kind === 'any';
    const open: PlanNode[] = [];
    for (const operand of match.of) {
      const node = this.node(operand, owner, sense);
      const constant = constantOf(node);
      const holds = match.kind === 'none' && constant !== undefined ? !constant : constant;
      // In `strict` the operands before may end in an error: then a later constant decides nothing.
      if (holds === decisive && (!this.strict || open.length === 0)) return decisive ? TRUE : FALSE;
      if (holds !== undefined && holds !== decisive) continue;
      open.push(match.kind === 'none' ? negate(node) : node);
    }
    const [only] = open;
    if (only === undefined) return decisive ? FALSE : TRUE;
    if (open.length === 1) return only;
    if (this.strict && decisive === (sense === 'allow')) return inOrder(open, decisive);
    return { kind: decisive ? 'or' : 'and', of: open };
  }

  private expression(expression: Expression, owner: Owner): Syntax {
    const knowledge = this.knowledgeOf(owner.definitions);
    if (this.strict) {
      for (const variable of expression.needs) {
        if (evaluatePartially(this.variable(variable, owner), knowledge).kind === 'error') return ERROR;
      }
    }
    const partial = evaluatePartially(this.resolve(expression, owner), knowledge);
    return this.toCondition(partial.kind === 'unknown' ? settle(partial.residual, knowledge) : partial);
  }

  /** A condition holds only where it is true; what is neither true nor false is an error in `strict`. */
  private toCondition(partial: Partial): Syntax {
    if (partial.kind === 'unknown') return partial.residual;
    if (partial.kind === 'known' && typeof partial.value === 'boolean') return boolean(partial.value);
    return this.strict ? ERROR : boolean(false);
  }

  /** An expression with its variables and the derived roles put in. */
  private resolve(expression: Expression, owner: Owner): Syntax {
    const { needs } = expression;
    return rewrite(expression.program.syntax(), (part) => {
      const isAsked = part.kind === 'call' && part.name === 'in' && this.strict;
      if (isAsked && isRuntimeRoles(part.args[1])) return this.holdsRole(part.args[0], owner);
      if (part.kind === 'select' && isRuntimeRoles(part)) return this.derivedRoles(owner);
      const name = variableName(part);
      const variable = name === undefined ? undefined : needs.find((needed) => needed.name === name);
      return variable === undefined ? undefined : this.variable(variable, owner);
    });
  }

  private variable(variable: Variable, owner: Owner): Syntax {
    let resolved = this.variables.get(variable);
    if (resolved === undefined) {
      resolved = this.resolve(variable.expression, owner);
      this.variables.set(variable, resolved);
    }
    return resolved;
  }

  /** The roles held, as Cerbos writes them: `(c1 ? ["r1"] : []) + (c2 ? ["r2"] : [])`. */
  private derivedRoles(owner: Owner): Syntax {
    const parts = this.rolesOf(owner).map(({ name, node }) =>
      call('?:', toExpression(node), list({ kind: 'literal', value: name }), list()),
    );
    if (this.strict && parts.some((part) => !isConstant(part.args[0]))) return ERROR;
    const last = parts.at(-1) ?? list();
    return parts.slice(0, -1).reduceRight<Syntax>((rest, part) => call('+', part, rest), last);
  }

  /** `"r" in runtime.effectiveDerivedRoles` is the role's condition. Another role in error would make this one. */
  private holdsRole(asked: Syntax | undefined, owner: Owner): Syntax {
    const roles = this.rolesOf(owner);
    const open = roles.filter(({ node }) => constantOf(node) === undefined);
    if (asked?.kind !== 'literal' || open.some(({ name }) => name !== asked.value)) return ERROR;
    const role = roles.find(({ name }) => name === asked.value);
    return role === undefined ? boolean(false) : toExpression(role.node);
  }

  private rolesOf(owner: Owner): readonly { readonly name: string; readonly node: PlanNode }[] {
    return (owner.derivedRoles ?? [])
      .filter((role) => includesSome(role.parentRoles, this.allRoles))
      .toSorted((left, right) => (left.name < right.name ? -1 : 1))
      .map((role) => {
        const without = { definitions: role.definitions };
        return {
          name: role.name,
          node: role.condition === undefined ? TRUE : this.node(role.condition, without, 'allow'),
        };
      });
  }

  private knowledgeOf(definitions: Definitions): Knowledge {
    const prepared = this.knowledge.get(definitions);
    if (prepared !== undefined) return prepared;
    const { input, settings } = this;
    const { entity } = input.principal;
    const path = { origin: entity, actor: entity, path: [entity], depth: 0 };
    const whole = {
      ...input,
      resource: { ...input.resource, entity: '', id: '' },
      visible: path,
      whole: path,
      explain: false,
    };
    const { principal, request } = toRoots(whole, this.strict);
    // Cerbos's request always has a token's claims, if none then empty.
    const auxData = { jwt: {}, ...input.auxData };
    const fresh: Knowledge = {
      roots: {
        P: principal,
        D: path,
        C: definitions.constants,
        constants: definitions.constants,
        G: settings.globals,
        globals: settings.globals,
        runtime: { effectiveDerivedRoles: [], effective_derived_roles: [] },
      },
      request: { ...request, auxData, aux_data: auxData },
      resource: { kind: input.resource.kind, scope: input.resource.scope ?? '' },
      attributes: input.resource.attr,
      locals: new Map(),
      host: input,
      thorough: this.strict,
    };
    this.knowledge.set(definitions, fresh);
    return fresh;
  }
}

/**
 * `all` and `any` end at the first error (design, section 1), whatever comes after: `b` counts only where `a` has a
 * value. In three-valued logic, in which a missing attribute is unknown.
 */
function inOrder(nodes: readonly PlanNode[], decisive: boolean): PlanNode {
  const [first = decisive ? FALSE : TRUE, ...rest] = nodes;
  if (rest.length === 0) return first;
  const after = inOrder(rest, decisive);
  return decisive
    ? { kind: 'or', of: [first, { kind: 'and', of: [negate(first), after] }] }
    : { kind: 'and', of: [first, { kind: 'or', of: [negate(first), after] }] };
}

function variableName(part: Syntax): string | undefined {
  if (part.kind === 'select' && !part.presence && isVariables(part.operand)) return part.field;
  const [container, key] = part.kind === 'call' && part.name === '[]' ? part.args : [];
  if (container === undefined || !isVariables(container) || key?.kind !== 'literal') return undefined;
  return typeof key.value === 'string' ? key.value : undefined;
}

function isVariables(expression: Syntax): boolean {
  return expression.kind === 'variable' && (expression.name === 'V' || expression.name === 'variables');
}

function isRuntimeRoles(part: Syntax | undefined): boolean {
  if (part?.kind !== 'select' || part.presence) return false;
  if (part.operand.kind !== 'variable' || part.operand.name !== 'runtime') return false;
  return part.field === 'effectiveDerivedRoles' || part.field === 'effective_derived_roles';
}

function isConstant(expression: Syntax | undefined): boolean {
  return expression?.kind === 'literal';
}

function list(...elements: readonly Syntax[]): Syntax {
  return { kind: 'list', elements };
}
