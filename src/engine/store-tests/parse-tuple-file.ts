import type { Problem } from '../../core/problem.ts';
import type { Relationship } from '../../core/relationships/membership.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readYaml } from '../../core/yaml-value.ts';
import type { SourceFile } from '../bundles/publish.ts';
import { readSeed } from '../parse-seed.ts';

/** Columns of OpenFGA's CSV files of tuples; the first line names those that are there. */
const COLUMNS = [
  'user_type',
  'user_id',
  'user_relation',
  'relation',
  'object_type',
  'object_id',
  'condition_name',
  'condition_context',
] as const;
const NEEDED: readonly string[] = ['user_type', 'user_id', 'relation', 'object_type', 'object_id'];

/** Tuples of a file of their own: a list in YAML or JSON, a seed (its `tuples`), or CSV. */
export function parseTupleFile(file: SourceFile): Result<readonly Relationship[], readonly Problem[]> {
  if (file.path.endsWith('.csv')) return parseCsv(file);
  const problems: Problem[] = [];
  const root = readYaml(file, problems);
  if (root === undefined) return problems.length > 0 ? err(problems) : ok([]);
  const list = root.isList ? root : root.fields(['entities', 'tuples'])?.get('tuples');
  const tuples = list === undefined ? [] : readSeed(new Map([['tuples', list]])).tuples;
  return problems.length > 0 ? err(problems) : ok(tuples);
}

function parseCsv({ path, text }: SourceFile): Result<readonly Relationship[], readonly Problem[]> {
  const [header = [], ...rows] = readCsv(text);
  const problems: Problem[] = [];
  for (const name of header.filter((column) => !COLUMNS.some((known) => known === column))) {
    problems.push({ file: path, line: 1, message: 'unknown column', found: name, expected: COLUMNS.join(', ') });
  }
  const missing = NEEDED.filter((column) => !header.includes(column));
  if (missing.length > 0) problems.push({ file: path, line: 1, message: `no column ${missing.join(', ')}` });
  if (problems.length > 0) return err(problems);
  const tuples = rows.flatMap((row, index): Relationship[] => {
    const cell = (name: (typeof COLUMNS)[number]): string => row[header.indexOf(name)] ?? '';
    const relation = cell('user_relation');
    const user = `${cell('user_type')}:${cell('user_id')}${relation === '' ? '' : `#${relation}`}`;
    const tuple = { user, relation: cell('relation'), object: `${cell('object_type')}:${cell('object_id')}` };
    const name = cell('condition_name');
    if (name === '') return [tuple];
    try {
      const context: unknown = JSON.parse(cell('condition_context') || '{}');
      return [{ ...tuple, condition: { name, context: context as { [key: string]: unknown } } }];
    } catch {
      problems.push({
        file: path,
        line: index + 2,
        message: 'condition_context is not JSON',
        found: cell('condition_context'),
      });
      return [];
    }
  });
  return problems.length > 0 ? err(problems) : ok(tuples);
}

/** Rows of cells (RFC 4180); empty lines are none. */
function readCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = (): void => {
    row.push(cell);
    cell = '';
    if (row.length > 1 || row[0] !== '') rows.push(row.map((one) => one.trim()));
    row = [];
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') cell += text[++at];
      else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',') {
      row.push(cell);
      cell = '';
    } else if (character === '\n') endRow();
    else if (character !== '\r') cell += character;
  }
  endRow();
  return rows;
}
