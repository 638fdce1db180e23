import { type Environment, EvaluationError, ParseError, TypeError as TypeFault } from '@marcbachmann/cel-js';
import { shorten } from '../entity.ts';
import { LIMITS } from '../limits.ts';
import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import { REPLACED } from './environment.ts';
import { messageOf, plain } from './fault.ts';
import { HasMacro } from './functions/macros.ts';
import { instrument } from './instrument.ts';
import { type Finding, lintSyntax } from './lint.ts';
import { type Place, problemAt } from './place.ts';
import { calleeOf, childrenOf, countNodes, renameCallee, replaceValue, type TreeNode, toTree, walk } from './tree.ts';

/** An expression that was parsed, linted, checked and put under the budget. */
export interface Checked {
  readonly tree: TreeNode;
  /** Its static type, `dyn` where that depends on the data. */
  readonly type: string;
  /** Steps that one evaluation costs without its iterations. */
  readonly cost: number;
  /** All identifiers, those that macros bind included. */
  readonly identifiers: ReadonlySet<string>;
  /** Throws what the library and the functions throw. Only inside `evaluateWith`. */
  readonly evaluate: (variables: object) => unknown;
}

/**
 * Parses and checks an expression against an environment. Problems carry the place of what they complain about.
 * Never throws.
 */
export function parseExpression(environment: Environment, source: string, place?: Place): Result<Checked, Problem> {
  const problem = (offset: number, finding: Pick<Problem, 'message' | 'found' | 'expected'>) =>
    err(problemAt(source, offset, place, finding));
  if (source.length > LIMITS.celSource) {
    return problem(0, { message: `the expression is longer than ${LIMITS.celSource} characters` });
  }
  if (source.trim() === '') return problem(0, { message: 'the expression is empty' });
  try {
    const parsed = environment.parse(source);
    const tree = toTree(parsed.ast);
    const finding = lintSyntax(tree, source);
    if (finding !== undefined) return problem(finding.offset, describe(finding));
    replaceFunctions(tree);
    encodeBytes(tree, source, environment);
    const checked = parsed.check();
    if (!checked.valid) return problem(offsetOf(checked.error), explain(checked.error, source));
    const cost = countNodes(tree);
    instrument(tree);
    return ok({
      tree,
      type: checked.type ?? 'dyn',
      cost,
      identifiers: identifiersOf(tree),
      evaluate: (variables) => parsed(variables),
    });
  } catch (thrown) {
    return problem(offsetOf(thrown), explain(thrown, source));
  }
}

function describe({ message, expected }: Finding): Pick<Problem, 'message' | 'expected'> {
  return expected === undefined ? { message } : { message, expected };
}

/** Calls what this room puts in the place of the library's functions, which cannot be overridden. */
function replaceFunctions(tree: TreeNode): void {
  walk(tree, (node) => {
    const callee = calleeOf(node);
    if (callee === undefined) return;
    if (REPLACED.has(callee)) renameCallee(node, `0${callee}`);
    if (callee === 'has' && node.op === 'call') replaceHas(node);
  });
}

function replaceHas(node: TreeNode): void {
  const [selected] = childrenOf(node);
  if (selected?.op !== '.') return;
  const [operand, field] = selected.args as [TreeNode, string];
  let optional = false;
  walk(operand, (part) => {
    optional ||= part.op === '.?' || part.op === '[?]';
  });
  // The library's own knows optionals.
  if (!optional) node.setMeta('macro', new HasMacro(operand, field));
}

/**
 * A character in a bytes literal is its UTF-8 (cel-spec, langdef "String and Bytes Values"); to the library it is one
 * byte. So the literal is read again, with escapes in the place of such characters.
 */
function encodeBytes(tree: TreeNode, source: string, environment: Environment): void {
  walk(tree, (node) => {
    if (node.op !== 'value' || !(node.args instanceof Uint8Array)) return;
    const literal = source.slice(node.start, node.end);
    const escaped = literal.replace(/[^\0-\x7f]/gu, (character) =>
      Array.from(new TextEncoder().encode(character), (byte) => `\\x${byte.toString(16)}`).join(''),
    );
    if (escaped !== literal) replaceValue(node, toTree(environment.parse(escaped).ast).args);
  });
}

function identifiersOf(tree: TreeNode): ReadonlySet<string> {
  const names = new Set<string>();
  walk(tree, (node) => {
    if (node.op === 'id') names.add(node.args as string);
  });
  return names;
}

function offsetOf(thrown: unknown): number {
  if (thrown instanceof ParseError || thrown instanceof TypeFault || thrown instanceof EvaluationError) {
    return thrown.range?.start ?? 0;
  }
  return 0;
}

function explain(thrown: unknown, source: string): Pick<Problem, 'message' | 'found'> {
  if (thrown instanceof ParseError || thrown instanceof TypeFault) {
    const { start, end } = thrown.range ?? { start: 0, end: 0 };
    const found = source.slice(start, end).trim();
    return { message: plain(thrown.summary), ...(found === '' ? {} : { found: shorten(found) }) };
  }
  return { message: messageOf(thrown) };
}
