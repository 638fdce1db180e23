/**
 * RFC 8259 read character by character, as slowly and plainly as its grammar is written: what a decoder that is made
 * for speed is compared with. Members stay a list, numbers stay text.
 */
export type Tree =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Tree])[] }
  | { readonly kind: 'list'; readonly elements: readonly Tree[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly literal: string }
  | { readonly kind: 'word'; readonly word: 'true' | 'false' | 'null' };

const ESCAPES: { readonly [letter: string]: string } = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  whole(): Tree {
    this.space();
    const tree = this.value();
    this.space();
    if (this.at < this.text.length) this.no();
    return tree;
  }

  private no(): never {
    throw new SyntaxError(`not JSON at ${this.at}`);
  }

  private space(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  private take(expected: string): void {
    if (this.text.slice(this.at, this.at + expected.length) !== expected) this.no();
    this.at += expected.length;
  }

  private value(): Tree {
    switch (this.text[this.at]) {
      case '{':
        return this.object();
      case '[':
        return this.list();
      case '"':
        return { kind: 'string', text: this.string() };
      case 't':
        return this.word('true');
      case 'f':
        return this.word('false');
      case 'n':
        return this.word('null');
      default:
        return this.number();
    }
  }

  private word(word: 'true' | 'false' | 'null'): Tree {
    this.take(word);
    return { kind: 'word', word };
  }

  private object(): Tree {
    const members: [string, Tree][] = [];
    this.take('{');
    this.space();
    if (this.text[this.at] !== '}') {
      for (;;) {
        this.space();
        const name = this.string();
        this.space();
        this.take(':');
        this.space();
        members.push([name, this.value()]);
        this.space();
        if (this.text[this.at] !== ',') break;
        this.at += 1;
      }
    }
    this.take('}');
    return { kind: 'object', members };
  }

  private list(): Tree {
    const elements: Tree[] = [];
    this.take('[');
    this.space();
    if (this.text[this.at] !== ']') {
      for (;;) {
        this.space();
        elements.push(this.value());
        this.space();
        if (this.text[this.at] !== ',') break;
        this.at += 1;
      }
    }
    this.take(']');
    return { kind: 'list', elements };
  }

  private string(): string {
    this.take('"');
    let text = '';
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined || character < ' ') this.no();
      this.at += 1;
      if (character === '"') return text;
      text += character === '\\' ? this.escape() : character;
    }
  }

  private escape(): string {
    const letter = this.text[this.at] ?? '';
    this.at += 1;
    if (letter !== 'u') return ESCAPES[letter] ?? this.no();
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) this.no();
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private number(): Tree {
    const literal = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/.exec(this.text.slice(this.at))?.[0];
    if (literal === undefined) return this.no();
    this.at += literal.length;
    return { kind: 'number', literal };
  }
}

/** The tree of a JSON text, or undefined if it is none. */
export function readJson(text: string): Tree | undefined {
  try {
    return new Reader(text).whole();
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** The value that a tree without repeated members has in JavaScript. */
export function toValue(tree: Tree): unknown {
  switch (tree.kind) {
    case 'object': {
      const object = {};
      for (const [name, member] of tree.members) {
        const value = toValue(member);
        Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
      }
      return object;
    }
    case 'list':
      return tree.elements.map(toValue);
    case 'string':
      return tree.text;
    case 'number':
      return Number(tree.literal);
    case 'word':
      return tree.word === 'null' ? null : tree.word === 'true';
  }
}

/** Every tree in a tree, itself included. */
export function* treesIn(tree: Tree): Generator<Tree> {
  yield tree;
  if (tree.kind === 'list') for (const element of tree.elements) yield* treesIn(element);
  if (tree.kind === 'object') for (const [, member] of tree.members) yield* treesIn(member);
}

export function depthOf(tree: Tree): number {
  if (tree.kind === 'list') return 1 + Math.max(0, ...tree.elements.map(depthOf));
  if (tree.kind === 'object') return 1 + Math.max(0, ...tree.members.map(([, member]) => depthOf(member)));
  return 0;
}
