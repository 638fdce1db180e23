import type { Document } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { type Json, shorten } from '../entity.ts';
import type { Problem } from '../problem.ts';

/** Where something stands in a file, 1-based. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something that was read, with its place for later complaints. */
export interface Located<T> {
  readonly value: T;
  readonly place: Place;
}

/** A file with the problems found so far, in every file. */
interface Text {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly problems: Problem[];
  readonly document: Document;
  /** Nodes that may still be read: aliases let a short text stand for an enormous one. */
  readonly left: { nodes: number };
}

interface Details {
  readonly found?: string;
  readonly expected?: string;
}

/** Nesting of a policy's values: deeper is a mistake, or an attempt to exhaust the stack. */
const MAX_DEPTH = 64;
/** Nodes read of one document: far above the largest policy, far below what would hurt. */
const MAX_NODES = 200_000;

/**
 * One node of a YAML or JSON document. The readers return undefined after adding a problem, so that everything else
 * in the file is still looked at and all errors come in one run.
 */
export class Cursor {
  private readonly text: Text;
  private readonly node: Node;
  /** Where the node stands in the document, `resourcePolicy.rules[0]`, for messages. */
  readonly path: string;
  private readonly depth: number;

  constructor(text: Text, node: Node, path: string, depth: number) {
    this.text = text;
    this.node = node;
    this.path = path;
    this.depth = depth;
  }

  get place(): Place {
    return placeAt(this.text, this.node.range?.[0] ?? 0);
  }

  /** Where the characters of a string begin: below the `|` of a block scalar, after an opening quote. */
  private get contentPlace(): Place {
    const start = this.node.range?.[0] ?? 0;
    if (!isScalar(this.node)) return this.place;
    if (this.node.type === 'QUOTE_DOUBLE' || this.node.type === 'QUOTE_SINGLE') return placeAt(this.text, start + 1);
    if (this.node.type !== 'BLOCK_LITERAL' && this.node.type !== 'BLOCK_FOLDED') return this.place;
    const next = this.text.text.indexOf('\n', start);
    const content = next < 0 ? -1 : this.text.text.slice(next).search(/\S/);
    return content < 0 ? this.place : placeAt(this.text, next + content);
  }

  fail(message: string, details: Details = {}, place = this.place): undefined {
    this.text.problems.push({ ...place, message, ...details });
    return undefined;
  }

  /**
   * The fields of a mapping. Unknown fields, and fields that `required` names and that are not there, are problems.
   * Names may be written `likeThis` or `like_this`, as protobuf's JSON mapping takes them.
   */
  fields(known: readonly string[], required: readonly string[] = []): ReadonlyMap<string, Cursor> | undefined {
    const entries = this.entries();
    if (entries === undefined) return undefined;
    const fields = new Map<string, Cursor>();
    for (const { key, value, at } of entries) {
      const name = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      if (!known.includes(name)) {
        const message = `unknown field "${shorten(key)}"${this.path === '' ? '' : ` in ${this.path}`}`;
        this.text.problems.push({ ...at, message, found: shorten(key), expected: known.join(', ') });
      } else if (fields.has(name)) {
        const message = `the field "${name}" is given twice`;
        this.text.problems.push({ ...at, message, found: shorten(key), expected: 'one value' });
      } else if (value === undefined) {
        // A rule with an empty `condition:` must not become a rule without one.
        this.text.problems.push({
          ...at,
          message: `the field "${name}" has no value`,
          found: 'null',
          expected: 'a value',
        });
      } else {
        fields.set(name, value);
      }
    }
    for (const name of required) {
      if (!fields.has(name)) {
        const owner = this.path === '' ? 'the document' : this.path;
        this.fail(`${owner} has no "${name}"`, { found: [...fields.keys()].join(', ') || 'nothing', expected: name });
      }
    }
    return fields;
  }

  /** The entries of a mapping with free names, in the order of the file; an empty value is undefined. */
  entries(): readonly { readonly key: string; readonly value: Cursor | undefined; readonly at: Place }[] | undefined {
    if (!isMap(this.node)) return this.fail(`${this.name} is not a mapping`, { ...this.seen, expected: 'a mapping' });
    const entries: { key: string; value: Cursor | undefined; at: Place }[] = [];
    for (const pair of this.node.items) {
      const at = isNode(pair.key) ? placeAt(this.text, pair.key.range?.[0] ?? 0) : this.place;
      if (!isScalar(pair.key)) {
        this.text.problems.push({ ...at, message: 'a key is not a plain name', expected: 'a name' });
        continue;
      }
      const key = String(pair.key.value);
      const value = isNode(pair.value)
        ? this.child(pair.value, this.path === '' ? key : `${this.path}.${key}`)
        : undefined;
      entries.push({ key, value: value?.isNull === true ? undefined : value, at });
    }
    return entries;
  }

  items(): readonly Cursor[] | undefined {
    if (!isSeq(this.node)) return this.fail(`${this.name} is not a list`, { ...this.seen, expected: 'a list' });
    const items: Cursor[] = [];
    this.node.items.forEach((item, index) => {
      const cursor = isNode(item) ? this.child(item, `${this.path}[${index}]`) : undefined;
      if (cursor !== undefined) items.push(cursor);
    });
    return items;
  }

  /** A string. `expected` says what it is, for the message where it is something else. */
  string(expected = 'a string'): Located<string> | undefined {
    if (!isScalar(this.node) || typeof this.node.value !== 'string') {
      return this.fail(`${this.name} is not a string`, { ...this.seen, expected });
    }
    return { value: this.node.value, place: this.place };
  }

  /** A string whose place is that of its first character, so that positions inside it can be reported. */
  expression(): Located<string> | undefined {
    const text = this.string('a CEL expression');
    if (text === undefined) return undefined;
    if (text.value.trim() === '')
      return this.fail(`${this.name} is empty`, { found: '""', expected: 'a CEL expression' });
    return { value: text.value, place: this.contentPlace };
  }

  boolean(): boolean | undefined {
    if (isScalar(this.node) && typeof this.node.value === 'boolean') return this.node.value;
    return this.fail(`${this.name} is not true or false`, { ...this.seen, expected: 'true or false' });
  }

  /** Any JSON value: a constant. */
  json(): Json | undefined {
    if (isSeq(this.node)) return this.items()?.map((item) => item.json() ?? null);
    if (isMap(this.node)) {
      return Object.fromEntries((this.entries() ?? []).map(({ key, value }) => [key, value?.json() ?? null]));
    }
    const value = isScalar(this.node) ? this.node.value : null;
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return this.fail(`${this.name} is not a JSON value`, { ...this.seen, expected: 'a JSON value' });
  }

  private get isNull(): boolean {
    return isScalar(this.node) && this.node.value === null;
  }

  private get name(): string {
    return this.path === '' ? 'the document' : this.path;
  }

  private get seen(): { readonly found: string } {
    if (isMap(this.node)) return { found: 'a mapping' };
    if (isSeq(this.node)) return { found: 'a list' };
    return { found: isScalar(this.node) ? shorten(JSON.stringify(this.node.value) ?? 'nothing') : 'an alias' };
  }

  private child(node: Node, path: string): Cursor | undefined {
    const { text } = this;
    text.left.nodes -= 1;
    if (this.depth >= MAX_DEPTH || text.left.nodes < 0) {
      // Said once: a problem for each of the nodes left out would itself be too much.
      if (text.left.nodes !== Number.NEGATIVE_INFINITY) {
        const expected = `at most ${MAX_DEPTH} levels and ${MAX_NODES} values`;
        this.fail('the document is too large, or an alias holds itself', { expected });
      }
      text.left.nodes = Number.NEGATIVE_INFINITY;
      return undefined;
    }
    const target = isAlias(node) ? node.resolve(text.document) : node;
    if (target !== undefined) return new Cursor(text, target, path, this.depth + 1);
    return this.fail(`an alias in ${path} has no anchor`, { expected: 'an anchor before it' });
  }
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);
}

function placeAt(text: { readonly file: string; readonly lines: LineCounter }, offset: number): Place {
  const { line, col } = text.lines.linePos(offset);
  return { file: text.file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** The documents of a YAML or JSON file (JSON is YAML). Syntax errors go to `problems`, and their document is left out. */
export function readDocuments(file: string, text: string, problems: Problem[]): readonly Cursor[] {
  const lines = new LineCounter();
  const cursors: Cursor[] = [];
  for (const document of parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })) {
    if (!('contents' in document)) continue;
    for (const error of document.errors) {
      problems.push({ ...placeAt({ file, lines }, error.pos[0]), message: error.message.replace(/\.$/, '') });
    }
    const { contents } = document;
    if (document.errors.length > 0 || contents === null) continue;
    if (isScalar(contents) && contents.value === null) continue;
    cursors.push(new Cursor({ file, text, lines, problems, document, left: { nodes: MAX_NODES } }, contents, '', 0));
  }
  return cursors;
}
