import { Environment } from '@marcbachmann/cel-js';
import { LIMITS } from '../limits.ts';
import { registerConversions } from './functions/conversions.ts';
import { registerDecision } from './functions/decision.ts';
import { registerEncoders } from './functions/encoders.ts';
import { registerHierarchy } from './functions/hierarchy.ts';
import { registerLists, registerSets } from './functions/lists.ts';
import { registerTwoVariableMacros } from './functions/macros.ts';
import { registerMath } from './functions/math.ts';
import { registerNetwork } from './functions/network.ts';
import { registerOptionals } from './functions/optionals.ts';
import { registerPaths } from './functions/paths.ts';
import { registerRegex, registerRegexNamespace } from './functions/regex.ts';
import { registerSpiffe } from './functions/spiffe.ts';
import { REPLACED_STRING_FUNCTIONS, registerStrings, registerStringsNamespace } from './functions/strings.ts';
import { REPLACED_TIME_FUNCTIONS, registerTime } from './functions/time.ts';

/** Functions of the library that this room has its own of, under a name that no source can spell. */
export const REPLACED: ReadonlySet<string> = new Set([
  'matches',
  ...REPLACED_TIME_FUNCTIONS,
  ...REPLACED_STRING_FUNCTIONS,
]);

const limits = { maxDepth: LIMITS.celDepth, maxAstNodes: LIMITS.celNodes };

/** The root variables of policies, delegations and capabilities (program.ts says what they hold). */
export const VARIABLES = [
  'request',
  'P',
  'R',
  'D',
  'V',
  'variables',
  'C',
  'constants',
  'G',
  'globals',
  'runtime',
] as const;

/** CEL's standard functions, optionals, and cel-go's extensions that compute with values. */
function createComputingEnvironment(): Environment {
  const environment = createStandardEnvironment(true);
  registerRegexNamespace(environment);
  registerStringsNamespace(environment);
  registerTwoVariableMacros(environment);
  registerOptionals(environment);
  registerLists(environment);
  registerSets(environment);
  registerMath(environment);
  registerEncoders(environment);
  return environment;
}

/** CEL as Cerbos configures it (extension libraries of cel-go and its own functions), and `related`. */
export function createPolicyEnvironment(): Environment {
  const environment = createComputingEnvironment();
  registerNetwork(environment);
  registerPaths(environment);
  registerHierarchy(environment);
  registerSpiffe(environment);
  registerDecision(environment);
  for (const name of VARIABLES) environment.registerVariable(name, 'dyn');
  return environment;
}

/** The variables of declared mappings (COAZ binding for MCP, "Information Model"). */
export const MAPPING_VARIABLES = ['params', 'token'] as const;

/** CEL for declared mappings: what computes, and nothing that asks about anybody. */
export function createMappingEnvironment(): Environment {
  const environment = createComputingEnvironment();
  for (const name of MAPPING_VARIABLES) environment.registerVariable(name, 'dyn');
  return environment;
}

/** CEL without variables and with its standard functions. */
export function createStandardEnvironment(enableOptionalTypes: boolean): Environment {
  const environment = new Environment({ enableOptionalTypes, homogeneousAggregateLiterals: false, limits });
  registerRegex(environment);
  registerConversions(environment);
  registerTime(environment);
  registerStrings(environment);
  return environment;
}
