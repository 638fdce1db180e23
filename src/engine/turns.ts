import { LIMITS } from '../core/limits.ts';

/**
 * Lets long work go on in turns of a few milliseconds. Between two turns everything that came meanwhile is answered,
 * and only one piece of work has a turn at a time: however many searches run, a check waits for one turn.
 */
export class Turns {
  private last: Promise<void> = Promise.resolve();

  /** Resolves when the next turn is the asker's. */
  next(): Promise<void> {
    this.last = this.last.then(() => new Promise<void>((begin) => setImmediate(begin)));
    return this.last;
  }
}

/** The time that one page of work may take, and how much of it the turn under way has used. */
export class PageTime {
  private readonly turns: Turns;
  private readonly end = performance.now() + LIMITS.searchPageMs;
  private turn = performance.now();

  constructor(turns: Turns) {
    this.turns = turns;
  }

  get isTurnOver(): boolean {
    return performance.now() - this.turn >= LIMITS.searchTurnMs;
  }

  get isPageOver(): boolean {
    return performance.now() >= this.end;
  }

  async nextTurn(): Promise<void> {
    await this.turns.next();
    this.turn = performance.now();
  }
}
