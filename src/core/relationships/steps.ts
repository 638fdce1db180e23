/**
 * A computation that stops between its parts, so that whoever runs it may do something else meanwhile, or give up.
 * Nothing that it reads may change between two parts: begin it again then.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** All parts at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
