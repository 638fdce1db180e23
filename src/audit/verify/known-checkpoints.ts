import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { CHECKPOINTS, readCheckpointFile, readCheckpoints } from '../checkpoints/checkpoint-file.ts';
import { parsePublicKey, publicKeyPem } from '../checkpoints/signing-key.ts';
import type { Findings } from './findings.ts';
import type { KnownCheckpoint } from './tree-check.ts';

/** The file of a log directory with the key that its checkpoints are signed with. */
export const PUBLIC_KEY = 'key.pub';

/** A file with checkpoints that somebody kept elsewhere. */
export interface KeptCheckpoints {
  readonly name: string;
  readonly text: string;
}

/** The key to believe: the one that was given, else the directory's own; undefined where there is none. */
export function trustedKey(directory: string, given: KeyObject | undefined, findings: Findings): KeyObject | undefined {
  const pem = readText(join(directory, PUBLIC_KEY));
  if (pem === undefined) {
    if (given === undefined) findings.note({ file: PUBLIC_KEY, message: 'is missing, and no key was given' });
    return given;
  }
  const own = parsePublicKey(pem);
  if (!own.ok) findings.fault({ file: PUBLIC_KEY, message: own.error });
  else if (given !== undefined && publicKeyPem(given) !== publicKeyPem(own.value)) {
    findings.fault({ file: PUBLIC_KEY, message: 'is another key than the one that was given' });
  }
  return given ?? (own.ok ? own.value : undefined);
}

/** Every checkpoint whose signature is right, of the directory and of the files that were kept elsewhere. */
export function knownCheckpoints(
  directory: string,
  node: string,
  kept: readonly KeptCheckpoints[],
  publicKey: KeyObject | undefined,
  findings: Findings,
): readonly KnownCheckpoint[] {
  const own = { name: CHECKPOINTS, ...readCheckpointFile(join(directory, CHECKPOINTS)) };
  const others = kept.map(({ name, text }) => ({ name, ...readCheckpoints(text) }));
  for (const { name, lines } of others) {
    if (lines.length === 0) findings.fault({ file: name, message: 'holds no checkpoint' });
  }
  return [own, ...others].flatMap(({ name: file, lines, torn }) => {
    if (torn !== '') findings.note({ file, line: lines.length + 1, message: 'the last line is not ended' });
    if (lines.length === 0) return [];
    if (publicKey === undefined) {
      findings.fault({ file, message: 'the checkpoints cannot be verified: there is no public key' });
      return [];
    }
    const known = lines.flatMap(({ line, note }) => {
      const opened = note.ok ? openCheckpoint(note.value, publicKey) : note;
      if (!opened.ok) {
        findings.fault({ file, line, message: `the checkpoint is not to be believed: ${opened.error}` });
        return [];
      }
      if (opened.value.node === node) return [{ checkpoint: opened.value, file, line }];
      findings.fault({ file, line, message: `the checkpoint is of node "${opened.value.node}", the log of "${node}"` });
      return [];
    });
    checkOrder(known, findings);
    return known;
  });
}

/** A log only grows. */
function checkOrder(known: readonly KnownCheckpoint[], findings: Findings): void {
  for (const [index, { checkpoint, file, line }] of known.entries()) {
    const before = known[index - 1]?.checkpoint;
    if (before === undefined || before.size <= checkpoint.size) continue;
    const message = `the checkpoint is of ${checkpoint.size} records, and the one before it of ${before.size}`;
    findings.fault({ file, line, message });
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (fault) {
    if ((fault as { readonly code?: unknown }).code === 'ENOENT') return undefined;
    throw fault;
  }
}
