import { type MessagePort, parentPort } from 'node:worker_threads';
import { type CompletedNode, TreeKeeper } from '../checkpoints/tree-keeper.ts';
import type { Link } from '../log.ts';
import type { Segment } from '../segments/segment.ts';
import { Frontier } from '../tree/frontier.ts';
import { isFull, Reserve } from './reserve.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { Batch, Written } from './writer.ts';

/** The log that is to be written: its place, and where it ends. */
export interface ThreadLog {
  readonly directory: string;
  readonly node: string;
  readonly segment: Segment;
  readonly last: Link;
  /** The frontier of the records up to `last`. */
  readonly subtrees: readonly string[];
  readonly reserveBytes: number;
}

/** Asked of the thread about the log with a number: that it begin, a batch (its entries one a line), or that it end. */
export interface ThreadRequest {
  readonly log: number;
  readonly ask: { readonly open: ThreadLog } | { readonly entries: string; readonly rotates: boolean } | 'close';
}

/** Told by the thread: what became of a batch, that a log ended, and of its reserve whenever that changes. */
export interface ThreadReply {
  readonly log: number;
  readonly tell:
    | { readonly written: Written }
    | { readonly failed: string }
    | { readonly reserveInUse: boolean }
    | 'closed';
}

/** Milliseconds between two looks at whether there is room for the reserve again. */
const RESERVE_RETRY_MS = 2000;
/** Milliseconds until the hashes of the tree are tried again where they could not be written. */
const TREE_RETRY_MS = 5000;

/** A log of this thread. Everything is synchronous, as a batch is all that there is to do. */
class WrittenLog {
  private readonly writer: SegmentWriter;
  private readonly reserve: Reserve;
  private readonly tell: (reply: ThreadReply['tell']) => void;
  private wasInUse = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly tree: TreeKeeper;
  private treeTimer: NodeJS.Timeout | undefined;
  private sequence: number;

  constructor(log: ThreadLog, tell: (reply: ThreadReply['tell']) => void) {
    const frontier = Frontier.parse(log.last.sequence, log.subtrees);
    if (!frontier.ok) throw new Error(frontier.error);
    this.writer = new SegmentWriter(log.directory, log.node, log.segment, {
      last: log.last,
      frontier: frontier.value,
    });
    this.reserve = new Reserve(log.directory, log.reserveBytes);
    this.tell = tell;
    this.tree = new TreeKeeper(log.directory);
    this.sequence = log.last.sequence;
    this.catchUpTree();
    this.makeReserve();
  }

  write(batch: Batch): void {
    try {
      this.tell({ written: this.writeSomehow(batch) });
    } catch (error) {
      this.tell({ failed: error instanceof Error ? error.message : String(error) });
    }
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.treeTimer);
    this.tree.close();
    this.writer.close();
    this.tell('closed');
  }

  private writeSomehow(batch: Batch): Written {
    try {
      return this.writeOnce(batch);
    } catch (error) {
      if (!isFull(error) || !this.reserve.giveUp()) throw error;
      this.tellReserve();
      this.timer ??= setTimeout(() => this.makeReserve(), RESERVE_RETRY_MS);
      return this.writeOnce(batch);
    }
  }

  private writeOnce(batch: Batch): Written {
    const nodes: CompletedNode[] = [];
    const written = this.writer.write(batch, (level, index, hash) => nodes.push({ level, index, hash }));
    this.sequence = written.last.sequence;
    this.tree.take(nodes);
    return written;
  }

  /** What a crash, or a full disk, kept from the files of the tree. Between two pieces, batches have their turn. */
  private catchUpTree(): void {
    let waitMs = 0;
    try {
      if (!this.tree.catchUp(this.sequence)) return;
    } catch {
      waitMs = TREE_RETRY_MS;
    }
    this.treeTimer = setTimeout(() => this.catchUpTree(), waitMs);
  }

  private makeReserve(): void {
    this.timer = undefined;
    if (this.reserve.isKept) return;
    const goesOn = this.reserve.make();
    this.tellReserve();
    // Between two pieces, batches have their turn.
    if (!this.reserve.isKept) {
      this.timer = setTimeout(() => this.makeReserve(), goesOn ? 0 : RESERVE_RETRY_MS);
    }
  }

  private tellReserve(): void {
    if (this.reserve.isInUse === this.wasInUse) return;
    this.wasInUse = this.reserve.isInUse;
    this.tell({ reserveInUse: this.wasInUse });
  }
}

/**
 * The thread that writes: hashing, writing and waiting for the disk happen here, while decisions are taken on the main
 * thread.
 */
function run(port: MessagePort): void {
  const logs = new Map<number, WrittenLog>();
  port.on('message', ({ log, ask }: ThreadRequest) => {
    if (ask === 'close') {
      logs.get(log)?.close();
      logs.delete(log);
    } else if ('open' in ask) {
      logs.set(log, new WrittenLog(ask.open, (tell) => port.postMessage({ log, tell } satisfies ThreadReply)));
    } else {
      logs.get(log)?.write({ entries: ask.entries.split('\n'), rotates: ask.rotates });
    }
  });
}

if (parentPort !== null) run(parentPort);
