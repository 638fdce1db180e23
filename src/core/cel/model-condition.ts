import type { Environment } from '@marcbachmann/cel-js';
import type { Budget } from '../limits.ts';
import type { ModelCondition } from '../model/model.ts';
import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import { type KnownCondition, toConditionValue } from './condition.ts';
import { createStandardEnvironment } from './environment.ts';
import { evaluateWith } from './evaluation.ts';
import { fail, messageOf } from './fault.ts';
import { define } from './functions/define.ts';
import { holdsAddress, parseIp, parseNetwork } from './functions/ip-address.ts';
import { Ip } from './functions/network.ts';
import { celTypeOf, IP_ADDRESS, toParameter } from './parameters.ts';
import { type Checked, parseExpression } from './parse.ts';
import { type Place, problemAt } from './place.ts';

/** A compiled condition of an OpenFGA model. */
export interface ModelConditionProgram {
  readonly condition: ModelCondition;
  /**
   * Whether the condition holds for a context (what came with the request, overlaid with what is stored on the
   * relationship). Names that are no parameters are ignored. A parameter of the wrong type is an error, and so is a
   * missing one, even where the answer does not depend on it (OpenFGA, internal/condition/eval). Never throws.
   */
  evaluate(context: { readonly [name: string]: unknown }, budget: Budget): KnownCondition;
}

/**
 * Compiles a condition of an OpenFGA model (OpenFGA, "Conditions"): CEL's standard functions, parameters of the
 * declared types, `ipaddress("…")` and `in_cidr`. The expression must be bool by its static type.
 */
export function compileModelCondition(
  condition: ModelCondition,
  place?: Place,
): Result<ModelConditionProgram, Problem> {
  const environment = createStandardEnvironment(false);
  defineIpAddress(environment);
  for (const [name, type] of condition.parameters) {
    try {
      environment.registerVariable(name, celTypeOf(type));
    } catch (thrown) {
      return err(
        problemAt(condition.expression, 0, place, {
          message: `the parameter ${name} cannot be declared: ${messageOf(thrown)}`,
          expected: 'a name that means nothing else in CEL',
        }),
      );
    }
  }
  const checked = parseExpression(environment, condition.expression, place);
  if (!checked.ok) return checked;
  if (checked.value.type !== 'bool') {
    return err(
      problemAt(condition.expression, 0, place, {
        message: `the condition is a ${checked.value.type}`,
        expected: 'a static type of bool',
      }),
    );
  }
  return ok(toProgram(condition, checked.value));
}

function defineIpAddress(environment: Environment): void {
  environment.registerType(IP_ADDRESS, Ip);
  environment.registerOperator(`${IP_ADDRESS} == ${IP_ADDRESS}`, (left: Ip, right: Ip) => left.equals(right));
  define(environment, {
    [`ipaddress(string): ${IP_ADDRESS}`]: (text: string) => {
      const address = parseIp(text);
      return address === undefined ? fail(`"${text.slice(0, 64)}" is not an IP address`) : new Ip(address);
    },
    [`${IP_ADDRESS}.in_cidr(string): bool`]: (ip: Ip, cidr: string) => {
      const network = parseNetwork(cidr);
      return network === undefined ? fail(`"${cidr.slice(0, 64)}" is not a CIDR`) : holdsAddress(network, ip.address);
    },
  });
}

function toProgram(condition: ModelCondition, checked: Checked): ModelConditionProgram {
  const { expression } = condition;
  const error = (message: string): KnownCondition => ({ kind: 'error', expression, message });
  let running = false;
  return {
    condition,
    evaluate(context, budget) {
      if (!budget.spend(checked.cost + condition.parameters.size)) return error('the decision took too many steps');
      if (running) return error('the condition was evaluated from inside itself');
      const variables = toVariables(condition, context);
      if (!variables.ok) return error(variables.error);
      const missing = [...condition.parameters.keys()].filter((name) => !Object.hasOwn(variables.value, name));
      if (missing.length > 0) return error(`missing parameters: ${missing.join(', ')}`);
      running = true;
      try {
        const value = evaluateWith(budget, undefined, () => checked.evaluate(variables.value));
        if (budget.exhausted) return error('the decision took too many steps');
        return toConditionValue({ kind: 'value', value }, expression);
      } catch (thrown) {
        if (budget.exhausted) return error('the decision took too many steps');
        return error(messageOf(thrown));
      } finally {
        running = false;
      }
    },
  };
}

/** The parameters that the context has, converted; or which one is not of its type. */
function toVariables(
  condition: ModelCondition,
  context: { readonly [name: string]: unknown },
): Result<{ readonly [name: string]: unknown }, string> {
  const variables: { [name: string]: unknown } = Object.create(null);
  for (const [name, type] of condition.parameters) {
    if (!Object.hasOwn(context, name)) continue;
    const converted = toParameter(context[name], type);
    if (!converted.ok) return err(`parameter ${name}: ${converted.error}`);
    variables[name] = converted.value;
  }
  return ok(variables);
}
