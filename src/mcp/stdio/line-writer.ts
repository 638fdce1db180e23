import type { Writable } from 'node:stream';
import type { Message } from '../messages/message.ts';

/** Writes messages to a stream, one a line. What is written after the stream has closed goes nowhere. */
export class LineWriter {
  private readonly stream: Writable;

  constructor(stream: Writable) {
    this.stream = stream;
    // A reader that is gone shows in `close`; whoever reads the other end decides what follows from it.
    stream.on('error', () => {});
  }

  /** Resolves when there is room for more. */
  async write(line: Uint8Array | Message): Promise<void> {
    const { stream } = this;
    if (!stream.writable) return;
    // Both parts at once: lines of several writers never mix.
    stream.cork();
    stream.write(line instanceof Uint8Array ? line : JSON.stringify(line));
    const hasRoom = stream.write('\n');
    stream.uncork();
    if (!hasRoom) await drained(stream);
  }

  end(): void {
    this.stream.end();
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    if (!stream.writable) done();
  });
}
