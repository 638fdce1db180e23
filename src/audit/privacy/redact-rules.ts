import { err, ok, type Result } from '../../core/result.ts';

/** What becomes of a value that must not be written: it is left out, or a keyed hash stands in its place. */
export type Replacement = 'omit' | 'hmac';

/** A name of a member or the place of an element (from 0); `any` is every one of them. */
export type Part = { readonly name: string } | 'any';

export interface RedactRule {
  /** The path, as records name it. */
  readonly text: string;
  /** Below `request`: the document first. */
  readonly path: readonly Part[];
  readonly replacement: Replacement;
}

/** The documents that come with a request, as they are called in a record; everything else is names. */
const DOCUMENTS = [
  'request.resource_attributes',
  'request.context',
  'request.action_properties',
  'request.aux_data',
  'request.asserted.origin.attributes',
  'request.asserted.actor.attributes',
];
const SHAPE = 'as in "request.context.*.email omit" or "request.resource_attributes.args["card no."] hmac"';

const BLANK = /(?:[\s,;]|#[^\n]*)*/y;
const PATH = /[\w$-]+(?:\.(?:\*|[\w$-]+)|\["(?:[^"\\\n]|\\.)*"\])*/y;
const PART = /\.?(\*|[\w$-]+)|\[("(?:[^"\\]|\\.)*")\]/g;
const HOW = /[ \t]+(omit|hmac)(?=[\s,;#]|$)/y;

/**
 * Reads rules: a path and `omit` or `hmac` each, with line feeds, commas or semicolons between them; `#` begins a
 * comment. Names in a path are parted by dots; `*` is any name or element; what is no word is written `["so"]`.
 * Or what is wrong with the first rule that cannot be read, with its line, and what would be right.
 */
export function parseRedactRules(text: string): Result<readonly RedactRule[], string> {
  const rules: RedactRule[] = [];
  let place = matchAt(BLANK, text, 0)?.end ?? 0;
  while (place < text.length) {
    const wrong = (what: string): Result<never, string> => {
      const line = text.slice(0, place).split('\n').length;
      const found = text.slice(place, place + 80).split(/[\n,;]/, 1)[0];
      return err(`line ${line}: ${JSON.stringify(found)}: ${what}`);
    };
    const path = matchAt(PATH, text, place);
    if (path === undefined) return wrong(`is no path; write a path and what becomes of its value, ${SHAPE}`);
    const how = matchAt(HOW, text, path.end);
    if (how === undefined) {
      return wrong(`after the path "${path.text}" must stand what becomes of its value, omit or hmac, ${SHAPE}`);
    }
    const rule = toRule(path.text, how.text.trim() === 'omit' ? 'omit' : 'hmac');
    if (!rule.ok) return wrong(rule.error);
    rules.push(rule.value);
    place = matchAt(BLANK, text, how.end)?.end ?? how.end;
  }
  return ok(rules);
}

function toRule(text: string, replacement: Replacement): Result<RedactRule, string> {
  const parts: Part[] = [];
  for (const [, word, quoted] of text.matchAll(PART)) {
    if (word === '*') parts.push('any');
    else if (word !== undefined) parts.push({ name: word });
    else {
      const name = quotedName(quoted ?? '');
      if (name === undefined) return err(`${quoted} is no text as JSON writes them`);
      parts.push({ name });
    }
  }
  const document = DOCUMENTS.map((one) => one.split('.')).find((names) =>
    names.every((name, index) => isPart(parts[index], name, index === 2 && names.length > 3)),
  );
  if (document === undefined) {
    return err(`"${text}" is in no document that comes with a request: begin with one of ${DOCUMENTS.join(', ')}`);
  }
  if (parts.length === document.length) {
    return err(`"${text}" is a whole document: name what in it, or "${text}.*" for everything`);
  }
  return ok({ text, path: parts.slice(1), replacement });
}

/** Both principals may be meant at once: `request.asserted.*.attributes`. */
function isPart(part: Part | undefined, name: string, orAny: boolean): boolean {
  return part === 'any' ? orAny : part?.name === name;
}

function quotedName(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

function matchAt(pattern: RegExp, text: string, place: number): { text: string; end: number } | undefined {
  pattern.lastIndex = place;
  const found = pattern.exec(text);
  return found === null ? undefined : { text: found[0], end: pattern.lastIndex };
}
