import { type Verification, verifyDirectory } from '../../src/audit/verify/verify-directory.ts';
import { err, ok, type Result } from '../../src/core/result.ts';

/** What `behalf audit verify` finds of a log of `node`: how many records there are, or every fault, one a line. */
export function verifyLog(
  directory: string,
  node: string,
): Result<{ readonly records: number; readonly first: number; readonly last: Verification['last'] }, string> {
  const { faults, records, first, last, node: found } = verifyDirectory(directory);
  if (faults.length > 0)
    return err(faults.map(({ file, line, message }) => `${file}, line ${line}: ${message}`).join('\n'));
  return found === node ? ok({ records, first, last }) : err(`the log is of node "${found}"`);
}
