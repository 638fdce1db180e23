import type { ChangeLink } from '../../core/change-line.ts';
import { LogError } from '../log.ts';
import { linesBackFrom } from '../records/lines.ts';
import { withFile } from '../segments/segment.ts';
import { checkChangeLine, lineStartBefore, listChangeFiles } from './change-files.ts';

/**
 * The last change that the mirror of the change log in a log directory has, as far as its lines are whole; undefined
 * where there is none.
 *
 * @throws LogError where it was changed
 */
export function lastMirrored(directory: string): ChangeLink | undefined {
  for (const { path, length } of listChangeFiles(directory).toReversed()) {
    const end = lineStartBefore(path, length);
    if (end === 0) continue;
    return withFile(path, (fd) => {
      for (const { bytes } of linesBackFrom(fd, end)) {
        const link = checkChangeLine(bytes);
        if (!link.ok) throw new LogError(`${path}: ${link.error}`);
        return link.value;
      }
      return undefined;
    });
  }
  return undefined;
}
