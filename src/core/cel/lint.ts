import { LIMITS } from '../limits.ts';
import { messageOf } from './fault.ts';
import { TWO_VARIABLE_MACROS } from './functions/macros.ts';
import { compilePattern } from './functions/regex.ts';
import { calleeOf, childrenOf, comprehensionOf, type TreeNode } from './tree.ts';

/** Something wrong with an expression, at an offset of its source. */
export interface Finding {
  readonly message: string;
  readonly offset: number;
  readonly expected?: string;
}

const RELATIONS = new Set(['<', '<=', '>', '>=', 'in']);

/**
 * What the library's parser lets pass, before the type check: relations that it binds against the specification,
 * patterns that are no regular expressions, comprehensions nested too deeply.
 */
export function lintSyntax(root: TreeNode, source: string): Finding | undefined {
  const depths = nesting(source);
  return (
    lintInteger(root) ??
    findFirst(root, (node) => lintRelation(node, source, depths) ?? lintIntegers(node) ?? lintPattern(node)) ??
    lintComprehensions(root)
  );
}

function findFirst(node: TreeNode, check: (node: TreeNode) => Finding | undefined): Finding | undefined {
  const finding = check(node);
  if (finding !== undefined) return finding;
  for (const child of childrenOf(node)) {
    const below = findFirst(child, check);
    if (below !== undefined) return below;
  }
  return undefined;
}

/**
 * `a == b in c` is `(a == b) in c` (cel-spec, langdef "Syntax": relations associate to the left, all at one level);
 * the library reads `a == (b in c)`. Refused: whoever means either can say so with parentheses.
 */
function lintRelation(node: TreeNode, source: string, depths: readonly number[]): Finding | undefined {
  if (node.op !== '==' && node.op !== '!=') return undefined;
  const [left, right] = node.args as [TreeNode, TreeNode];
  if (!RELATIONS.has(right.op)) return undefined;
  const [first, second] = right.args as [TreeNode, TreeNode];
  const equality = operatorAt(source, left.end, first.start, /[=!]=/);
  const relation = operatorAt(source, first.end, second.start, /[<>]=?|\bin\b/);
  if ((depths[relation] ?? 0) > (depths[equality] ?? 0)) return undefined;
  return {
    message: `"${node.op}" beside "${right.op}" is ambiguous`,
    offset: equality,
    expected: `parentheses: a ${node.op} (b ${right.op} c) or (a ${node.op} b) ${right.op} c`,
  };
}

/** Where the operator between two operands stands; comments in between do not count. */
function operatorAt(source: string, from: number, to: number, operator: RegExp): number {
  const between = source.slice(from, to).replace(/\/\/[^\n]*/g, (comment) => ' '.repeat(comment.length));
  const match = operator.exec(between);
  return match === null ? from : from + match.index;
}

/** For every offset of the source, how many brackets are open there. Strings and comments do not count. */
export function nesting(source: string): readonly number[] {
  const depths: number[] = [];
  let depth = 0;
  let offset = 0;
  while (offset < source.length) {
    const token = SKIPPED.exec(source.slice(offset, offset + LIMITS.celSource))?.[0] ?? source[offset] ?? '';
    if (token === '(' || token === '[' || token === '{') depth += 1;
    for (let index = 0; index < token.length; index += 1) depths.push(depth);
    if (token === ')' || token === ']' || token === '}') depth -= 1;
    offset += token.length;
  }
  return depths;
}

const SKIPPED =
  /^(?:\/\/[^\n]*|"""(?:[^\\]|\\[\s\S])*?"""|'''(?:[^\\]|\\[\s\S])*?'''|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/;

const MAX_INT = 2n ** 63n - 1n;

/** An int has 64 bits (cel-spec, langdef "Numeric Values"); the library's are as long as one writes them. */
function lintInteger(node: TreeNode, most = MAX_INT): Finding | undefined {
  if (node.op !== 'value' || typeof node.args !== 'bigint' || node.args <= most) return undefined;
  return { message: 'the integer is larger than 64 bits allow', offset: node.start, expected: `at most ${most}` };
}

/** The least int is written as minus a number that is one too large. */
function lintIntegers(node: TreeNode): Finding | undefined {
  const most = node.op === '-_' ? MAX_INT + 1n : MAX_INT;
  return childrenOf(node)
    .map((child) => lintInteger(child, most))
    .find((finding) => finding !== undefined);
}

/** Patterns written in the policy are compiled when it loads, where somebody is there to read the error. */
function lintPattern(node: TreeNode): Finding | undefined {
  const callee = calleeOf(node);
  if (callee !== 'matches' && callee !== '0matches') return undefined;
  const pattern = childrenOf(node).at(1);
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') return undefined;
  try {
    compilePattern(pattern.args);
    return undefined;
  } catch (thrown) {
    return { message: messageOf(thrown), offset: pattern.start, expected: 'a pattern in the syntax of RE2' };
  }
}

/** Only bodies multiply: `a.map(…).filter(…)` runs one after the other. */
function lintComprehensions(root: TreeNode, outer = 0): Finding | undefined {
  const repeats = repeatsBody(root);
  const inner = repeats ? outer + 1 : outer;
  if (inner > LIMITS.celComprehensions) {
    return {
      message: `more than ${LIMITS.celComprehensions} comprehensions inside one another`,
      offset: root.start,
      expected: `at most ${LIMITS.celComprehensions} of all, exists, map, filter in one another`,
    };
  }
  const [range, ...bodies] = childrenOf(root);
  if (range === undefined) return undefined;
  return (
    lintComprehensions(range, outer) ??
    bodies.map((body) => lintComprehensions(body, inner)).find((finding) => finding !== undefined)
  );
}

function repeatsBody(node: TreeNode): boolean {
  if (comprehensionOf(node) !== undefined) return true;
  if (node.op !== 'rcall' || node.meta.macro === undefined) return false;
  const callee = calleeOf(node);
  return callee === 'sortBy' || (callee !== undefined && TWO_VARIABLE_MACROS.has(callee));
}
