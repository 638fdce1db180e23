import {
  compileMappingExpression,
  type MappingExpression,
  type MappingInputs,
} from '../../core/cel/mapping-expression.ts';
import { type Json, shorten } from '../../core/entity.ts';
import { Budget, LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** A value of a mapping, its expressions compiled. */
export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'expression'; readonly expression: MappingExpression }
  | { readonly kind: 'list'; readonly elements: readonly Template[] }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Template> };

/** Compiles the values of one mapping, which share a bound on their expressions. */
export class TemplateCompiler {
  private expressions = 0;

  /**
   * A string that begins with `$` is an expression, one that begins with `$$` the text from its second `$` on, and
   * anything else stands for itself (COAZ binding for MCP, "Expressions and Literals"). `value` is JSON that
   * `admitInput` has admitted, and stands at `where` in the mapping.
   */
  compile(value: Json, where: string): Result<Template, string> {
    if (typeof value === 'string') return this.compileText(value, where);
    if (typeof value !== 'object' || value === null) return ok({ kind: 'literal', value });
    if (Array.isArray(value)) return this.compileList(value, where);
    const fields = new Map<string, Template>();
    for (const [name, member] of Object.entries(value)) {
      const compiled = this.compile(member, `${where}.${name}`);
      if (!compiled.ok) return compiled;
      fields.set(name, compiled.value);
    }
    return ok({ kind: 'object', fields });
  }

  private compileList(list: readonly Json[], where: string): Result<Template, string> {
    const elements: Template[] = [];
    for (const [index, element] of list.entries()) {
      const compiled = this.compile(element, `${where}[${index}]`);
      if (!compiled.ok) return compiled;
      elements.push(compiled.value);
    }
    return ok({ kind: 'list', elements });
  }

  private compileText(text: string, where: string): Result<Template, string> {
    if (!text.startsWith('$')) return ok({ kind: 'literal', value: text });
    if (text.startsWith('$$')) return ok({ kind: 'literal', value: text.slice(1) });
    this.expressions += 1;
    if (this.expressions > LIMITS.mappingExpressions) {
      return err(`it has more than ${LIMITS.mappingExpressions} expressions (limit mappingExpressions)`);
    }
    const compiled = compileMappingExpression(text.slice(1));
    return compiled.ok
      ? ok({ kind: 'expression', expression: compiled.value })
      : err(`${where}: the expression "${shorten(text)}" is wrong: ${compiled.error.message}`);
  }
}

/** Stands for a value that is not known yet, where a template is looked at before there is a message. */
export const UNKNOWN: unique symbol = Symbol('unknown');
/** Stands for what a field would hold that is left out. */
export const ABSENT: unique symbol = Symbol('absent');

export type Resolved = Json | typeof UNKNOWN | readonly Resolved[] | { readonly [field: string]: Resolved };

/** Gives templates their values for one message, all from one budget. */
export class TemplateResolver {
  private readonly inputs: MappingInputs | undefined;
  private readonly budget = new Budget();

  /** Without inputs every expression is UNKNOWN. The inputs are JSON that `admitInput` has admitted. */
  constructor(inputs?: MappingInputs) {
    this.inputs = inputs;
  }

  resolve(template: Template): Result<Resolved | typeof ABSENT, string> {
    switch (template.kind) {
      case 'literal':
        return ok(template.value);
      case 'expression':
        return this.evaluate(template.expression);
      case 'list':
        return this.resolveList(template.elements);
      case 'object':
        return this.resolveObject(template.fields);
    }
  }

  private evaluate(expression: MappingExpression): Result<Resolved | typeof ABSENT, string> {
    if (this.inputs === undefined) return ok(UNKNOWN);
    const value = expression.evaluate(this.inputs, this.budget);
    if (value.kind === 'error') {
      return err(`the expression "$${shorten(expression.source)}" failed: ${value.message}`);
    }
    return ok(value.kind === 'absent' ? ABSENT : value.value);
  }

  private resolveList(elements: readonly Template[]): Result<Resolved, string> {
    const list: Resolved[] = [];
    for (const element of elements) {
      const resolved = this.resolve(element);
      if (!resolved.ok) return resolved;
      if (resolved.value !== ABSENT) list.push(resolved.value);
    }
    return ok(list);
  }

  private resolveObject(fields: ReadonlyMap<string, Template>): Result<Resolved, string> {
    const object: { [name: string]: Resolved } = {};
    for (const [name, field] of fields) {
      const resolved = this.resolve(field);
      if (!resolved.ok) return resolved;
      if (resolved.value !== ABSENT) object[name] = resolved.value;
    }
    return ok(object);
  }
}
