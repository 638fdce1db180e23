import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { CachedRelationships } from '../store.ts';

/** What a cache file begins with; the last digit is its format. */
const MAGIC = 'BhlfRel1';
/** Bytes: the magic, a checksum of all that follows it, the epoch, the revision; whole words, so that the rest is aligned. */
const HEAD = 64;
const CHECKSUM_AT = 8;
const CHECKED_FROM = 12;
const EPOCH_AT = 12;
const EPOCH_LENGTH = 36;
const REVISION_AT = 48;

export interface StampedCache extends CachedRelationships {
  /** The epoch in which `revision` was reached. */
  readonly epoch: string;
}

/** Where the cache of the store at `path` is. */
export function cachePath(path: string): string {
  return `${path}.relationships`;
}

/** The cache in a file, or undefined where there is none, it is another version's, or its bytes have changed. */
export function readCache(file: string): StampedCache | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  if (bytes.length < HEAD || bytes.toString('latin1', 0, CHECKSUM_AT) !== MAGIC) return undefined;
  if (crc32(bytes.subarray(CHECKED_FROM)) !== bytes.readUInt32LE(CHECKSUM_AT)) return undefined;
  return {
    epoch: bytes.toString('latin1', EPOCH_AT, EPOCH_AT + EPOCH_LENGTH),
    revision: bytes.readDoubleLE(REVISION_AT),
    bytes: bytes.subarray(HEAD),
  };
}

/** Replaces the cache in a file: there is the old one or the new one at any moment, never half of one. */
export function writeCache(file: string, epoch: string, revision: number, parts: readonly Uint8Array[]): void {
  const head = Buffer.alloc(HEAD);
  head.write(MAGIC, 0, 'latin1');
  head.write(epoch, EPOCH_AT, 'latin1');
  head.writeDoubleLE(revision, REVISION_AT);
  let checksum = crc32(head.subarray(CHECKED_FROM));
  for (const part of parts) checksum = crc32(part, checksum);
  head.writeUInt32LE(checksum, CHECKSUM_AT);
  const draft = `${file}.new`;
  try {
    const descriptor = openSync(draft, 'w');
    try {
      for (const part of [head, ...parts]) writeWhole(descriptor, part);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
  } catch (fault) {
    rmSync(draft, { force: true });
    throw fault;
  }
}

function writeWhole(descriptor: number, part: Uint8Array): void {
  for (let at = 0; at < part.length; ) at += writeSync(descriptor, part, at);
}
