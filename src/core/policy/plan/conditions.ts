import { boolean, call, rewrite, type Syntax } from '../../cel/syntax.ts';
import type { Settings } from '../../settings.ts';
import { toRoots } from '../bindings.ts';
import type { Definitions, Expression, Match, Variable } from '../expression.ts';
import { type DerivedRole, includesSome, type Policy } from '../rules.ts';
import { approximate, opposite, type Sense } from './approximate.ts';
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
    if (match.kind === 'expr') return this.expression(match.expression, owner, sense);
    const decisive = match.kind === 'any';
    const open: PlanNode[] = [];
    let decided = false;
    for (const operand of match.of) {
      const node = this.node(operand, owner, match.kind === 'none' ? opposite(sense) : sense);
      const constant = constantOf(node);
      const holds = match.kind === 'none' && constant !== undefined ? !constant : constant;
      if (holds === undefined) open.push(match.kind === 'none' ? negate(node) : node);
      decided ||= holds === decisive;
    }
    const constant = decisive === decided ? TRUE : FALSE;
    if (decided && !this.strict) return constant;
    const [only] = open;
    if (only === undefined) return constant;
    const node: PlanNode = decided ? constant : open.length === 1 ? only : { kind: decisive ? 'or' : 'and', of: open };
    const isSafe = open.length === 1 && !decided;
    return this.strict && !isSafe && decisive === (sense === 'allow') ? onlyWith(node, open, sense) : node;
  }

  private expression(expression: Expression, owner: Owner, sense: Sense): PlanNode {
    const knowledge = this.knowledgeOf(owner.definitions);
    const resolved = this.resolve(expression, owner);
    const read: PlanNode[] = [];
    if (this.strict) {
      for (const variable of expression.needs) {
        const value = evaluatePartially(this.variable(variable, owner), knowledge);
        if (value.kind === 'error') return { kind: 'condition', expression: ERROR };
        if (value.kind === 'unknown') read.push(toBoolean(settle(value.residual, knowledge).residual));
      }
    }
    const partial = evaluatePartially(resolved, knowledge);
    const condition = this.toCondition(partial.kind === 'unknown' ? settle(partial.residual, knowledge) : partial);
    const node: PlanNode = { kind: 'condition', expression: condition };
    // A variable in error makes its condition one, even where the condition comes to nothing by it.
    return isStrictIn(resolved, sense) ? node : onlyWith(node, read, sense);
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
        if (role.condition === undefined) return { name: role.name, node: TRUE };
        const node = this.node(role.condition, { definitions: role.definitions }, 'allow');
        // Which way it is safe to err depends on where the role is asked for: only plain conditions are the same for both.
        const isPlain = role.condition.kind === 'expr' && role.used.length === 0;
        const unclear = this.strict && !isPlain && constantOf(node) === undefined;
        return { name: role.name, node: unclear ? ({ kind: 'condition', expression: ERROR } as const) : node };
      });
  }

  private knowledgeOf(definitions: Definitions): Knowledge {
    const prepared = this.knowledge.get(definitions);
    if (prepared !== undefined) return prepared;
    const { input, settings } = this;
    const { entity } = input.principal;
    const path = { origin: entity, actor: entity, path: [entity], depth: 0n };
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
 * An error in any operand is one of the whole (design, section 1). In three-valued logic, in which a missing attribute
 * is unknown: `a || !a` holds where `a` has a value, `a && !a` is false there.
 */
function onlyWith(node: PlanNode, operands: readonly PlanNode[], sense: Sense): PlanNode {
  if (operands.length === 0) return node;
  const [outer, inner] = sense === 'allow' ? (['and', 'or'] as const) : (['or', 'and'] as const);
  return { kind: outer, of: [node, ...operands.map((one) => ({ kind: inner, of: [one, negate(one)] }))] };
}

/** Something that has a truth value wherever the expression has a value. */
function toBoolean(expression: Syntax): PlanNode {
  const isBoolean = expression.kind === 'call' && expression.target === undefined && BOOLEAN.has(expression.name);
  return { kind: 'condition', expression: isBoolean ? expression : call('==', expression, expression) };
}

const BOOLEAN = new Set(['==', '!=', '<', '<=', '>', '>=', 'in', '&&', '||', '!_']);

/** Whether an expression surely does not hold (`deny`: has no value) where a part of it has none. */
function isStrictIn(expression: Syntax, sense: Sense): boolean {
  if (sense === 'allow' && expression.kind === 'call' && expression.name === '&&') {
    return expression.args.every((operand) => isStrictIn(operand, sense));
  }
  return !hasLogic(expression);
}

function hasLogic(expression: Syntax): boolean {
  let found = false;
  rewrite(expression, (part) => {
    const isLogic = part.kind === 'call' && ['&&', '||', '?:'].includes(part.name);
    found ||= isLogic || part.kind === 'comprehension' || (part.kind === 'select' && part.presence);
    return undefined;
  });
  return found;
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
