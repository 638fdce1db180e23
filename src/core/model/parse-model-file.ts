import { transformer } from '@openfga/syntax-transformer';
import type { Problem } from '../problem.ts';
import { decodeModel } from './decode-model.ts';
import { ModelText, type Region } from './model-text.ts';
import type { Place, SourceCondition, SourceRelation, SourceType } from './source-model.ts';
import { END, toSyntaxProblem } from './syntax-problem.ts';

/** One file of the DSL, read as far as it can be read. */
export interface ModelFile {
  readonly path: string;
  /** Absent in a module. */
  readonly schemaVersion: string | undefined;
  readonly types: readonly SourceType[];
  /** `extend type`: relations that a module adds to a type of another one. */
  readonly extensions: readonly SourceType[];
  readonly conditions: readonly SourceCondition[];
  readonly problems: readonly Problem[];
}

/**
 * Reads one file with OpenFGA's own grammar. Its parser gives up on the rest after the first mistakes, so a file with
 * mistakes is read again definition by definition: all of them are reported in one run, and what is right is kept for
 * the checks of its meaning.
 */
export function parseModelFile(path: string, source: string): ModelFile {
  const text = new ModelText(path, source);
  const whole = parse(text.lines, text);
  if (whole.problems.length === 0) return { path, ...whole, problems: lostNames(text, whole) };
  const preamble = parse(text.lines.slice(0, text.regions[0]?.start ?? text.lines.length), text);
  const regions = preamble.problems.length > 0 ? [] : text.regions;
  const parts = regions.map((region) => ({ ...parseRegion(text, region), region }));
  const problems = parts.flatMap((part) => part.problems);
  return {
    path,
    schemaVersion: preamble.schemaVersion ?? whole.schemaVersion,
    types: join(parts.map(({ region, types }) => ({ region, types }))),
    extensions: join(parts.map(({ region, extensions }) => ({ region, types: extensions }))),
    conditions: parts.flatMap((part) => part.conditions),
    problems: problems.length > 0 ? problems : whole.problems,
  };
}

type Part = Omit<ModelFile, 'path'>;

function parse(lines: readonly string[], text: ModelText): Part {
  const nothing = { schemaVersion: undefined, types: [], extensions: [], conditions: [] };
  let parsed: ReturnType<typeof transformer.parseDSL>;
  try {
    parsed = transformer.parseDSL(lines.join('\n'));
  } catch {
    // The library's listener trips over some half-parsed definitions; which one is found part by part.
    return { ...nothing, problems: [{ message: 'this cannot be read', file: text.path, line: 1 }] };
  }
  const { authorizationModel, typeDefExtensions } = parsed.listener;
  const errors = parsed.errorListener.errors.map((error) => toSyntaxProblem(error, text.path));
  if (errors.length > 0) return { ...nothing, schemaVersion: authorizationModel.schema_version, problems: errors };
  const extending = new Set(typeDefExtensions.values());
  const definitions = authorizationModel.type_definitions ?? [];
  const own = decodeModel(
    { ...authorizationModel, type_definitions: definitions.filter((type) => !extending.has(type)) },
    text,
  );
  const extensions = decodeModel({ type_definitions: definitions.filter((type) => extending.has(type)) }, text);
  return {
    schemaVersion: authorizationModel.schema_version,
    types: own.model.types,
    extensions: extensions.model.types,
    conditions: own.model.conditions,
    problems: [...own.problems, ...extensions.problems],
  };
}

/** Reads one definition with everything else of the file blanked out, so that places stay as they are. */
function parseRegion(text: ModelText, region: Region): Part {
  const first = text.regions[0]?.start ?? 0;
  const head = text.regions.findLast((one) => one.kind === 'type' && one.start < region.start);
  const blank = text.lines.map((line, at) => {
    if (at < first || (at >= region.start && at < region.end)) return line;
    return region.kind === 'relation' && head !== undefined && at >= head.start && at < head.end ? line : '';
  });
  // "relations" without a definition after it is a mistake of its own, but not here: they are read by themselves.
  const lines = region.kind === 'type' && hasRelations(text, region) ? blank.map(withoutRelations) : blank;
  const part = parse(lines, text);
  if (part.problems.length === 0) return part;
  const problems = part.problems.map((problem) => {
    const line = problem.line ?? 0;
    const inside = line > region.start && line <= region.end;
    // What is left open is noticed behind the definition, where the blanked rest is.
    return inside && problem.found !== END
      ? problem
      : { ...problem, ...endOf(text, region), found: 'the end of the definition' };
  });
  return { ...part, ...unreadable(text, region), problems };
}

/** Behind the last character of a region. */
function endOf(text: ModelText, region: Region): Place {
  const last = text.lines.findLastIndex((line, at) => at >= region.start && at < region.end && line.trim() !== '');
  return { file: text.path, line: last + 1, column: (text.lines[last]?.length ?? 0) + 1 };
}

function hasRelations(text: ModelText, region: Region): boolean {
  return text.regions[text.regions.indexOf(region) + 1]?.kind === 'relation';
}

function withoutRelations(line: string): string {
  return line.trim() === 'relations' ? '' : line;
}

/** A stand-in for what could not be read, so that references to it are not reported as well. */
function unreadable(text: ModelText, region: Region): Partial<Part> {
  if (region.kind === 'condition') return {};
  const relation: SourceRelation = {
    name: region.name,
    rewrite: undefined,
    directTypes: [],
    place: text.relation(region.owner, region.name),
    find: () => ({ file: text.path }),
  };
  const relations = region.kind === 'relation' ? [relation] : [];
  const type = { name: region.owner, relations, place: text.type(region.owner) };
  const head = text.regions.findLast((one) => one.kind === 'type' && one.start <= region.start);
  const extends_ = text.lines[head?.start ?? 0]?.trimStart().startsWith('extend') ?? false;
  return extends_ ? { extensions: [type] } : { types: [type] };
}

/** The parts of types put together again: a `type` line begins one, what follows belongs to it. */
function join(
  parts: readonly { readonly region: Region; readonly types: readonly SourceType[] }[],
): readonly SourceType[] {
  const joined: SourceType[] = [];
  for (const { region, types } of parts) {
    for (const type of types) {
      const last = joined.at(-1);
      if (region.kind === 'relation' && last?.name === type.name) {
        joined[joined.length - 1] = { ...last, relations: [...last.relations, ...type.relations] };
      } else {
        joined.push(type);
      }
    }
  }
  return joined;
}

/** Definitions that the library drops without a word: names such as `__proto__`. */
function lostNames(text: ModelText, part: Part): readonly Problem[] {
  const names = new Set([...part.types, ...part.extensions].flatMap((type) => type.relations.map((one) => one.name)));
  const lost = text.regions.filter((region) => region.kind === 'relation' && !names.has(region.name));
  const problems = lost.map((region) => ({
    message: `"${region.name}" cannot name a relation`,
    ...text.relation(region.owner, region.name),
  }));
  return [...part.problems, ...problems];
}
