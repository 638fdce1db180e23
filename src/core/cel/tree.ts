import type { ASTNode } from '@marcbachmann/cel-js';

/**
 * What this room uses of the library's syntax tree. Its published types leave out what the parser attaches (macro
 * expansions, handlers, checked types), so everything that reaches into a tree goes through this file.
 */
export interface TreeNode {
  readonly op: string;
  readonly args: unknown;
  readonly start: number;
  readonly end: number;
  readonly meta: TreeMeta;
  setMeta(key: 'macro' | 'evaluate', value: unknown): TreeNode;
  /** Set by the type check. */
  readonly checkedType?: CheckedType;
  /** Set by the type check: computes the node from its evaluated operands. */
  handle?: Handle;
}

export type Handle = (first: unknown, second: unknown, third: unknown, fourth: unknown) => unknown;
export type Evaluate = (evaluator: Evaluator, node: unknown, scope: Scope) => unknown;

interface TreeMeta {
  /** What a macro such as `exists` expands to. */
  readonly alternate?: TreeNode;
  readonly macro?: Macro;
  readonly evaluate?: Evaluate;
}

export interface CheckedType {
  readonly kind: string;
  readonly name: string;
  readonly hasDynType: boolean;
  readonly keyType?: CheckedType;
  readonly valueType?: CheckedType;
}

export interface Evaluator {
  run(node: TreeNode, scope: Scope): unknown;
}

export interface Checker {
  check(node: TreeNode, scope: Scope): CheckedType;
  getType(name: string): CheckedType;
  createError(code: string, message: string, node: TreeNode): Error;
}

/** A scope of variables; the same class serves the type check and the evaluation. */
export interface Scope {
  forkWithVariable(name: string, type: CheckedType): BoundScope;
}

export interface BoundScope extends Scope {
  reuse(parent: Scope): BoundScope;
  setIterValue(value: unknown, evaluator: Evaluator): BoundScope;
}

export interface Macro {
  typeCheck(checker: Checker, macro: unknown, scope: Scope): CheckedType;
  evaluate(evaluator: Evaluator, macro: unknown, scope: Scope): unknown;
}

/** A comprehension, as the macros `all`, `exists`, `exists_one`, `map` and `filter` expand to it. */
export interface ComprehensionArgs {
  readonly iterable: TreeNode;
  readonly step: TreeNode;
}

export function toTree(ast: ASTNode): TreeNode {
  return ast as unknown as TreeNode;
}

/** The operands as they stand in the source; macro calls keep theirs, whatever they expand to. */
export function childrenOf(node: TreeNode): readonly TreeNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [(node.args as [TreeNode])[0]];
    case 'call':
      return (node.args as [string, TreeNode[]])[1];
    case 'rcall': {
      const [, receiver, args] = node.args as [string, TreeNode, TreeNode[]];
      return [receiver, ...args];
    }
    case 'map':
      return (node.args as TreeNode[][]).flat();
    case '!_':
    case '-_':
      return [node.args as TreeNode];
    default:
      return node.args as TreeNode[];
  }
}

/** The name of the function that a call node calls, or undefined for other nodes. */
export function calleeOf(node: TreeNode): string | undefined {
  return node.op === 'call' || node.op === 'rcall' ? (node.args as [string])[0] : undefined;
}

export function renameCallee(node: TreeNode, name: string): void {
  (node.args as [string])[0] = name;
}

export function replaceValue(node: TreeNode, value: unknown): void {
  (node as { args: unknown }).args = value;
}

/** Visits `root` and everything below it, parents first. The library bounds the depth that recursion can reach. */
export function walk(root: TreeNode, visit: (node: TreeNode) => void): void {
  visit(root);
  for (const child of childrenOf(root)) walk(child, visit);
}

export function countNodes(root: TreeNode): number {
  let count = 0;
  walk(root, () => {
    count += 1;
  });
  return count;
}

/** The comprehension that a macro call expands to, if it does. */
export function comprehensionOf(
  node: TreeNode,
): { readonly node: TreeNode; readonly args: ComprehensionArgs } | undefined {
  const alternate = node.meta.alternate;
  if (alternate?.op !== 'comprehension') return undefined;
  return { node: alternate, args: alternate.args as ComprehensionArgs };
}
