import type { ChainEnd } from '../segments/check-segment.ts';
import type { Segment } from '../segments/segment.ts';
import type { ThreadReply } from './log-thread.ts';
import type { Batch, LogWriter, Written } from './writer.ts';
import { type WriterThread, writerThread } from './writer-thread.ts';

/** Where a thread begins to write. */
export interface StartPlace {
  readonly segment: Segment;
  readonly end: ChainEnd;
}

export interface ThreadOptions {
  readonly directory: string;
  readonly node: string;
  /** Bytes of disk space that are kept back; 0: none. */
  readonly reserveBytes: number;
}

interface Opened {
  readonly thread: WriterThread;
  /** The log's number there. */
  readonly log: number;
}

interface Pending {
  readonly resolve: (written: Written) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes in the thread of its own that logs have. Where that dies, the batch that it had is refused, and the next one
 * goes to another thread, from what is on disk.
 */
export class ThreadWriter implements LogWriter {
  reserveInUse = false;
  private readonly options: ThreadOptions;
  private readonly place: () => StartPlace;
  private opened: Opened | undefined;
  private pending: Pending | undefined;
  private closed: (() => void) | undefined;

  /** @param place where the log ends, asked for whenever it is opened in a thread */
  constructor(options: ThreadOptions, place: () => StartPlace) {
    this.options = options;
    this.place = place;
    // Making the reserve takes a while: it begins before the first record comes.
    if (options.reserveBytes > 0) this.opened = this.open();
  }

  async write({ entries, rotates }: Batch): Promise<Written> {
    this.opened ??= this.open();
    const { thread, log } = this.opened;
    const release = thread.hold();
    try {
      return await new Promise<Written>((resolve, reject) => {
        this.pending = { resolve, reject };
        thread.post({ log, ask: { entries: entries.join('\n'), rotates } });
      });
    } finally {
      this.pending = undefined;
      release();
    }
  }

  async close(): Promise<void> {
    const { opened } = this;
    if (opened === undefined) return;
    const { thread, log } = opened;
    if (this.pending !== undefined) {
      // A thread that hangs in a write hears of nothing.
      await thread.end();
      return;
    }
    const release = thread.hold();
    await new Promise<void>((resolve) => {
      this.closed = resolve;
      thread.post({ log, ask: 'close' });
    });
    release();
    thread.remove(log);
    this.opened = undefined;
  }

  private open(): Opened {
    const { segment, end } = this.place();
    const thread = writerThread();
    const log = thread.add({
      reply: (reply) => this.hear(reply),
      lost: (reason) => {
        this.opened = undefined;
        this.pending?.reject(new Error(`the thread that writes it ${reason}`));
        this.closed?.();
      },
    });
    const { last, frontier } = end;
    thread.post({ log, ask: { open: { ...this.options, segment, last, subtrees: frontier.subtrees } } });
    return { thread, log };
  }

  private hear(reply: ThreadReply['tell']): void {
    if (reply === 'closed') this.closed?.();
    else if ('reserveInUse' in reply) this.reserveInUse = reply.reserveInUse;
    else if ('written' in reply) this.pending?.resolve(reply.written);
    else this.pending?.reject(new Error(reply.failed));
  }
}
