import { stripVTControlCharacters } from 'node:util';

/** Rows with their columns aligned, two spaces apart; the last column is as long as it is. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, width(cell));
    });
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell)));
      return `${indent}${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

/** Labels and what they say, one a line; what is undefined says nothing, a list says each on a line. */
export function labelled(
  pairs: readonly (readonly [label: string, value: string | readonly string[] | undefined])[],
): string {
  const rows = pairs.flatMap(([label, value]) => {
    if (value === undefined) return [];
    const lines = typeof value === 'string' ? [value] : value;
    return lines.map((line, index) => [index === 0 ? label : '', line]);
  });
  return columns(rows, '  ');
}

/** `1 error`, `2 errors`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
