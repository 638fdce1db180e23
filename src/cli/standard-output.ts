import { Socket } from 'node:net';
import process from 'node:process';
import type { Writable } from 'node:stream';

/**
 * Standard output for messages. Node writes to a pipe synchronously: a client that does not read for a while would stop
 * the whole process, signals included. A socket over the same descriptor waits instead.
 */
export function openStandardOutput(): Writable {
  try {
    return new Socket({ fd: 1, readable: false, writable: true });
  } catch {
    // A file, which never makes anybody wait for long.
    return process.stdout;
  }
}
