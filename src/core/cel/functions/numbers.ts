import type { Environment } from '@marcbachmann/cel-js';

/**
 * Arithmetic of a double and an int. Every number that comes as JSON is a double and every literal without a point
 * an int, so `R.attr.amount + 1` needs it; the result is a double. Written with two literals (`1 + 1.0`) it stays an
 * error at load, as in CEL (see lint.ts).
 */
export function registerNumbers(environment: Environment): void {
  const operators: { readonly [symbol: string]: (left: number, right: number) => number } = {
    '+': (left, right) => left + right,
    '-': (left, right) => left - right,
    '*': (left, right) => left * right,
    '/': (left, right) => left / right,
  };
  for (const [symbol, compute] of Object.entries(operators)) {
    environment.registerOperator(`double ${symbol} int: double`, (left: number, right: bigint) =>
      compute(left, Number(right)),
    );
    environment.registerOperator(`int ${symbol} double: double`, (left: bigint, right: number) =>
      compute(Number(left), right),
    );
  }
}
