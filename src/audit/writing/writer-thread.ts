import { Worker } from 'node:worker_threads';
import type { ThreadReply, ThreadRequest } from './log-thread.ts';

/** How a log hears of its thread. */
export interface ThreadListener {
  reply(reply: ThreadReply['tell']): void;
  /** The thread is gone, with everything that it was asked. */
  lost(reason: string): void;
}

let shared: WriterThread | undefined;

/**
 * The thread that the logs of this process are written in. There is one: a server has one log, and starting a thread
 * takes as long as some hundred decisions. Once it has died, another one.
 */
export function writerThread(): WriterThread {
  if (shared === undefined || shared.isGone) shared = new WriterThread();
  return shared;
}

export class WriterThread {
  isGone = false;
  private readonly worker: Worker;
  private readonly listeners = new Map<number, ThreadListener>();
  private count = 0;
  /** Answers that somebody waits for: the process must not end before they come. */
  private awaited = 0;

  constructor() {
    // Beside this file, under the same ending: .ts from the source, .js as it is published.
    const script = new URL(import.meta.url.replace(/writer-thread\.([tj]s)$/, 'log-thread.$1'));
    this.worker = new Worker(script, { name: 'decision log' });
    this.worker.unref();
    this.worker.on('message', ({ log, tell }: ThreadReply) => this.listeners.get(log)?.reply(tell));
    this.worker.on('error', (error) => this.lose(`failed: ${error instanceof Error ? error.message : String(error)}`));
    this.worker.on('exit', () => this.lose('ended'));
  }

  /** A number for a log of this thread. */
  add(listener: ThreadListener): number {
    this.count += 1;
    this.listeners.set(this.count, listener);
    return this.count;
  }

  remove(log: number): void {
    this.listeners.delete(log);
  }

  post(request: ThreadRequest): void {
    this.worker.postMessage(request);
  }

  /** Somebody waits for an answer; call what it returns once it is there. */
  hold(): () => void {
    this.awaited += 1;
    this.worker.ref();
    return () => {
      this.awaited -= 1;
      if (this.awaited === 0) this.worker.unref();
    };
  }

  /** Ends it, whatever it is doing. */
  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private lose(reason: string): void {
    if (this.isGone) return;
    this.isGone = true;
    for (const listener of this.listeners.values()) listener.lost(reason);
    this.listeners.clear();
  }
}
