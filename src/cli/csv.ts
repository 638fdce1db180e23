/** What a spreadsheet takes for a formula, whoever wrote it: an apostrophe before it makes text of it there. */
const FORMULA = /^[=+\-@\t\r]/;

/** Rows as CSV (RFC 4180), each ended; the first one names the columns. */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
