import { Optional } from '@marcbachmann/cel-js';
import { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { spend } from './evaluation.ts';
import { fail } from './fault.ts';
import { ensureConvertible, RANGED, ranged } from './range.ts';
import {
  calleeOf,
  childrenOf,
  comprehensionOf,
  countNodes,
  type Evaluate,
  type Handle,
  type TreeNode,
} from './tree.ts';
import { equal, isIn, isMap, sizeInSteps, typeName } from './value.ts';

/**
 * Puts a checked tree under the decision's budget, and equality and membership under this room's rules. The library
 * has no cost limit of its own: every iteration, and every operation whose time grows with its operands, spends.
 */
export function instrument(root: TreeNode): void {
  instrumentNode(root);
  for (const child of childrenOf(root)) {
    // The variable that a macro binds is no expression and was never checked.
    if (child.checkedType !== undefined) instrument(child);
  }
}

function instrumentNode(node: TreeNode): void {
  if (RANGED.has(node.op)) node.handle = ranged(node.handle);
  if (SELECTIONS.has(node.op) && childrenOf(node)[0]?.checkedType?.kind === 'optional') {
    node.handle = selectOfOptional(node.handle);
  }
  switch (node.op) {
    case '==':
      node.handle = (left, right) => equal(left, right);
      return;
    case '!=':
      node.handle = (left, right) => !equal(left, right);
      return;
    case 'in':
      node.handle = (value, container) =>
        isIn(value, container) ?? fail(`no such overload: ${typeName(value)} in ${typeName(container)}`);
      return;
    case '+':
      node.handle = meterConcatenation(node.handle);
      return;
    case '[]':
      node.handle = indexByUint(node.handle);
      return;
    case 'call':
    case 'rcall':
      instrumentCall(node);
      return;
  }
}

function meterConcatenation(add: Handle | undefined): Handle {
  return (left, right, node, evaluator) => {
    if (typeof left === 'object' || typeof left === 'string') spend(sizeInSteps(left) + sizeInSteps(right));
    return add?.(left, right, node, evaluator);
  };
}

const SELECTIONS = new Set(['.', '.?', '[]', '[?]']);

/** An optional that holds null or a number has nothing to select: an error, where the library finds an empty one. */
function selectOfOptional(select: Handle | undefined): Handle {
  return (optional, key, node, evaluator) => {
    const held = optional instanceof Optional && optional.hasValue() ? optional.value() : undefined;
    if (held !== undefined && !isMap(held) && !Array.isArray(held)) fail(`a ${typeName(held)} has no elements`);
    return select?.(optional, key, node, evaluator);
  };
}

/** A uint is as good an index of a list as an int (cel-spec, langdef "List of Standard Definitions", `_[_]`). */
function indexByUint(select: Handle | undefined): Handle {
  return (container, key, node, evaluator) =>
    select?.(container, key instanceof UnsignedInt && Array.isArray(container) ? key.value : key, node, evaluator);
}

function instrumentCall(node: TreeNode): void {
  const comprehension = comprehensionOf(node);
  if (comprehension !== undefined) {
    meterComprehension(comprehension.node, comprehension.args.step, countNodes(node));
    return;
  }
  const call = node.handle;
  if (node.meta.macro !== undefined || call === undefined) return;
  const converts = node.op === 'call' ? calleeOf(node) : undefined;
  node.handle = (args, second, third, fourth) => {
    if (converts !== undefined) ensureConvertible(converts, (args as unknown[])[0]);
    for (const argument of args as unknown[]) spend(sizeInSteps(argument));
    return call(args, second, third, fourth);
  };
}

function meterComprehension(comprehension: TreeNode, step: TreeNode, cost: number): void {
  const iterate = comprehension.handle;
  if (iterate === undefined) return;
  comprehension.handle = (range, args, evaluator, scope) => {
    const items = isMap(range) ? (range instanceof Map ? [...range.keys()] : Object.keys(range)) : range;
    // Also what stops nested comprehensions once the steps are used up: quantifiers go on over errors.
    spend(1 + (Array.isArray(items) && items !== range ? items.length : 0));
    return iterate(items, args, evaluator, scope);
  };
  const body = step.meta.evaluate;
  if (body === undefined) return;
  const metered: Evaluate = (evaluator, node, scope) => {
    spend(cost);
    return body(evaluator, node, scope);
  };
  step.setMeta('evaluate', metered);
}
