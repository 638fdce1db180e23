import { readFileSync } from 'node:fs';
import { decodeUtf8 } from './core/utf8.ts';

/**
 * The text of a file that people write: policies, models, seeds, configuration. Throws where it cannot be read or is not
 * UTF-8: repaired, two names in another encoding could become one.
 */
export function readTextFile(path: string | number): string {
  const text = decodeUtf8(readFileSync(path));
  if (text === undefined) throw new Error(`${path} is not UTF-8: save it in that encoding`);
  return text;
}
