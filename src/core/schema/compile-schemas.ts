import type { Options } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { searcher } from '../cel/functions/regex.ts';
import { shorten } from '../entity.ts';
import type { Problem } from '../problem.ts';
import { type Complaint, toComplaints } from './complaints.ts';
import { FORMATS } from './formats.ts';
import { isSure, type OpenComplaints, readsAnyOf } from './open-members.ts';

/** What is wrong with a document, by one schema; nothing if it fits. */
export interface Validate {
  (document: unknown): readonly Complaint[];
  /** The same of an object without some of its members, whose values are open. */
  readonly openly: (known: object, open: ReadonlySet<string>) => OpenComplaints;
}

/** The schemas of a bundle, by the reference that policies make to them: `cerbos:///resources/report.json`. */
export type Schemas = ReadonlyMap<string, Validate>;

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

type Engine = Ajv | Ajv2019 | Ajv2020;

/** The directory of a policy store that holds its JSON schemas (Cerbos). */
const DIRECTORY = '_schemas/';

const DRAFTS = {
  'draft-07': /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/,
  '2019-09': /^https?:\/\/json-schema\.org\/draft\/2019-09\/schema#?$/,
  '2020-12': /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/,
} as const;
type Draft = keyof typeof DRAFTS;

const OPTIONS: Options = {
  allErrors: true,
  verbose: true,
  // Unknown keywords and formats say nothing (JSON Schema core, section 6.5).
  strict: false,
  logger: false,
  multipleOfPrecision: 10,
  formats: FORMATS,
  // Expressions of RE2, as in Cerbos: what comes with a request is searched in linear time.
  code: { regExp: Object.assign(toRegExp, { code: 'new RegExp' }) },
};

/** Whether a file of a policy tree, by its path in that tree, is a JSON schema. */
export function isSchemaFile(path: string): boolean {
  const isHidden = path.split('/').some((segment) => segment.startsWith('.'));
  return path.startsWith(DIRECTORY) && path.endsWith('.json') && !isHidden;
}

/**
 * Compiles JSON schemas (2020-12, which is meant where none is stated, 2019-09, draft-07). They may refer to one
 * another by relative path or by `cerbos:///`, never to anything outside of the bundle.
 */
export function compileSchemas(files: readonly SourceFile[], problems: Problem[]): Schemas {
  const engines: { readonly [draft in Draft]: Engine } = {
    'draft-07': new Ajv(OPTIONS),
    '2019-09': new Ajv2019(OPTIONS),
    '2020-12': new Ajv2020(OPTIONS),
  };
  const known = new Map<string, { readonly file: SourceFile; readonly engine: Engine }>();
  for (const file of files) {
    const schema = parseSchema(file, problems);
    const engine = schema === undefined ? undefined : engineOf(schema, file, engines, problems);
    if (schema === undefined || engine === undefined) continue;
    const reference = referenceOf(file.path);
    if (add(engine, schema, reference, file, problems)) known.set(reference, { file, engine });
  }
  const schemas = new Map<string, Validate>();
  for (const [reference, { file, engine }] of known) {
    const validate = compile(engine, reference, file, problems);
    if (validate !== undefined) schemas.set(reference, validate);
  }
  return schemas;
}

function referenceOf(path: string): string {
  return `cerbos:///${path.slice(path.indexOf(DIRECTORY) + DIRECTORY.length)}`;
}

function parseSchema({ path, text }: SourceFile, problems: Problem[]): object | boolean | undefined {
  try {
    const schema: unknown = JSON.parse(text);
    if (typeof schema === 'boolean' || (typeof schema === 'object' && schema !== null && !Array.isArray(schema))) {
      return schema;
    }
    problems.push({ file: path, line: 1, message: 'the schema is not a JSON schema', expected: 'an object' });
  } catch (fault) {
    problems.push({ file: path, ...placeIn(text, fault), message: `the schema is not JSON: ${messageOf(fault)}` });
  }
  return undefined;
}

/** Where a text stops being JSON, as far as the parser tells. */
function placeIn(text: string, fault: unknown): { readonly line: number; readonly column?: number } {
  const position = /position (\d+)/.exec(messageOf(fault))?.[1];
  if (position === undefined) return { line: 1 };
  const before = text.slice(0, Number(position)).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function engineOf(
  schema: object | boolean,
  { path }: SourceFile,
  engines: { readonly [draft in Draft]: Engine },
  problems: Problem[],
): Engine | undefined {
  const stated = typeof schema === 'object' && '$schema' in schema ? schema.$schema : undefined;
  if (stated === undefined) return engines['2020-12'];
  const draft = (Object.keys(DRAFTS) as Draft[]).find((name) => DRAFTS[name].test(String(stated)));
  if (draft !== undefined) return engines[draft];
  problems.push({
    file: path,
    line: 1,
    message: 'the schema is of a draft that is not known here',
    found: shorten(String(stated)),
    expected: 'https://json-schema.org/draft/2020-12/schema, 2019-09 or draft-07',
  });
  return undefined;
}

function add(
  engine: Engine,
  schema: object | boolean,
  reference: string,
  { path }: SourceFile,
  problems: Problem[],
): boolean {
  try {
    const isValid = engine.validateSchema(typeof schema === 'boolean' ? {} : schema);
    if (isValid === true) {
      // A boolean cannot be added by itself: its meaning as an object is the same.
      engine.addSchema(typeof schema === 'boolean' ? (schema ? {} : { not: {} }) : schema, reference);
      return true;
    }
    for (const complaint of toComplaints(engine.errors ?? [])) {
      problems.push({
        file: path,
        line: 1,
        message: `the schema is malformed at ${complaint.path}: ${complaint.message}`,
      });
    }
  } catch (fault) {
    problems.push({ file: path, line: 1, message: `the schema cannot be used: ${messageOf(fault)}` });
  }
  return false;
}

function compile(engine: Engine, reference: string, { path }: SourceFile, problems: Problem[]): Validate | undefined {
  try {
    const validate = engine.getSchema(reference);
    if (validate === undefined) return undefined;
    const errorsOf = (document: unknown) => (validate(document) === true ? [] : (validate.errors ?? []));
    return Object.assign((document: unknown) => toComplaints(errorsOf(document)), {
      openly: (known: object, open: ReadonlySet<string>): OpenComplaints => {
        const sure = errorsOf(known).filter((error) => isSure(error, open));
        return { sure: toComplaints(sure), mayBeMore: readsAnyOf(validate.schema, open) };
      },
    });
  } catch (fault) {
    problems.push({ file: path, line: 1, message: `the schema cannot be used: ${messageOf(fault)}` });
    return undefined;
  }
}

/** Ajv tells expressions apart by their text: without one of its own, every pattern would be the first that was met. */
function toRegExp(pattern: string, flags: string): { readonly test: (text: string) => boolean; toString(): string } {
  return { test: searcher(pattern), toString: () => `/${pattern}/${flags}` };
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
