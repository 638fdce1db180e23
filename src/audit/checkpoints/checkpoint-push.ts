import { appendCheckpoint } from './checkpoint-file.ts';
import type { PushState } from './evidence.ts';

/** A second place for checkpoints, out of reach of whoever might cut off the log. */
export interface PushTarget {
  readonly to: PushState['to'];
  /** Rejects where the checkpoint did not arrive. */
  send(note: string): Promise<void>;
}

/** Milliseconds between attempts: twice as long after each, up to the longest. */
const RETRY = { firstMs: 500, longestMs: 60_000 };
/** Checkpoints that wait for a place that does not take them. A newer one covers all that an older one does. */
const MOST_WAITING = 100;
/** Milliseconds after which a place that does not answer counts as one that does not take it. */
const TIMEOUT_MS = 10_000;
/** Milliseconds that the end waits for what is under way. */
const CLOSING_MS = 3000;

/** Appends checkpoints to a file, perhaps on another disk or machine: lines as in checkpoints.jsonl. */
export function fileTarget(path: string): PushTarget {
  return { to: 'file', send: (note) => appendCheckpoint(path, note) };
}

/** Posts checkpoints, each a signed note as text/plain, to a URL that answers 2xx when it has one. */
export function webhookTarget(url: string): PushTarget {
  return {
    to: 'webhook',
    send: async (note) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: note,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    },
  };
}

/**
 * Brings checkpoints to one second place, in order, each until it has arrived. A place that cannot be reached holds
 * nothing up: its checkpoints wait, and the oldest of too many are left out.
 */
export class CheckpointPush {
  private readonly target: PushTarget;
  private waiting: string[] = [];
  private failure: string | undefined;
  private sending: Promise<void> | undefined;
  private readonly ended = new AbortController();

  constructor(target: PushTarget) {
    this.target = target;
  }

  get state(): PushState {
    const { failure } = this;
    return {
      to: this.target.to,
      waiting: this.waiting.length,
      ...(failure === undefined ? undefined : { failure }),
    };
  }

  push(note: string): void {
    this.waiting.push(note);
    if (this.waiting.length > MOST_WAITING) this.waiting.splice(0, this.waiting.length - MOST_WAITING);
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
    });
  }

  /** Waits for what is under way, but not for long. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.ended.abort(), CLOSING_MS);
    // Whoever failed before would fail once more.
    if (this.failure !== undefined) this.ended.abort();
    await this.sending;
    clearTimeout(timer);
  }

  private async sendAll(): Promise<void> {
    let delayMs = RETRY.firstMs;
    for (let note = this.waiting[0]; note !== undefined; note = this.waiting[0]) {
      try {
        await this.target.send(note);
        this.failure = undefined;
        delayMs = RETRY.firstMs;
        if (this.waiting[0] === note) this.waiting.shift();
      } catch (fault) {
        this.failure = reasonOf(fault);
        if (this.ended.signal.aborted || !(await this.pause(delayMs))) return;
        delayMs = Math.min(2 * delayMs, RETRY.longestMs);
      }
    }
  }

  /** False where the end came meanwhile. */
  private pause(ms: number): Promise<boolean> {
    const { signal } = this.ended;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve(true);
      }, ms);
      timer.unref();
      const stop = (): void => {
        clearTimeout(timer);
        resolve(false);
      };
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function reasonOf(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  // What fetch rejects with says only that it failed; the cause says why.
  return fault.cause instanceof Error ? `${fault.message}: ${fault.cause.message}` : fault.message;
}
