import type { Budget } from '../limits.ts';
import { fail, LimitReached } from './fault.ts';
import type { Host } from './program.ts';

/**
 * The evaluation that runs right now. The library hands its functions their arguments and nothing else, so what
 * they may ask of the decision stands here for as long as one synchronous evaluation lasts. Evaluations nest
 * (`related` may evaluate a model's condition): each puts back what it found.
 */
interface Evaluation {
  readonly budget: Budget;
  readonly host: Host | undefined;
}

let current: Evaluation | undefined;

const STEPS_USED = new LimitReached('decisionSteps');

/**
 * Evaluates with `budget` to spend from and `host` to ask. Errors thrown meanwhile carry no stack: capturing one
 * costs more than the rest of a condition, and a condition's error says where it happened by itself.
 */
export function evaluateWith<T>(budget: Budget, host: Host | undefined, evaluate: () => T): T {
  const outer = current;
  const frames = Error.stackTraceLimit;
  current = { budget, host };
  Error.stackTraceLimit = 0;
  try {
    return evaluate();
  } finally {
    Error.stackTraceLimit = frames;
    current = outer;
  }
}

/** Takes steps from the running evaluation's budget. Throws LimitReached once they are used up. */
export function spend(steps: number): void {
  if (current !== undefined && !current.budget.spend(steps)) throw STEPS_USED;
}

export function currentHost(): Host {
  if (current?.host === undefined) fail('nothing can be asked of a decision here');
  return current.host;
}
