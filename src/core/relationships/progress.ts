import { NO, type Outcome, PARADOX } from './outcome.ts';

/** A question being answered. Its index is its depth. */
interface Frame {
  readonly question: number;
  /** Lowest and highest frame whose answer was assumed below this one; `low` is FINAL where none was. */
  low: number;
  high: number;
  /** Somebody below assumed that the answer here is no, or that it is unknown. */
  assumedNo: boolean;
  assumedUnknown: boolean;
  /** How many provisional answers there were when the question came up. */
  readonly provisional: number;
}

/** An answer, and what it rests on: nothing (`low` is FINAL) or assumptions about open frames. */
interface Answer {
  readonly question: number;
  readonly outcome: Outcome;
  readonly depth: number;
  readonly boundary: number;
  low: number;
  high: number;
}

/** Most walks end after fewer questions than this: looking through a list is faster than making a map. */
const LISTED = 24;

/** The answers by question: a short list first, a map where it gets long. */
class Answers {
  private readonly questions: number[] = [];
  private readonly list: Answer[] = [];
  private map: Map<number, Answer> | undefined;

  get(question: number): Answer | undefined {
    if (this.map !== undefined) return this.map.get(question);
    const at = this.questions.indexOf(question);
    return at < 0 ? undefined : this.list[at];
  }

  set(answer: Answer): void {
    if (this.map === undefined && this.list.length === LISTED) {
      this.map = new Map(this.list.map((one) => [one.question, one]));
    }
    if (this.map !== undefined) {
      this.map.set(answer.question, answer);
      return;
    }
    const at = this.questions.indexOf(answer.question);
    if (at >= 0) this.list[at] = answer;
    else {
      this.questions.push(answer.question);
      this.list.push(answer);
    }
  }

  forget(answer: Answer): void {
    if (this.get(answer.question) !== answer) return;
    if (this.map !== undefined) {
      this.map.delete(answer.question);
      return;
    }
    const at = this.questions.indexOf(answer.question);
    this.questions.splice(at, 1);
    this.list.splice(at, 1);
  }
}

/** Above every depth, and a small integer, which an object holds without another one. */
const FINAL = 2 ** 30 - 1;

/**
 * The questions of one walk that are open, and the answers to those that are not. A question is a number.
 *
 * Cycles. A question that leads back to itself adds nothing: met again while open it counts as *no*, the least fixed
 * point. Met again through a negation it counts as *unknown*: whether it is no is just what is being asked. The
 * answers are values of the chain no < unknown < yes under minimum and maximum, where one pass from the assumption
 * "no" gives the least fixed point, so nothing is iterated. (This is the well-founded semantics of logic programs.)
 *
 * What may be kept. *Yes* rests on no assumption that could turn out stronger: it is final. No and unknown below an
 * open question are provisional; they become final when the lowest question that they assume is answered as assumed,
 * and are forgotten when it is answered otherwise. So an answer never depends on who asked first.
 */
export class Progress {
  private readonly frames: Frame[] = [];
  private readonly answers = new Answers();
  private readonly provisional: Answer[] = [];
  /** Frames below this index are open on the other side of a negation. */
  private boundary = 0;

  get depth(): number {
    return this.frames.length;
  }

  /** The answer to a question that is open or was answered before, if it holds here. */
  recall(question: number): Outcome | undefined {
    for (let index = this.frames.length - 1; index >= 0; index--) {
      const frame = this.frames[index];
      if (frame !== undefined && frame.question === question) return this.assume(frame, index);
    }
    const answer = this.answers.get(question);
    if (answer === undefined) return undefined;
    // Fewer questions deep than then, the depth limit may let more be known.
    if (answer.outcome.kind === 'unknown' && this.depth < answer.depth) return undefined;
    if (answer.low !== FINAL) {
      const sameSide =
        answer.high < Math.min(answer.boundary, this.boundary) ||
        answer.low >= Math.max(answer.boundary, this.boundary);
      if (!sameSide) return undefined;
      this.rest(answer.low, answer.high);
    }
    return answer.outcome;
  }

  open(question: number): void {
    this.frames.push({
      question,
      low: FINAL,
      high: -1,
      assumedNo: false,
      assumedUnknown: false,
      provisional: this.provisional.length,
    });
  }

  /** Closes the question opened last with its answer. */
  close(outcome: Outcome): void {
    const frame = this.frames.pop();
    if (frame === undefined) return;
    const index = this.frames.length;
    const isFinal = outcome.kind === 'yes' || frame.low >= index;
    this.settle(frame, index, outcome, isFinal);
    const { question } = frame;
    const low = isFinal ? FINAL : frame.low;
    const high = Math.min(frame.high, index - 1);
    const answer: Answer = { question, outcome, depth: index, boundary: this.boundary, low, high };
    this.answers.set(answer);
    if (isFinal) return;
    this.provisional.push(answer);
    this.rest(low, high);
  }

  /** Runs `ask` on the other side of a negation from all questions open now. */
  negate(ask: () => Outcome): Outcome {
    const before = this.boundary;
    this.boundary = this.frames.length;
    const outcome = ask();
    this.boundary = before;
    return outcome;
  }

  private assume(frame: Frame, index: number): Outcome {
    this.rest(index, index);
    if (index < this.boundary) {
      frame.assumedUnknown = true;
      return PARADOX;
    }
    frame.assumedNo = true;
    return NO;
  }

  /** The innermost question now rests on open frames from `low` to `high`. */
  private rest(low: number, high: number): void {
    const top = this.frames.at(-1);
    if (top === undefined) return;
    top.low = Math.min(top.low, low);
    top.high = Math.max(top.high, high);
  }

  /** Decides about the answers given while `frame` was open. */
  private settle(frame: Frame, index: number, outcome: Outcome, isFinal: boolean): void {
    if (this.provisional.length === frame.provisional) return;
    const below = this.provisional.splice(frame.provisional);
    const asAssumed = !frame.assumedUnknown && (!frame.assumedNo || outcome.kind === 'no');
    if (!asAssumed) {
      for (const answer of below) this.answers.forget(answer);
      return;
    }
    for (const answer of below) {
      if (!isFinal) {
        answer.low = Math.min(answer.low, frame.low);
        answer.high = Math.max(answer.high, frame.high);
      } else if (answer.low >= index) {
        answer.low = FINAL;
      }
      if (answer.low !== FINAL) this.provisional.push(answer);
    }
  }
}
