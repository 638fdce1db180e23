import { hash } from 'node:crypto';

/** SHA-256 in lower-case hexadecimal: as texts, hashes compare, print and travel between threads as they are. */
export type Hash = string;

export const HASH = /^[0-9a-f]{64}$/;
export const HASH_BYTES = 32;

/** The root of a tree without leaves (RFC 9162, section 2.1.1): the hash of nothing. */
export const EMPTY_ROOT: Hash = hash('sha256', '', 'hex');

/** The prefixes keep a leaf from being passed off as a node (RFC 9162, section 2.1.1). */
const LEAF_PREFIX = 0;
const NODE_PREFIX = 1;

// Filled anew by each call: making 65 bytes takes longer than hashing them.
const leafInput = Buffer.alloc(1 + HASH_BYTES, LEAF_PREFIX);
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_PREFIX);

/** The hash of a leaf: SHA-256(0x00 ‖ data). */
export function leafHash(data: Uint8Array): Hash {
  return hash('sha256', Buffer.concat([Buffer.of(LEAF_PREFIX), data]), 'hex');
}

/** The leaf of a record of a log: its data are the 32 bytes of the record's own hash. */
export function recordLeaf(sha256: Hash): Hash {
  leafInput.write(sha256, 1, 'hex');
  return hash('sha256', leafInput, 'hex');
}

/** The hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  nodeInput.write(left, 1, 'hex');
  nodeInput.write(right, 1 + HASH_BYTES, 'hex');
  return hash('sha256', nodeInput, 'hex');
}
