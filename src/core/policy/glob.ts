/** Whether a name in a policy is a pattern. Cerbos takes a name without a star literally, whatever else it holds. */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*');
}

/** Alternatives of nested `{a,b}` multiply; a policy that needs more than these is a mistake. */
const MAX_ALTERNATIVES = 256;

type Token =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: 'one' } // `?`: any character but the separator
  | { readonly kind: 'segment' } // `*`: any characters but the separator
  | { readonly kind: 'all' }; // `**`: any characters

const SEPARATOR = ':';

/**
 * Compiles a Cerbos glob (github.com/gobwas/glob with the separator `:`): `*` and `?` stay within a segment, `**`
 * crosses segments, `[a-z]`, `[!a-z]` and `{a,b}` as usual, `\` escapes; a lone `*` matches everything. Returns
 * undefined where the pattern is malformed. Matching takes at most name × pattern steps: the name comes with a request.
 */
export function compileGlob(pattern: string): ((name: string) => boolean) | undefined {
  if (pattern === '*' || pattern === '**') return () => true;
  const prefix = /^([^*?[\]{}\\,]*)\*$/.exec(pattern)?.[1];
  if (prefix !== undefined) return (name) => name.startsWith(prefix) && !name.includes(SEPARATOR, prefix.length);
  const alternatives = expandBraces(pattern);
  if (alternatives === undefined || alternatives.length > MAX_ALTERNATIVES) return undefined;
  const compiled: (readonly Token[])[] = [];
  for (const alternative of alternatives) {
    const tokens = tokenize(alternative);
    if (tokens === undefined) return undefined;
    compiled.push(tokens);
  }
  return (name) => compiled.some((tokens) => matches(tokens, [...name]));
}

/** `a{b,c}d` → `abd`, `acd`; undefined where braces do not match or the result grows out of bounds. */
function expandBraces(pattern: string): readonly string[] | undefined {
  let open = -1;
  let depth = 0;
  const commas: number[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '\\') at += 1;
    else if (character === '{') {
      if (depth === 0) open = at;
      depth += 1;
    } else if (character === ',' && depth === 1) commas.push(at);
    else if (character === '}') {
      depth -= 1;
      if (depth < 0) return undefined;
      if (depth === 0) return joinAlternatives(pattern, open, commas, at);
    }
  }
  return depth === 0 ? [pattern] : undefined;
}

function joinAlternatives(pattern: string, open: number, commas: readonly number[], close: number) {
  const bounds = [open, ...commas, close];
  const heads = bounds.slice(1).map((end, index) => pattern.slice((bounds[index] ?? open) + 1, end));
  const tails = expandBraces(pattern.slice(close + 1));
  const result: string[] = [];
  for (const head of heads) {
    const expanded = expandBraces(head);
    if (expanded === undefined || tails === undefined) return undefined;
    for (const middle of expanded) for (const tail of tails) result.push(pattern.slice(0, open) + middle + tail);
    if (result.length > MAX_ALTERNATIVES) return undefined;
  }
  return result;
}

function tokenize(pattern: string): readonly Token[] | undefined {
  const characters = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '*') {
      const crossing = characters[at + 1] === '*';
      while (characters[at + 1] === '*') at += 1;
      tokens.push({ kind: crossing ? 'all' : 'segment' });
    } else if (character === '?') {
      tokens.push({ kind: 'one' });
    } else if (character === '[') {
      const end = characters.indexOf(']', at + 1);
      const token = end < 0 ? undefined : toClass(characters.slice(at + 1, end));
      if (token === undefined) return undefined;
      tokens.push(token);
      at = end;
    } else {
      if (character === '\\') at += 1;
      const literal = character === '\\' ? characters[at] : character;
      if (literal === undefined) return undefined;
      tokens.push({ kind: 'character', character: literal });
    }
  }
  return tokens;
}

function toClass(members: readonly string[]): Token | undefined {
  const negated = members[0] === '!';
  const rest = negated ? members.slice(1) : members;
  const [first, dash, last] = rest;
  if (first === undefined) return undefined;
  if (rest.length === 3 && dash === '-' && last !== undefined)
    return { kind: 'class', negated, ranges: [[first, last]] };
  return { kind: 'class', negated, ranges: rest.map((member) => [member, member]) };
}

/** Simulates the pattern as an automaton: `live[i]` says that the first i tokens can match what was read. */
function matches(tokens: readonly Token[], name: readonly string[]): boolean {
  let live = closure(tokens, [true]);
  for (const character of name) {
    const next: boolean[] = [];
    tokens.forEach((token, at) => {
      if (live[at] !== true || !accepts(token, character)) return;
      next[token.kind === 'segment' || token.kind === 'all' ? at : at + 1] = true;
    });
    live = closure(tokens, next);
  }
  return live[tokens.length] === true;
}

/** A star matches nothing, too. */
function closure(tokens: readonly Token[], live: boolean[]): boolean[] {
  tokens.forEach((token, at) => {
    if (live[at] === true && (token.kind === 'segment' || token.kind === 'all')) live[at + 1] = true;
  });
  return live;
}

function accepts(token: Token, character: string): boolean {
  switch (token.kind) {
    case 'character':
      return token.character === character;
    case 'class':
      return token.ranges.some(([low, high]) => character >= low && character <= high) !== token.negated;
    case 'all':
      return true;
    case 'one':
    case 'segment':
      return character !== SEPARATOR;
  }
}
