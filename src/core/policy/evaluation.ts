import { type ConditionTrace, type ConditionValue, toConditionValue, type UnknownCondition } from '../cel/condition.ts';
import type { CelOutcome, Host } from '../cel/program.ts';
import { toJson } from '../cel/to-json.ts';
import { isUnknownInput, openMap } from '../cel/unknown.ts';
import type { Settings } from '../settings.ts';
import { type PolicyBindings, toBindings, toRoots, type View, viewsDiffer } from './bindings.ts';
import type { Definitions, Expression, Match, Variable } from './expression.ts';
import type { PolicyInput, PolicyOutput } from './judgement.ts';
import { type DerivedRole, includesSome, type Policy } from './rules.ts';
import type { Effect } from './syntax.ts';
import { toUnknownMatch } from './unknown-match.ts';

const TRUE: ConditionValue = { kind: 'true' };
const FALSE: ConditionValue = { kind: 'false' };
/** With `cerbos` semantics what may be an error may be false. */
const TRUE_OR_FALSE = { true: true, false: true, error: false };
const OPEN_OUTPUT = { val: null, error: 'it depends on what the question leaves open' };
const VISIBLE = 0;

/** What was evaluated for one policy's definitions so far; index 0 as allow rules see the path, 1 as deny rules do. */
interface State {
  readonly outcomes: readonly [CelOutcome[], CelOutcome[]];
  readonly bindings: [PolicyBindings | undefined, PolicyBindings | undefined];
  readonly runtimes: [Runtime | undefined, Runtime | undefined];
  /** Variables that are unknown, where the question leaves anything open. */
  readonly openVariables: readonly [Set<string>, Set<string>] | undefined;
}

interface Runtime {
  /** The derived roles that are held, as far as is known. */
  readonly held: readonly string[];
  /** `runtime` in CEL. Cerbos knows the list by both names. */
  readonly value: {
    readonly effectiveDerivedRoles: readonly string[];
    readonly effective_derived_roles: readonly string[];
  };
  /** A derived role in error: what reads `runtime` cannot be trusted. */
  readonly fault: string | undefined;
  /** A derived role may be in error. */
  readonly mayFail: boolean;
}

const NO_RUNTIME: Runtime = {
  held: [],
  value: { effectiveDerivedRoles: [], effective_derived_roles: [] },
  fault: undefined,
  mayFail: false,
};
const RUNTIME_NAMES: ReadonlySet<string> = new Set(Object.keys(NO_RUNTIME.value));

/** Whose `V`, `C` and `runtime` an expression sees; a derived role has no `runtime` yet. */
interface Owner {
  readonly definitions: Definitions;
  readonly derivedRoles?: readonly DerivedRole[];
}

/**
 * Everything that one judgement evaluates, each thing once. In `strict` an error anywhere in an expression or in a
 * variable that it names makes the condition an error, and so does one in any operand of a match, whatever stands
 * before it (a guard belongs into the expression: `has(x) && x > 1`, whose `&&` absorbs errors). In `cerbos` an
 * expression in error is false and a variable in error is undefined. What the question leaves open makes unknown what
 * could turn out in more than one way: an expression that comes upon it, and what such a variable, operand or derived
 * role could change.
 */
export class Evaluation {
  readonly errors: ConditionTrace[] = [];
  readonly strict: boolean;
  /** Whether `holds` was asked of a condition that is unknown. */
  assumed = false;
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
      value = this.matchOf(match, owner, view);
      this.conditions.set(match, value);
    }
    return value;
  }

  /**
   * Whether a condition counts as held for what has this effect: an error holds where it denies (there are none with
   * `cerbos` semantics), and the unknown as the question supposes.
   */
  holds(value: ConditionValue, effect: Effect): boolean {
    if (value.kind !== 'unknown') return value.kind === 'true' || (value.kind === 'error' && effect === 'deny');
    this.assumed = true;
    if (this.input.assume === 'worst') return effect === 'deny';
    return effect === 'deny' ? !value.mayBe.false : value.mayBe.true;
  }

  /** An output: any value will do. */
  output(expression: Expression, owner: Owner, view: View): Pick<PolicyOutput, 'val' | 'error'> {
    const outcome = this.evaluate(expression, owner, view);
    if (outcome.kind === 'unknown') return OPEN_OUTPUT;
    if (outcome.kind === 'error') return { val: null, error: outcome.message };
    try {
      return { val: toJson(outcome.value) };
    } catch (thrown) {
      if (isUnknownInput(thrown)) return OPEN_OUTPUT;
      throw thrown;
    }
  }

  /** Whether the principal, who has one of its parent roles, holds a derived role. */
  derivedRole(role: DerivedRole, view: View): ConditionValue {
    if (role.condition === undefined) return TRUE;
    const seen = this.seenFrom(view, role.readsPath);
    let values = this.roles.get(role);
    const known = values?.[seen];
    if (known !== undefined) return known;
    if (!this.strict) this.prepareAll(role.used, role, seen);
    const value = this.matchOf(role.condition, role, seen);
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
    return this.runtime(policy, view).held;
  }

  private runtime(owner: Owner, view: View): Runtime {
    const { derivedRoles } = owner;
    if (derivedRoles === undefined || derivedRoles.length === 0) return NO_RUNTIME;
    const state = this.stateOf(owner.definitions);
    const seen = this.twoViews ? view : VISIBLE;
    const before = state.runtimes[seen];
    if (before !== undefined) return before;
    const effective: string[] = [];
    let fault: string | undefined;
    let isOpen = false;
    let mayFail = false;
    for (const role of derivedRoles) {
      if (!includesSome(role.parentRoles, this.allRoles)) continue;
      const value = this.derivedRole(role, seen);
      if (value.kind === 'true') effective.push(role.name);
      if (value.kind === 'error') fault ??= `the derived role ${role.name} is in error: ${value.message}`;
      if (value.kind === 'unknown') {
        isOpen = true;
        mayFail ||= value.mayBe.error;
      }
    }
    effective.sort();
    const known = { effectiveDerivedRoles: effective, effective_derived_roles: effective };
    const { unknowns } = this.input;
    const value = isOpen && unknowns !== undefined ? openMap(known, RUNTIME_NAMES, unknowns) : known;
    const runtime = { held: effective, value, fault, mayFail };
    state.runtimes[seen] = runtime;
    return runtime;
  }

  private matchOf(match: Match, owner: Owner, view: View): ConditionValue {
    if (match.kind === 'expr') return this.expressionHolds(match.expression, owner, view);
    const ending = match.kind === 'all' ? 'false' : 'true';
    let ended = false;
    let error: ConditionValue | undefined;
    let unknown: readonly UnknownCondition[] | undefined;
    for (const operand of match.of) {
      const value = this.matchOf(operand, owner, view);
      if (value.kind === 'error') error ??= value;
      else if (value.kind === 'unknown') unknown = [...(unknown ?? []), value];
      else if (value.kind === ending) ended = true;
      // In `strict` an error anywhere counts, whatever stands before it: every operand is looked at.
      if (!this.strict && (ended || error !== undefined)) break;
    }
    if (error !== undefined && (this.strict || !ended)) return error;
    if (unknown !== undefined) return toUnknownMatch(match, ended, unknown);
    return ended === (match.kind === 'any') ? TRUE : FALSE;
  }

  private expressionHolds(expression: Expression, owner: Owner, view: View): ConditionValue {
    const outcome = this.evaluate(expression, owner, view);
    if (!this.strict && outcome.kind === 'value') return outcome.value === true ? TRUE : FALSE;
    const value = toConditionValue(outcome, expression.source);
    if (value.kind === 'unknown') return this.strict ? value : { ...value, mayBe: TRUE_OR_FALSE };
    if (value.kind !== 'error') return value;
    this.record(expression.source, value.message);
    return this.strict ? value : FALSE;
  }

  private evaluate(expression: Expression, owner: Owner, view: View): CelOutcome {
    const seen = this.seenFrom(view, expression.readsPath || expression.readsRuntime);
    // An error would be the whole expression's, whatever it makes of the value.
    let mayFail = false;
    for (const variable of expression.needs) {
      const outcome = this.variable(variable, owner, seen);
      if (!this.strict) continue;
      if (outcome.kind === 'error') {
        return { ...outcome, message: `the variable ${variable.name} is in error: ${outcome.message}` };
      }
      if (outcome.kind === 'unknown') mayFail = true;
    }
    const bindings = this.bindingsOf(owner.definitions, seen);
    if (expression.readsRuntime) {
      const runtime = this.runtime(owner, seen);
      if (this.strict && runtime.fault !== undefined) return { kind: 'error', message: runtime.fault };
      bindings.runtime = runtime.value;
      if (this.strict && runtime.mayFail) mayFail = true;
    }
    const outcome = expression.program.run(bindings, this.host);
    if (!mayFail || outcome.kind !== 'value') return outcome;
    return { kind: 'unknown', barringError: { value: outcome.value } };
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
    const known = outcome.kind === 'unknown' ? outcome.barringError : outcome;
    if (known === undefined) this.stateOf(owner.definitions).openVariables?.[view].add(variable.name);
    else if ('value' in known) this.bindingsOf(owner.definitions, view).V[variable.name] = known.value;
    return outcome;
  }

  /** What does not read `D`, and everything while the whole path is visible, is evaluated once for both views. */
  private seenFrom(view: View, readsPath: boolean): View {
    return readsPath && this.twoViews ? view : VISIBLE;
  }

  private stateOf(definitions: Definitions): State {
    const known = this.states.get(definitions);
    if (known !== undefined) return known;
    const state: State = {
      outcomes: [[], []],
      bindings: [undefined, undefined],
      runtimes: [undefined, undefined],
      openVariables: this.input.unknowns === undefined ? undefined : [new Set(), new Set()],
    };
    this.states.set(definitions, state);
    return state;
  }

  private bindingsOf(definitions: Definitions, view: View): PolicyBindings {
    const { bindings, openVariables } = this.stateOf(definitions);
    const known = bindings[view];
    if (known !== undefined) return known;
    this.roots ??= toRoots(this.input, this.strict);
    const { unknowns } = this.input;
    const variables =
      openVariables === undefined || unknowns === undefined ? {} : openMap({}, openVariables[view], unknowns);
    const { globals } = this.settings;
    const fresh = toBindings(this.roots, this.input, view, definitions, globals, variables, NO_RUNTIME.value);
    bindings[view] = fresh;
    return fresh;
  }

  private record(expression: string, message: string): void {
    if (!this.recording) return;
    if (this.errors.some((error) => error.expression === expression && error.error === message)) return;
    this.errors.push({ expression, value: 'error', error: message });
  }
}
