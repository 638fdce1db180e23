import type { Program } from '../cel/program.ts';
import type { Json } from '../entity.ts';

/** A CEL expression of a policy, with what must be known before it runs. */
export interface Expression {
  readonly source: string;
  readonly program: Program;
  /** The variables that it names, and those that these name: every one after what it needs itself. */
  readonly needs: readonly Variable[];
  /** It reads `D`, itself or through a variable: its value depends on who looks. */
  readonly readsPath: boolean;
  /** It reads `runtime`, itself or through a variable. */
  readonly readsRuntime: boolean;
}

export interface Variable {
  readonly name: string;
  /** Its place among the variables of its definitions. */
  readonly index: number;
  readonly expression: Expression;
}

/** What `V` and `C` mean in one policy: its own definitions and those that it imports. */
export interface Definitions {
  readonly constants: { readonly [name: string]: Json };
}

/** A condition's `match`; `text` is what the path records of it. */
export type Match =
  | { readonly kind: 'expr'; readonly text: string; readonly expression: Expression }
  | { readonly kind: 'all' | 'any' | 'none'; readonly text: string; readonly of: readonly Match[] };

/** Whether anything below a match reads `D`. */
export function readsPath(match: Match | undefined): boolean {
  if (match === undefined) return false;
  return match.kind === 'expr' ? match.expression.readsPath : match.of.some(readsPath);
}
