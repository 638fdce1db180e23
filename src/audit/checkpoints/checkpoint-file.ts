import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { err, ok, type Result } from '../../core/result.ts';

/** The file of a log directory that holds every checkpoint of the node, the oldest first. */
export const CHECKPOINTS = 'checkpoints.jsonl';

/** A line of such a file, without its line feed. */
export interface CheckpointLine {
  /** From 1. */
  readonly line: number;
  readonly note: Result<string, string>;
}

/** A checkpoint as a line: `{"note":"…"}`, so that notes, which have lines of their own, stand one on a line. */
export function checkpointLine(note: string): string {
  return `${JSON.stringify({ note })}\n`;
}

/** Appends a checkpoint to a file, and resolves once it is on disk; rejects where nothing of it is in the file. */
export async function appendCheckpoint(path: string, note: string): Promise<void> {
  const file = await open(path, 'a', 0o644);
  try {
    const { size } = await file.stat();
    try {
      await file.appendFile(checkpointLine(note));
      await file.datasync();
    } catch (fault) {
      // Half a line would spoil the next one.
      await file.truncate(size);
      throw fault;
    }
  } finally {
    await file.close();
  }
}

/**
 * The notes in the text of a file: one, as a server answers it, or lines as `appendCheckpoint` writes them. A last line
 * that is not ended was being written when the process died: it is in `torn`.
 */
export function readCheckpoints(text: string): { readonly lines: readonly CheckpointLine[]; readonly torn: string } {
  if (text !== '' && !text.startsWith('{')) return { lines: [{ line: 1, note: ok(text) }], torn: '' };
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  return { lines: lines.map((line, index) => ({ line: index + 1, note: noteOf(line) })), torn };
}

/** The notes of a file; none where there is no such file. */
export function readCheckpointFile(path: string): ReturnType<typeof readCheckpoints> {
  try {
    return readCheckpoints(readFileSync(path, 'utf8'));
  } catch (fault) {
    if ((fault as { readonly code?: unknown }).code === 'ENOENT') return { lines: [], torn: '' };
    throw fault;
  }
}

function noteOf(line: string): Result<string, string> {
  try {
    const { note } = JSON.parse(line) as { readonly note?: unknown };
    // Written in one way only: otherwise a changed byte could stand for the same note.
    if (typeof note === 'string' && checkpointLine(note) === `${line}\n`) return ok(note);
  } catch {
    // Said below.
  }
  return err('the line is no {"note":"…"} with a checkpoint in it');
}
