import type { Problem } from '../problem.ts';

/** Where an expression's first character stands: the file as its reader knows it, line and column from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A problem at an offset of `source`. Lines after the first are taken to begin at the same column, as YAML's block
 * scalars have them.
 */
export function problemAt(
  source: string,
  offset: number,
  place: Place | undefined,
  problem: Pick<Problem, 'message' | 'found' | 'expected'>,
): Problem {
  const before = source.slice(0, offset).split('\n');
  const line = before.length - 1;
  const column = before.at(-1)?.length ?? 0;
  return {
    ...problem,
    ...(place === undefined ? {} : { file: place.file }),
    line: (place?.line ?? 1) + line,
    column: (place?.column ?? 1) + column,
  };
}
