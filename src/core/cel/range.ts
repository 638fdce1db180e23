import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { fail } from './fault.ts';
import { isDuration, isTimestamp } from './functions/time.ts';
import type { Handle } from './tree.ts';
import { typeName } from './value.ts';

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/** Operators whose results may leave the range of their type. */
export const RANGED: ReadonlySet<string> = new Set(['+', '-', '*', '/', '-_']);

/**
 * The value, or a CEL error where its type does not reach so far (cel-spec, langdef "Overflow", "Timestamp",
 * "Duration"). The library checks sums and products of integers, and neither negation, quotients nor time.
 */
function keepInRange(value: unknown): unknown {
  const within =
    typeof value === 'bigint'
      ? value >= MIN_INT && value <= MAX_INT
      : value instanceof UnsignedInt
        ? value.value >= 0n && value.value <= MAX_UINT
        : value instanceof Date
          ? isTimestamp(value)
          : !(value instanceof Duration) || isDuration(value);
  return within ? value : fail(`the result is out of the range of ${typeName(value)}`);
}

/** An operator that stays in the range of its types. */
export function ranged(operate: Handle | undefined): Handle {
  return (first, second, third, fourth) => keepInRange(operate?.(first, second, third, fourth));
}

/**
 * `int(x)`, `uint(x)` and `string(x)`, which the library lets pass what no conversion keeps: doubles of 2^63 and more
 * (cel-spec, langdef "Numeric Conversions"; the bounds themselves are refused, since a double near them stands for
 * many integers), and bytes that are no UTF-8.
 */
export function ensureConvertible(callee: string, value: unknown): void {
  if (callee === 'int' && typeof value === 'number' && Math.abs(value) >= 2 ** 63) {
    fail(`int(): the double is out of the range of int`);
  }
  if (callee === 'uint' && typeof value === 'number' && (value < 0 || value >= 2 ** 64)) {
    fail(`uint(): the double is out of the range of uint`);
  }
  if (callee === 'string' && value instanceof Uint8Array && !isUtf8(value)) fail('string(): the bytes are not UTF-8');
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
