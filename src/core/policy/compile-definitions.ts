import { compileProgram } from '../cel/compile.ts';
import { type Json, shorten } from '../entity.ts';
import type { Problem } from '../problem.ts';
import type { Located } from './document.ts';
import type { Definitions, Expression, Match, Variable } from './expression.ts';
import { findReferences } from './references.ts';
import type {
  ConstantSyntax,
  DefinitionsSyntax,
  ExportConstantsSyntax,
  ExportVariablesSyntax,
  MatchSyntax,
  VariableSyntax,
} from './syntax.ts';

export interface Exports {
  readonly variables: ReadonlyMap<string, ExportVariablesSyntax>;
  readonly constants: ReadonlyMap<string, ExportConstantsSyntax>;
}

/** A variable on its way: compiled once, after those that it names. */
interface Draft {
  readonly syntax: VariableSyntax;
  state: 'waiting' | 'compiling' | 'done';
  variable?: Variable;
}

/**
 * Compiles the expressions of one policy against its variables and constants. Every name below `V` and `C` must be
 * defined; variables may name one another, in any order, without a cycle (Cerbos, "Variables and constants").
 */
export class ExpressionCompiler {
  readonly definitions: Definitions;
  private readonly constants: { [name: string]: Json } = {};
  private readonly drafts = new Map<string, Draft>();
  private readonly problems: Problem[];
  private readonly order: Variable[] = [];
  private used = new Set<Variable>();

  constructor(syntax: DefinitionsSyntax, exports: Exports, problems: Problem[]) {
    this.problems = problems;
    this.definitions = { constants: this.constants };
    this.addConstants(syntax, exports);
    this.addVariables(syntax, exports);
    for (const draft of this.drafts.values()) this.compileVariable(draft);
  }

  /** Forgets which variables were used so far: the next expressions belong to something that is evaluated apart. */
  resetUsed(): void {
    this.used = new Set();
  }

  /** The variables that the expressions compiled since `resetUsed` need, each after what it needs itself. */
  usedVariables(): readonly Variable[] {
    return this.order.filter((variable) => this.used.has(variable));
  }

  match(syntax: MatchSyntax | undefined): Match | undefined {
    if (syntax === undefined) return undefined;
    if (syntax.kind === 'expr') {
      const expression = this.expression(syntax.source, 'bool');
      return expression === undefined ? undefined : { kind: 'expr', text: expression.source, expression };
    }
    const of = syntax.of.flatMap((operand) => this.match(operand) ?? []);
    return { kind: syntax.kind, text: `${syntax.kind}(${of.map((operand) => operand.text).join(', ')})`, of };
  }

  expression(source: Located<string>, result: 'bool' | 'any'): Expression | undefined {
    const expression = this.compile(source, result);
    for (const variable of expression?.needs ?? []) this.used.add(variable);
    return expression;
  }

  private compile(source: Located<string>, result: 'bool' | 'any'): Expression | undefined {
    const references = findReferences(source.value);
    for (const name of references.constants) {
      if (!Object.hasOwn(this.constants, name))
        this.undefinedName('constant', 'C', name, Object.keys(this.constants), source);
    }
    const names = references.everyVariable ? [...this.drafts.keys()] : references.variables;
    const needs = new Set<Variable>();
    for (const name of names) {
      const draft = this.drafts.get(name);
      if (draft === undefined) this.undefinedName('variable', 'V', name, [...this.drafts.keys()], source);
      else this.compileVariable(draft);
      for (const variable of draft?.variable?.expression.needs ?? []) needs.add(variable);
      if (draft?.variable !== undefined) needs.add(draft.variable);
    }
    const program = compileProgram(source.value, { result, place: source.place });
    if (!program.ok) {
      this.problems.push({ ...source.place, ...program.error });
      return undefined;
    }
    const through = [...needs].map((variable) => variable.expression);
    const { reads } = program.value;
    return {
      source: source.value,
      program: program.value,
      needs: this.order.filter((variable) => needs.has(variable)),
      readsPath: reads.has('D') || through.some((expression) => expression.readsPath),
      readsRuntime: reads.has('runtime') || through.some((expression) => expression.readsRuntime),
    };
  }

  private compileVariable(draft: Draft): void {
    const { name, source } = draft.syntax;
    if (draft.state === 'done') return;
    if (draft.state === 'compiling') {
      const message = `the variable "${name.value}" is defined through itself`;
      this.problems.push({ ...name.place, message, found: shorten(source.value), expected: 'no cycle' });
      return;
    }
    draft.state = 'compiling';
    const expression = this.compile(source, 'any');
    draft.state = 'done';
    if (expression === undefined) return;
    draft.variable = { name: name.value, index: this.order.length, expression };
    this.order.push(draft.variable);
  }

  private addConstants(syntax: DefinitionsSyntax, exports: Exports): void {
    const places = new Map<string, Located<string>>();
    const add = ({ name, value }: ConstantSyntax, at: Located<string>): void => {
      const first = places.get(name.value);
      if (first !== undefined) this.redefined('constant', name.value, at, first);
      else Object.defineProperty(this.constants, name.value, { value, enumerable: true });
      places.set(name.value, first ?? name);
    };
    for (const name of syntax.importConstants) {
      const exported = exports.constants.get(name.value);
      if (exported === undefined) this.missingImport('exportConstants', name, [...exports.constants.keys()]);
      for (const constant of exported?.constants ?? []) add(constant, name);
    }
    for (const constant of syntax.constants) add(constant, constant.name);
  }

  private addVariables(syntax: DefinitionsSyntax, exports: Exports): void {
    const add = (variable: VariableSyntax, at: Located<string>): void => {
      const first = this.drafts.get(variable.name.value);
      if (first !== undefined) this.redefined('variable', variable.name.value, at, first.syntax.name);
      else this.drafts.set(variable.name.value, { syntax: variable, state: 'waiting' });
    };
    for (const name of syntax.importVariables) {
      const exported = exports.variables.get(name.value);
      if (exported === undefined) this.missingImport('exportVariables', name, [...exports.variables.keys()]);
      for (const variable of exported?.variables ?? []) add(variable, name);
    }
    for (const variable of syntax.variables) add(variable, variable.name);
  }

  private missingImport(kind: string, name: Located<string>, known: readonly string[]): void {
    const expected = known.length === 0 ? `one, but there are no ${kind}` : `one of ${known.toSorted().join(', ')}`;
    this.problems.push({
      ...name.place,
      message: `there are no ${kind} named "${name.value}"`,
      found: name.value,
      expected,
    });
  }

  private redefined(kind: string, name: string, at: Located<string>, first: Located<string>): void {
    const { file, line } = first.place;
    const message = `the ${kind} "${name}" is defined twice`;
    this.problems.push({
      ...at.place,
      message,
      found: name,
      expected: `one definition: ${file}:${line} has it already`,
    });
  }

  private undefinedName(
    kind: string,
    root: string,
    name: string,
    known: readonly string[],
    source: Located<string>,
  ): void {
    const expected =
      known.length === 0 ? `a ${kind}, but none is defined here` : `one of ${known.toSorted().join(', ')}`;
    const message = `the ${kind} "${name}" is not defined`;
    this.problems.push({ ...source.place, message, found: `${root}.${name}`, expected });
  }
}
