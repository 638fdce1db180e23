import type { Environment } from '@marcbachmann/cel-js';
import type { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { fail } from '../fault.ts';
import { define } from './define.ts';

const MAX_INT = 2n ** 63n - 1n;

/** `int(uint)` and the order of bytes (cel-spec, langdef "List of Standard Definitions"), which the library lacks. */
export function registerConversions(environment: Environment): void {
  define(environment, {
    'int(uint): int': ({ value }: UnsignedInt) => (value <= MAX_INT ? value : fail('int(): the uint is out of range')),
  });
  const orders: { readonly [operator: string]: (order: number) => boolean } = {
    '<': (order) => order < 0,
    '<=': (order) => order <= 0,
    '>': (order) => order > 0,
    '>=': (order) => order >= 0,
  };
  for (const [operator, holds] of Object.entries(orders)) {
    environment.registerOperator(`bytes ${operator} bytes`, (left: Uint8Array, right: Uint8Array) =>
      holds(compareBytes(left, right)),
    );
  }
}

/** Byte by byte; of two that begin the same, the shorter is less. */
function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
