import type { Json } from '../../entity.ts';

/** An operand of a filter (Cerbos API, `PlanResourcesFilter.Expression.Operand`). */
export type Operand =
  | { readonly expression: { readonly operator: string; readonly operands: readonly Operand[] } }
  | { readonly value: Json }
  | { readonly variable: string };

export function operation(operator: string, operands: readonly Operand[]): Operand {
  return { expression: { operator, operands } };
}
