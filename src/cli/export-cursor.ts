import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StoredDecision } from '../audit/log.ts';
import type { RecordSource } from '../audit/records/record-source.ts';
import { CommandError } from './command.ts';
import type { Exported } from './export-tail.ts';

/**
 * How far an export got: `{"id":…,"node":…,"sequence":…,"sha256":…}` of the last record that was taken. Absent before
 * the first one.
 *
 * @throws CommandError for a file that is none, or is of another log than `source`
 */
export function readCursor(path: string, source: RecordSource): Exported | undefined {
  const cursor = parse(path);
  if (cursor === undefined) return undefined;
  const { first, last } = source.range();
  const { sequence, sha256, id } = cursor;
  if (sequence > last) {
    throw new CommandError(
      `${path}: ${id} was exported, and the log ends with record ${last}: it was cut off, or is another one (behalf audit verify)`,
    );
  }
  // Older ones may have been removed whole.
  if (sequence >= first && source.at(sequence)?.hash !== sha256) {
    throw new CommandError(`${path}: the record ${id} that was exported last is not in this log: it is another one`);
  }
  return { sequence, sha256 };
}

/** Replaces the cursor in one step: after a crash it is the one before or this one. */
export function writeCursor(path: string, { id, node, sequence, hash }: StoredDecision): void {
  const beside = `${path}.new`;
  const fd = openSync(beside, 'w', 0o600);
  try {
    writeSync(fd, `${JSON.stringify({ id, node, sequence, sha256: hash })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(beside, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

interface Cursor {
  readonly id: string;
  readonly sequence: number;
  readonly sha256: string;
}

function parse(path: string): Cursor | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (fault) {
    if ((fault as { readonly code?: unknown }).code === 'ENOENT') return undefined;
    throw new CommandError(`${path} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
  try {
    const { id, sequence, sha256 } = JSON.parse(text) as { readonly [name: string]: unknown };
    if (
      typeof id === 'string' &&
      typeof sequence === 'number' &&
      Number.isSafeInteger(sequence) &&
      sequence > 0 &&
      typeof sha256 === 'string'
    ) {
      return { id, sequence, sha256 };
    }
  } catch {
    // Said below.
  }
  throw new CommandError(`${path} is no cursor of an export: it must hold {"id":…,"node":…,"sequence":…,"sha256":…}`);
}
