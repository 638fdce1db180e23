import type { Environment } from '@marcbachmann/cel-js';

/** Functions by their CEL signature, as the library writes signatures: `string.charAt(int): string`. */
export interface Functions {
  readonly [signature: string]: (...args: never[]) => unknown;
}

export function define(environment: Environment, functions: Functions): void {
  for (const [signature, handler] of Object.entries(functions)) {
    // Without `async: false` the library expects promises wherever the function is used.
    environment.registerFunction(signature, handler as (...args: unknown[]) => unknown, { async: false });
  }
}

/**
 * Declares `name` as something that functions hang on, as `math` in `math.greatest(1, 2)`. Each namespace needs a
 * class of its own, by which the library tells them apart.
 */
export function defineNamespace(environment: Environment, name: string, functions: Functions): void {
  const Namespace = { [name]: class {} }[name] as new () => object;
  const type = `${name}Namespace`;
  environment.registerType(type, Namespace);
  environment.registerConstant(name, type, new Namespace());
  define(
    environment,
    Object.fromEntries(
      Object.entries(functions).map(([signature, handler]) => [
        `${type}.${signature}`,
        (_namespace: object, ...args: never[]) => handler(...args),
      ]),
    ),
  );
}
