import { type ConditionTrace, type ConditionValue, toConditionValue } from '../cel/condition.ts';
import type { CelOutcome, Host } from '../cel/program.ts';
import type { Settings } from '../settings.ts';
import { type PolicyBindings, toBindings, toRoots, type View, viewsDiffer } from './bindings.ts';
import type { Definitions, Expression, Match, Variable } from './expression.ts';
import type { PolicyInput } from './judgement.ts';
import { type DerivedRole, includesSome, type Policy } from './rules.ts';

const TRUE: ConditionValue = { kind: 'true' };
const FALSE: ConditionValue = { kind: 'false' };
const VISIBLE = 0;

/** What was evaluated for one policy's definitions so far; index 0 as allow rules see the path, 1 as deny rules do. */
interface State {
  readonly outcomes: readonly [CelOutcome[], CelOutcome[]];
  readonly bindings: [PolicyBindings | undefined, PolicyBindings | undefined];
  readonly runtimes: [Runtime | undefined, Runtime | undefined];
}

interface Runtime {
  /** `runtime` in CEL. Cerbos knows the list by both names. */
  readonly value: {
    readonly effectiveDerivedRoles: readonly string[];
    readonly effective_derived_roles: readonly string[];
  };
  /** A derived role in error: what reads `runtime` cannot be trusted. */
  readonly fault: string | undefined;
}

const NO_RUNTIME: Runtime = {
  value: { effectiveDerivedRoles: [], effective_derived_roles: [] },
  fault: undefined,
};

/** Whose `V`, `C` and `runtime` an expression sees; a derived role has no `runtime` yet. */
interface Owner {
  readonly definitions: Definitions;
  readonly derivedRoles?: readonly DerivedRole[];
}

/**
 * Everything that one judgement evaluates, each thing once. In `strict` an error anywhere in an expression or in a
 * variable that it names makes the condition an error, and so does one in any operand of a match, whatever stands
 * before it (a guard belongs into the expression: `has(x) && x > 1`, whose `&&` absorbs errors). In `cerbos` an
 * expression in error is false and a variable in error is undefined.
 */
export class Evaluation {
  readonly errors: ConditionTrace[] = [];
  readonly strict: boolean;
  private readonly input: PolicyInput;
  private readonly settings: Settings;
  private readonly allRoles: readonly string[];
  private readonly host: Host;
  private readonly twoViews: boolean;
  private readonly states = new Map<Definitions, State>();
  private readonly roles = new Map<DerivedRole, [ConditionValue | undefined, ConditionValue | undefined]>();
  private readonly conditions = new Map<Match, ConditionValue>();
  private roots: ReturnType<typeof toRoots> | undefined;
  private recording = true;

  /** `allRoles`: the principal's and, by role policies, those that they stand for. */
  constructor(input: PolicyInput, settings: Settings, allRoles: readonly string[]) {
    this.input = input;
    this.settings = settings;
    this.allRoles = allRoles;
    this.strict = settings.semantics === 'strict';
    this.host = input;
    this.twoViews = viewsDiffer(input);
  }

  /** From now on errors are no longer Cerbos's: it would not have looked so far. */
  stopRecording(): void {
    this.recording = false;
  }

  /** The condition of a rule, which is always looked at in one view. */
  condition(match: Match | undefined, owner: Owner, view: View): ConditionValue {
    if (match === undefined) return TRUE;
    let value = this.conditions.get(match);
    if (value === undefined) {
      value = this.holds(match, owner, view);
      this.conditions.set(match, value);
    }
    return value;
  }

  /** An output: any value will do. */
  value(expression: Expression, owner: Owner, view: View): CelOutcome {
    return this.evaluate(expression, owner, view);
  }

  /** Whether the principal, who has one of its parent roles, holds a derived role. */
  derivedRole(role: DerivedRole, view: View): ConditionValue {
    if (role.condition === undefined) return TRUE;
    const seen = this.seenFrom(view, role.readsPath);
    let values = this.roles.get(role);
    const known = values?.[seen];
    if (known !== undefined) return known;
    if (!this.strict) this.prepareAll(role.used, role, seen);
    const value = this.holds(role.condition, role, seen);
    values ??= [undefined, undefined];
    values[seen] = value;
    this.roles.set(role, values);
    return value;
  }

  /** Cerbos evaluates a policy's variables as soon as it looks at one of its rules, and reports their errors. */
  prepareAll(variables: readonly Variable[], owner: Owner, view: View): void {
    for (const variable of variables) this.variable(variable, owner, view);
  }

  /** The derived roles that the principal holds, of those that the rules of a policy name. */
  effectiveDerivedRoles(policy: Policy, view: View): readonly string[] {
    return this.runtime(policy, view).value.effectiveDerivedRoles;
  }

  private runtime(owner: Owner, view: View): Runtime {
    const { derivedRoles } = owner;
    if (derivedRoles === undefined || derivedRoles.length === 0) return NO_RUNTIME;
    const state = this.stateOf(owner.definitions);
    const seen = this.twoViews ? view : VISIBLE;
    const known = state.runtimes[seen];
    if (known !== undefined) return known;
    const effective: string[] = [];
    let fault: string | undefined;
    for (const role of derivedRoles) {
      if (!includesSome(role.parentRoles, this.allRoles)) continue;
      const value = this.derivedRole(role, seen);
      if (value.kind === 'true') effective.push(role.name);
      if (value.kind === 'error') fault ??= `the derived role ${role.name} is in error: ${value.message}`;
    }
    effective.sort();
    const runtime = { value: { effectiveDerivedRoles: effective, effective_derived_roles: effective }, fault };
    state.runtimes[seen] = runtime;
    return runtime;
  }

  private holds(match: Match, owner: Owner, view: View): ConditionValue {
    if (match.kind === 'expr') return this.expressionHolds(match.expression, owner, view);
    const ending = match.kind === 'all' ? 'false' : 'true';
    let ended = false;
    let error: ConditionValue | undefined;
    for (const operand of match.of) {
      const value = this.holds(operand, owner, view);
      if (value.kind === 'error') error ??= value;
      else if (value.kind === ending) ended = true;
      // In `strict` an error anywhere counts, whatever stands before it: every operand is looked at.
      if (!this.strict && (ended || error !== undefined)) break;
    }
    if (error !== undefined && (this.strict || !ended)) return error;
    return ended === (match.kind === 'any') ? TRUE : FALSE;
  }

  private expressionHolds(expression: Expression, owner: Owner, view: View): ConditionValue {
    const outcome = this.evaluate(expression, owner, view);
    if (!this.strict && outcome.kind === 'value') return outcome.value === true ? TRUE : FALSE;
    const value = toConditionValue(outcome, expression.source);
    if (value.kind !== 'error') return value;
    this.record(expression.source, value.message);
    return this.strict ? value : FALSE;
  }

  private evaluate(expression: Expression, owner: Owner, view: View): CelOutcome {
    const seen = this.seenFrom(view, expression.readsPath || expression.readsRuntime);
    for (const variable of expression.needs) {
      const outcome = this.variable(variable, owner, seen);
      if (this.strict && outcome.kind === 'error') {
        return { ...outcome, message: `the variable ${variable.name} is in error: ${outcome.message}` };
      }
    }
    const bindings = this.bindingsOf(owner.definitions, seen);
    if (expression.readsRuntime) {
      const runtime = this.runtime(owner, seen);
      if (this.strict && runtime.fault !== undefined) return { kind: 'error', message: runtime.fault };
      bindings.runtime = runtime.value;
    }
    return expression.program.run(bindings, this.host);
  }

  private variable(variable: Variable, owner: Owner, view: View): CelOutcome {
    const { expression } = variable;
    const outcomes = this.stateOf(owner.definitions).outcomes;
    const seen = this.seenFrom(view, expression.readsPath || expression.readsRuntime);
    let outcome = outcomes[seen][variable.index];
    if (outcome === undefined) {
      outcome = this.evaluate(expression, owner, seen);
      outcomes[seen][variable.index] = outcome;
      if (outcome.kind === 'error') this.record(expression.source, outcome.message);
    }
    if (outcome.kind === 'value') this.bindingsOf(owner.definitions, view).V[variable.name] = outcome.value;
    return outcome;
  }

  /** What does not read `D`, and everything while the whole path is visible, is evaluated once for both views. */
  private seenFrom(view: View, readsPath: boolean): View {
    return readsPath && this.twoViews ? view : VISIBLE;
  }

  private stateOf(definitions: Definitions): State {
    const known = this.states.get(definitions);
    if (known !== undefined) return known;
    const state: State = { outcomes: [[], []], bindings: [undefined, undefined], runtimes: [undefined, undefined] };
    this.states.set(definitions, state);
    return state;
  }

  private bindingsOf(definitions: Definitions, view: View): PolicyBindings {
    const { bindings } = this.stateOf(definitions);
    const known = bindings[view];
    if (known !== undefined) return known;
    this.roots ??= toRoots(this.input, this.strict);
    const fresh = toBindings(this.roots, this.input, view, definitions, this.settings.globals, NO_RUNTIME.value);
    bindings[view] = fresh;
    return fresh;
  }

  private record(expression: string, message: string): void {
    if (!this.recording) return;
    if (this.errors.some((error) => error.expression === expression && error.error === message)) return;
    this.errors.push({ expression, value: 'error', error: message });
  }
}
