import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { CachedRelationships } from '../store.ts';

/** What a cache file begins with; the last digit is its format. */
const MAGIC = 'BhlfRel2';
/**
 * Bytes: the magic, the HMAC-SHA-256 of all that follows it, the epoch, the revision; whole words, so that the rest is
 * aligned. A start decides by what is in here, so only what a holder of the key wrote is believed.
 */
const HEAD = 88;
const SEAL_AT = 8;
const SEALED_FROM = 40;
const EPOCH_AT = 40;
const EPOCH_LENGTH = 36;
const REVISION_AT = 80;

export interface StampedCache extends CachedRelationships {
  /** The epoch in which `revision` was reached. */
  readonly epoch: string;
}

/** Where the cache of the store at `path` is. */
export function cachePath(path: string): string {
  return `${path}.relationships`;
}

/** The cache in a file, or undefined where there is none, it is another version's, or no holder of the key wrote it. */
export function readCache(file: string, key: Uint8Array): StampedCache | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  if (bytes.length < HEAD || bytes.toString('latin1', 0, SEAL_AT) !== MAGIC) return undefined;
  const sealed = createHmac('sha256', key).update(bytes.subarray(SEALED_FROM)).digest();
  if (!timingSafeEqual(sealed, bytes.subarray(SEAL_AT, SEALED_FROM))) return undefined;
  return {
    epoch: bytes.toString('latin1', EPOCH_AT, EPOCH_AT + EPOCH_LENGTH),
    revision: bytes.readDoubleLE(REVISION_AT),
    bytes: bytes.subarray(HEAD),
  };
}

/** Replaces the cache in a file: there is the old one or the new one at any moment, never half of one. */
export function writeCache(
  file: string,
  key: Uint8Array,
  { epoch, revision }: Pick<StampedCache, 'epoch' | 'revision'>,
  parts: readonly Uint8Array[],
): void {
  const head = Buffer.alloc(HEAD);
  head.write(MAGIC, 0, 'latin1');
  head.write(epoch, EPOCH_AT, 'latin1');
  head.writeDoubleLE(revision, REVISION_AT);
  const seal = createHmac('sha256', key).update(head.subarray(SEALED_FROM));
  for (const part of parts) seal.update(part);
  seal.digest().copy(head, SEAL_AT);
  const draft = `${file}.new`;
  try {
    const descriptor = openSync(draft, 'w', 0o600);
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
