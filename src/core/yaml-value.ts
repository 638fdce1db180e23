import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
} from 'yaml';
import { type Json, shorten } from './entity.ts';
import { isSafe } from './json/scan-json.ts';
import type { Problem } from './problem.ts';

/** Where something stands in a file; line and column from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Values read of one file: aliases let a short text stand for an enormous one. */
const MAX_VALUES = 200_000;
/** Nesting: deeper is a mistake, or an alias that holds itself. */
const MAX_DEPTH = 64;

/** Merges another map into this one (yaml.org/type/merge.html), as Cerbos's fixtures use it. */
const MERGE = '<<';

interface Entry {
  readonly name: string;
  readonly place: Place;
  readonly value: YamlValue | undefined;
}

interface Source {
  readonly file: string;
  readonly lines: LineCounter;
  readonly document: Document;
  readonly problems: Problem[];
  left: number;
}

/**
 * One value of a YAML file. Every reader returns undefined after reporting a problem with its place, so that the rest
 * of the file is still looked at and all errors come in one run.
 */
export class YamlValue {
  /** Where it stands in the document, `delegations/0/capabilities`; empty for the whole. */
  readonly path: string;
  private readonly source: Source;
  private readonly node: Node;
  private readonly depth: number;

  constructor(source: Source, node: Node, path: string, depth: number) {
    this.source = source;
    this.node = node;
    this.path = path;
    this.depth = depth;
  }

  get place(): Place {
    return placeOf(this.source, this.node);
  }

  fail(message: string, details: { readonly found?: string; readonly expected?: string } = {}): undefined {
    this.source.problems.push({ ...this.place, message, ...details });
    return undefined;
  }

  /**
   * The fields of a map; a field that is unknown, empty or missing though required is a problem. With `empty` as
   * `absent` one without a value is as if it were not there (protobuf's JSON mapping).
   */
  fields(
    known: readonly string[],
    required: readonly string[] = [],
    empty: 'refused' | 'absent' = 'refused',
  ): ReadonlyMap<string, YamlValue> | undefined {
    const entries = this.entries();
    if (entries === undefined) return undefined;
    const fields = new Map<string, YamlValue>();
    for (const { name, place, value } of entries) {
      if (!known.includes(name)) {
        this.source.problems.push({
          ...place,
          message: 'unknown key',
          found: shorten(name),
          expected: known.join(', '),
        });
      } else if (value === undefined) {
        if (empty === 'absent') continue;
        // An empty `condition:` must not become a delegation without one.
        this.source.problems.push({ ...place, message: `${name} has no value`, expected: 'a value, or no such key' });
      } else {
        fields.set(name, value);
      }
    }
    const missing = required.filter((name) => !entries.some((entry) => entry.name === name));
    if (missing.length > 0) this.fail(`${missing.join(' and ')} missing`, { expected: required.join(', ') });
    return fields;
  }

  items(expected = 'a list'): readonly YamlValue[] | undefined {
    if (!isSeq(this.node)) return this.mistyped(expected);
    return this.node.items.flatMap((item, index) => this.child(item as Node, `${index}`) ?? []);
  }

  get isList(): boolean {
    return isSeq(this.node);
  }

  /** A list of strings, or one string that stands for a list of one. */
  strings(expected: string): readonly { readonly text: string; readonly place: Place }[] | undefined {
    const items = isSeq(this.node) ? this.items() : [this];
    const read = items?.map((item) => ({ text: item.string(expected), place: item.place })) ?? [];
    const texts = read.flatMap(({ text, place }) => (text === undefined ? [] : [{ text, place }]));
    return texts.length === read.length ? texts : undefined;
  }

  string(expected = 'a text'): string | undefined {
    const value = this.scalar;
    return typeof value === 'string' ? value : this.mistyped(expected);
  }

  integer(expected = 'a whole number'): number | undefined {
    const value = this.scalar;
    return Number.isSafeInteger(value) ? Number(value) : this.mistyped(expected);
  }

  boolean(): boolean | undefined {
    const value = this.scalar;
    return typeof value === 'boolean' ? value : this.mistyped('true or false');
  }

  /** The scalar as it is (undefined for a map or a list), for readers with rules of their own. */
  get scalar(): unknown {
    return isScalar(this.node) ? this.node.value : undefined;
  }

  json(): Json | undefined {
    if (isSeq(this.node)) return this.items()?.map((item) => item.json() ?? null);
    if (isMap(this.node)) {
      return Object.fromEntries((this.entries() ?? []).map(({ name, value }) => [name, value?.json() ?? null]));
    }
    const value = this.scalar;
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value !== 'number' || !Number.isFinite(value)) return this.mistyped('a JSON value');
    return isSafe((this.node as Scalar).source ?? String(value))
      ? value
      : this.mistyped('a number that a double holds (integers up to ±(2^53 − 1)), or a text');
  }

  mistyped(expected: string): undefined {
    const name = this.path.split('/').findLast((part) => !/^\d+$/.test(part));
    return this.fail(`wrong value${name === undefined || name === '' ? '' : ` for ${name}`}`, {
      found: describe(this.node),
      expected,
    });
  }

  /** Every key with its value, for maps whose keys are names that people choose. */
  named(): readonly (readonly [name: string, value: YamlValue])[] | undefined {
    return this.entries()?.flatMap(({ name, value, place }) => {
      if (value !== undefined) return [[name, value] as const];
      this.source.problems.push({ ...place, message: `${name} has no value`, expected: 'a value, or no such key' });
      return [];
    });
  }

  private entries(): readonly Entry[] | undefined {
    if (!isMap(this.node)) return this.mistyped('a map');
    const entries: Entry[] = [];
    const merged: Entry[] = [];
    for (const pair of this.node.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      const value = pair.value === null ? undefined : this.child(pair.value as Node, name);
      if (name === MERGE) merged.push(...this.mergedEntries(value));
      else {
        const place = placeOf(this.source, pair.key as Node);
        entries.push({ name, place, value: value?.scalar === null ? undefined : value });
      }
    }
    for (const entry of merged) if (!entries.some(({ name }) => name === entry.name)) entries.push(entry);
    return entries;
  }

  /** What `<<: *other` brings in, of one map or several, the first of which wins. */
  private mergedEntries(value: YamlValue | undefined): readonly Entry[] {
    if (value === undefined) return [];
    const maps = isSeq(value.node) ? (value.items() ?? []) : [value];
    return maps.flatMap((map) => map.entries() ?? []);
  }

  private child(node: Node, step: string): YamlValue | undefined {
    const target = isAlias(node) ? node.resolve(this.source.document) : node;
    this.source.left -= 1;
    if (target === undefined || this.depth >= MAX_DEPTH || this.source.left < 0) {
      // Said once: a problem for each value left out would itself be too much.
      if (this.source.left !== Number.NEGATIVE_INFINITY) this.fail('too large, too deep, or an alias of nothing');
      this.source.left = Number.NEGATIVE_INFINITY;
      return undefined;
    }
    return new YamlValue(this.source, target, this.path === '' ? step : `${this.path}/${step}`, this.depth + 1);
  }
}

/**
 * Reads a YAML file of one document; its syntax errors go to `problems`. Undefined for these and for an empty file.
 */
export function readYaml(
  file: { readonly path: string; readonly text: string },
  problems: Problem[],
): YamlValue | undefined {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const source: Source = { file: file.path, lines, document, problems, left: MAX_VALUES };
  for (const error of document.errors) {
    const message = `not YAML: ${error.message.split('\n')[0]?.replace(/\.$/, '')}`;
    problems.push({ ...placeAt(source, error.pos[0]), message });
  }
  const { contents } = document;
  if (document.errors.length > 0 || contents === null || (isScalar(contents) && contents.value === null)) {
    return undefined;
  }
  return new YamlValue(source, contents, '', 0);
}

function placeOf(source: Source, node: Node): Place {
  return placeAt(source, node.range?.[0] ?? 0);
}

function placeAt({ file, lines }: Source, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function describe(node: Node): string {
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  return isScalar(node) ? shorten(JSON.stringify(node.value) ?? String(node.value)) : 'an alias';
}
