import type { Environment } from '@marcbachmann/cel-js';
import { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { fail } from '../fault.ts';
import { numeric, typeName } from '../value.ts';
import { defineNamespace, type Functions } from './define.ts';

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;

/** Arguments that `math.greatest` and `math.least` take beside a list. */
const MOST_ARGUMENTS = 8;

function extreme(
  values: readonly unknown[],
  isBetter: (one: number | bigint, other: number | bigint) => boolean,
): unknown {
  if (values.length === 0) fail('an empty list has no greatest and no least number');
  return values.reduce((best, value) => (isBetter(number(value), number(best)) ? value : best));
}

function number(value: unknown): number | bigint {
  return numeric(value) ?? fail(`a ${typeName(value)} is not a number`);
}

const greatest = (values: readonly unknown[]) => extreme(values, (one, other) => one > other);
const least = (values: readonly unknown[]) => extreme(values, (one, other) => one < other);

function variadic(name: string, compute: (values: readonly unknown[]) => unknown): Functions {
  const functions: { [signature: string]: (...args: never[]) => unknown } = {
    [`${name}(dyn): dyn`]: (value: unknown) => {
      const values = Array.isArray(value) ? value : [value];
      values.forEach(number);
      return compute(values);
    },
  };
  for (let count = 2; count <= MOST_ARGUMENTS; count += 1) {
    const signature = `${name}(${Array.from({ length: count }, () => 'dyn').join(', ')}): dyn`;
    functions[signature] = (...values: unknown[]) => compute(values);
  }
  return functions;
}

function abs(value: bigint): bigint {
  return checked(value < 0n ? -value : value);
}

function checked(value: bigint): bigint {
  return value < MIN_INT || value > MAX_INT ? fail('integer overflow') : value;
}

/** Halves go away from zero, as in Go. */
function round(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

function shift(value: bigint, by: bigint, direction: 'left' | 'right'): bigint {
  if (by < 0n) fail('a shift by a negative number of bits');
  if (by >= 64n) return 0n;
  return BigInt.asIntN(64, direction === 'left' ? value << by : BigInt.asUintN(64, value) >> by);
}

function shiftUnsigned(value: UnsignedInt, by: bigint, direction: 'left' | 'right'): UnsignedInt {
  if (by < 0n) fail('a shift by a negative number of bits');
  if (by >= 64n) return new UnsignedInt(0n);
  return new UnsignedInt(BigInt.asUintN(64, direction === 'left' ? value.value << by : value.value >> by));
}

function bits(name: string, compute: (left: bigint, right: bigint) => bigint): Functions {
  return {
    [`${name}(int, int): int`]: compute,
    [`${name}(uint, uint): uint`]: (left: UnsignedInt, right: UnsignedInt) =>
      new UnsignedInt(compute(left.value, right.value)),
  };
}

/** cel-go's extension library "Math". */
export function registerMath(environment: Environment): void {
  const identity = (value: unknown) => value;
  defineNamespace(environment, 'math', {
    ...variadic('greatest', greatest),
    ...variadic('least', least),
    'ceil(double): double': Math.ceil,
    'floor(double): double': Math.floor,
    'round(double): double': round,
    'trunc(double): double': Math.trunc,
    'abs(double): double': Math.abs,
    'abs(int): int': abs,
    'abs(uint): uint': identity,
    'sign(double): double': Math.sign,
    'sign(int): int': (value: bigint) => (value > 0n ? 1n : value < 0n ? -1n : 0n),
    'sign(uint): uint': (value: UnsignedInt) => new UnsignedInt(value.value > 0n ? 1n : 0n),
    'sqrt(double): double': Math.sqrt,
    'sqrt(int): double': (value: bigint) => Math.sqrt(Number(value)),
    'isNaN(double): bool': Number.isNaN,
    'isInf(double): bool': (value: number) => Math.abs(value) === Number.POSITIVE_INFINITY,
    'isFinite(double): bool': Number.isFinite,
    ...bits('bitAnd', (left, right) => left & right),
    ...bits('bitOr', (left, right) => left | right),
    ...bits('bitXor', (left, right) => left ^ right),
    'bitNot(int): int': (value: bigint) => ~value,
    'bitNot(uint): uint': (value: UnsignedInt) => new UnsignedInt(BigInt.asUintN(64, ~value.value)),
    'bitShiftLeft(int, int): int': (value: bigint, by: bigint) => shift(value, by, 'left'),
    'bitShiftLeft(uint, int): uint': (value: UnsignedInt, by: bigint) => shiftUnsigned(value, by, 'left'),
    'bitShiftRight(int, int): int': (value: bigint, by: bigint) => shift(value, by, 'right'),
    'bitShiftRight(uint, int): uint': (value: UnsignedInt, by: bigint) => shiftUnsigned(value, by, 'right'),
  });
}
