import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * Takes the directory for this process, until the returned function is called or the process ends in any way.
 * Node has no file locks; the lock of an (empty) SQLite database is one of the operating system, which `kill -9`
 * releases, where a file with a process id in it would stay behind.
 *
 * @throws where another process has it, or the directory cannot be written.
 */
export function lockDirectory(directory: string): () => void {
  const db = new Database(join(directory, 'lock'), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    throw new Error(`another process has the decision log in ${directory} open`, { cause: error });
  }
  return () => db.close();
}
