/** What an expression names below `V` and `C`; `every` where it uses the whole map, or a name computed at run time. */
export interface References {
  readonly variables: ReadonlySet<string>;
  readonly everyVariable: boolean;
  readonly constants: ReadonlySet<string>;
}

/**
 * The tokens that matter: strings (raw, triple-quoted, byte), comments, names, and any other character. Numbers need no
 * rule of their own: an exponent or suffix is not a root variable.
 */
const TOKEN =
  /(?<raw>[bB]?[rR][bB]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*'))|(?<text>[bB]?(?:"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|(?<comment>\/\/[^\n]*)|(?<number>\d[\w.]*)|(?<name>[A-Za-z_]\w*)|(?<other>\S)/g;

interface Token {
  readonly kind: 'string' | 'name' | 'other';
  readonly text: string;
}

/**
 * Which variables and constants a CEL expression (langdef, "Syntax") names, without parsing it: `V.x`, `variables.x`,
 * `V["x"]`, `V.?x`. The program itself is compiled elsewhere; this is for errors at load (`V.x` is not defined) and for
 * knowing which variables an expression needs before it runs.
 */
export function findReferences(source: string): References {
  const tokens = tokenize(source);
  const variables = new Set<string>();
  const constants = new Set<string>();
  let everyVariable = false;
  tokens.forEach((token, at) => {
    if (token.kind !== 'name' || tokens[at - 1]?.text === '.') return;
    const ofVariables = token.text === 'V' || token.text === 'variables';
    if (!ofVariables && token.text !== 'C' && token.text !== 'constants') return;
    const member = memberAt(tokens, at + 1);
    if (member !== undefined) (ofVariables ? variables : constants).add(member);
    else if (ofVariables) everyVariable = true;
  });
  return { variables, everyVariable, constants };
}

function memberAt(tokens: readonly Token[], at: number): string | undefined {
  const opening = tokens[at]?.text;
  if (opening !== '.' && opening !== '[') return undefined;
  const inner = tokens[at + 1]?.text === '?' ? at + 2 : at + 1;
  const token = tokens[inner];
  if (token === undefined) return undefined;
  if (opening === '.') return token.kind === 'name' ? token.text : undefined;
  return token.kind === 'string' && tokens[inner + 1]?.text === ']' ? token.text : undefined;
}

function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of source.matchAll(TOKEN)) {
    const { raw, text, number, name, other } = match.groups ?? {};
    const literal = raw ?? text;
    if (literal !== undefined) tokens.push({ kind: 'string', text: unquote(literal) });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (number !== undefined || other !== undefined) tokens.push({ kind: 'other', text: number ?? other ?? '' });
  }
  return tokens;
}

/** A key with an escape in it is not a name that a policy could define, so escapes need no decoding. */
function unquote(literal: string): string {
  const quoted = literal.replace(/^[bBrR]*/, '');
  const width = quoted.startsWith('"""') || quoted.startsWith("'''") ? 3 : 1;
  return quoted.slice(width, -width);
}
