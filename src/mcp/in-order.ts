/**
 * Work that begins when it comes and has its effect in that order: a message is sent on only after those before it,
 * however quickly it was decided.
 */
export class InOrder {
  private readonly most: number;
  private tail: Promise<void> = Promise.resolve();
  private waiting = 0;
  private wake: (() => void) | undefined;
  private failure: { readonly fault: unknown } | undefined;

  /** @param most that may be under way at once; more wait until there is room. */
  constructor(most: number) {
    this.most = most;
  }

  /**
   * Adds work that has begun, and its effect. Resolves as soon as there is room for more; rejects once any work or
   * effect has: none that came later has its effect then.
   */
  async add<T>(work: Promise<T>, effect: (result: T) => Promise<void>): Promise<void> {
    this.waiting += 1;
    // Its turn may come long after it failed.
    work.catch(() => {});
    this.tail = this.tail.then(async () => {
      try {
        if (this.failure === undefined) await effect(await work);
      } catch (fault) {
        this.failure = { fault };
      }
      this.waiting -= 1;
      this.wake?.();
    });
    while (this.waiting >= this.most) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.throwFailure();
  }

  /** Resolves once every effect has been had; rejects with the first failure. */
  async done(): Promise<void> {
    await this.tail;
    this.throwFailure();
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.fault;
  }
}
