import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parsePublicKey } from '../audit/checkpoints/signing-key.ts';
import { CommandError } from './command.ts';

/** The public key in a file that somebody named. */
export function readPublicKey(path: string): KeyObject {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (fault) {
    throw new CommandError(`the public key ${path} cannot be read: ${fault instanceof Error ? fault.message : fault}`);
  }
  const key = parsePublicKey(pem);
  if (!key.ok) throw new CommandError(`the public key ${path}: ${key.error}`);
  return key.value;
}
