import { canonicalJson } from '../../core/canonical-json.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Link } from '../log.ts';
import { Frontier } from '../tree/frontier.ts';
import { FORMAT } from './entry.ts';
import { formatFault, newerFormat } from './record.ts';

/**
 * The first line of a segment, canonical JSON like the records: `{"header": {…}}`. It holds all that the segment needs of
 * the records before it, so that they can be removed while those that stay are verified and checkpoints made.
 */
export interface Header {
  readonly node: string;
  /** The record before the first of this segment. */
  readonly after: Link;
  /** The right edge of the Merkle tree over all records before this segment. */
  readonly frontier: Frontier;
}

interface Written {
  readonly first: number;
  readonly format: number;
  readonly frontier: readonly string[];
  readonly node: string;
  readonly previous: string;
}

/** The line, without its line feed. */
export function headerLine({ node, after, frontier }: Header): string {
  const header: Written = {
    first: after.sequence + 1,
    format: FORMAT,
    frontier: frontier.subtrees,
    node,
    previous: after.hash,
  };
  return canonicalJson({ header: { ...header } });
}

/** The header that a line is, or what is wrong with it. */
export function readHeader(line: Buffer): Result<Header, string> {
  const written = parse(line);
  if (written === undefined) return err(formatFault(line) ?? 'no header of a segment');
  if (written.format > FORMAT) return err(newerFormat(written.format));
  const frontier = Frontier.parse(written.first - 1, written.frontier);
  if (!frontier.ok) return frontier;
  const header = {
    node: written.node,
    after: { sequence: written.first - 1, hash: written.previous },
    frontier: frontier.value,
  };
  // Nothing seals this line but that it says what follows from the records before, in one way only.
  return headerLine(header) === line.toString() ? ok(header) : err('a header of a segment that was changed');
}

function parse(line: Buffer): Written | undefined {
  try {
    const { header } = JSON.parse(line.toString()) as { readonly header?: Partial<Written> };
    if (
      typeof header?.first === 'number' &&
      typeof header.format === 'number' &&
      typeof header.node === 'string' &&
      typeof header.previous === 'string' &&
      /^[0-9a-f]{64}$/.test(header.previous) &&
      Array.isArray(header.frontier)
    ) {
      return header as Written;
    }
  } catch {
    // No JSON, so no header.
  }
  return undefined;
}
