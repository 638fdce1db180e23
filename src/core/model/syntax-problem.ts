import type { Problem } from '../problem.ts';

/** What the DSL library reports, 0-based; the fields that are used here. */
interface SyntaxError {
  readonly msg: string;
  readonly line: { readonly start: number } | undefined;
  readonly column: { readonly start: number } | undefined;
}

export const END = 'the end of the file';

/** ANTLR's own wording, which the DSL library passes on. */
const WORDINGS: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: /^mismatched input '(.*)' expecting (.*)$/s, message: 'this does not belong here' },
  { pattern: /^extraneous input '(.*)' expecting (.*)$/s, message: 'this is too much' },
  { pattern: /^missing (.*) at '(.*)'$/s, message: 'something is missing' },
  { pattern: /^no viable alternative at input '(.*)'$/s, message: 'this cannot be read' },
  { pattern: /^token recognition error at: '(.*)'$/s, message: 'this character does not belong here' },
];

/** The grammar's names for what it expects, in words. */
const TOKENS: readonly (readonly [RegExp, string])[] = [
  [/\bWHITESPACE\b/g, 'white space'],
  [/\bNEWLINE\b/g, 'a new line'],
  [/<EOF>/g, END],
  [/\bEXTENDED_IDENTIFIER\b/g, 'a name with - . or /'],
  [/\bIDENTIFIER\b/g, 'a name'],
  [/\bSCHEMA_VERSION\b/g, 'a schema version'],
  [/\bCONDITION_PARAM_TYPE\b/g, 'a parameter type'],
  [/\bCONDITION_PARAM_CONTAINER\b/g, 'list or map'],
];

/** A syntax error of the DSL as a problem with its place, what was found and what would have been right. */
export function toSyntaxProblem(error: SyntaxError, file: string): Problem {
  const place = {
    file,
    ...(error.line === undefined ? {} : { line: error.line.start + 1 }),
    ...(error.column === undefined ? {} : { column: error.column.start + 1 }),
  };
  for (const { pattern, message } of WORDINGS) {
    const match = pattern.exec(error.msg);
    if (match === null) continue;
    const [found, expected] = error.msg.startsWith('missing') ? [match[2], match[1]] : [match[1], match[2]];
    return {
      message,
      ...place,
      found: describeFound(found ?? ''),
      ...(expected === undefined ? {} : { expected: describeExpected(expected) }),
    };
  }
  return { message: error.msg, ...place };
}

function describeFound(found: string): string {
  if (found === '<EOF>') return END;
  const text = found.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  return text.trim() === '' ? (text.includes('\n') ? 'the end of the line' : 'white space') : `"${text.slice(0, 64)}"`;
}

function describeExpected(expected: string): string {
  return TOKENS.reduce((text, [token, words]) => text.replace(token, words), expected.replace(/^\{(.*)\}$/, '$1'));
}
