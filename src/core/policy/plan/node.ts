import { boolean, call, type Syntax } from '../../cel/syntax.ts';
import { toJson } from '../../cel/to-json.ts';
import { inARow } from './residual.ts';

/** What a rule or a combination of rules comes to: a residual condition, or logic over such. */
export type PlanNode =
  | { readonly kind: 'condition'; readonly expression: Syntax }
  | { readonly kind: 'and' | 'or' | 'not'; readonly of: readonly PlanNode[] };

export const TRUE: PlanNode = { kind: 'condition', expression: boolean(true) };
export const FALSE: PlanNode = { kind: 'condition', expression: boolean(false) };

/** The constant that a node is; a combination of constants is none yet. */
export function constantOf(node: PlanNode | undefined): boolean | undefined {
  if (node?.kind !== 'condition' || node.expression.kind !== 'literal') return undefined;
  const { value } = node.expression;
  return typeof value === 'boolean' ? value : undefined;
}

/** Both, where there are both; the same condition once. */
export function join(
  kind: 'and' | 'or',
  current: PlanNode | undefined,
  next: PlanNode | undefined,
): PlanNode | undefined {
  if (current === undefined || next === undefined) return current ?? next;
  return identity(current) === identity(next) ? current : { kind, of: [current, next] };
}

export function negate(node: PlanNode): PlanNode {
  if (node.kind !== 'not') return { kind: 'not', of: [node] };
  const [only] = node.of;
  return only !== undefined && node.of.length === 1 ? only : { kind: 'and', of: node.of };
}

/** A node as a CEL expression, to stand inside one. */
export function toExpression(node: PlanNode): Syntax {
  if (node.kind === 'condition') return node.expression;
  const parts = node.of.map(toExpression);
  if (node.kind === 'not') return call('!_', ...parts);
  return inARow(node.kind === 'and' ? '&&' : '||', parts);
}

/** A text that equal nodes share. */
function identity(node: PlanNode): string {
  return JSON.stringify(node, (_key, value: unknown) => (typeof value === 'bigint' ? `int ${value}` : plain(value)));
}

function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? toJson(value) : value;
}
