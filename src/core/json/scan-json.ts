/** What a JSON text shows that its parsed value does not. Means something only if `JSON.parse` accepts the text. */
export interface JsonScan {
  /** The deepest nesting of lists and objects: 1 for an object without any in it. */
  readonly depth: number;
  readonly containers: number;
  /** Members of all objects, repeated ones included. */
  readonly members: number;
  /** The first number that is not fine, by default because parsers read it as different values, and where it stands. */
  readonly inexact?: { readonly literal: string; readonly at: number };
  /** Whether a CR or LF stands between tokens. */
  readonly broken: boolean;
}

const QUOTE = 34;
const BACKSLASH = 92;
/** A double holds every integer of so many characters. */
const EXACT_LENGTH = 15;

/**
 * One pass over a text of any kind, linear in its length. Never throws.
 *
 * @param isTaken whether a number that is long or has an exponent is fine; by default where parsers agree on it
 */
export function scanJson(text: string, isTaken: (number: string) => boolean = isExact): JsonScan {
  let open = 0;
  let depth = 0;
  let containers = 0;
  let members = 0;
  let inexact: JsonScan['inexact'];
  let broken = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === 58) {
      members += 1;
    } else if (code === 123 || code === 91) {
      containers += 1;
      open += 1;
      if (open > depth) depth = open;
    } else if (code === 125 || code === 93) {
      open -= 1;
    } else if (code === 10 || code === 13) {
      broken ||= open > 0;
    } else if (code === 45 || isDigit(code)) {
      const end = endOfNumber(text, at);
      if (inexact === undefined && (end - at > EXACT_LENGTH || hasExponent(text, at, end))) {
        const literal = text.slice(at, end);
        if (!isTaken(literal)) inexact = { literal, at };
      }
      at = end - 1;
    }
  }
  const scan = { depth, containers, members, broken };
  return inexact === undefined ? scan : { ...scan, inexact };
}

/** The index of the closing quote, or of the end of the text. */
export function endOfString(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  for (let code = text.charCodeAt(end); isDigit(code) || isNumeric(code); code = text.charCodeAt(end)) end += 1;
  return end;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** `+`, `-`, `.`, `E` or `e`. */
function isNumeric(code: number): boolean {
  return code === 43 || code === 45 || code === 46 || isExponent(code);
}

function isExponent(code: number): boolean {
  return code === 69 || code === 101;
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (isExponent(text.charCodeAt(at))) return true;
  return false;
}

/**
 * Whether parsers agree on a number. Integers are read as doubles by some and exactly by others; anything with a
 * fraction or an exponent is a double nearly everywhere (RFC 8259, section 6), as long as it is within a double's range.
 */
function isExact(literal: string): boolean {
  const number = Number(literal);
  if (!Number.isFinite(number)) return false;
  if (number === 0) return !/^-?[0.]*[1-9]/.test(literal);
  if (Number.isSafeInteger(number) || !/^-?\d+$/.test(literal)) return true;
  return BigInt(literal) === BigInt(number);
}

/**
 * Whether a double stands for this number alone: beyond 2^53 − 1 nobody can say which of several integers it was. With an
 * exponent a number is meant as a double.
 */
export function isSafe(literal: string): boolean {
  const number = Number(literal);
  if (!Number.isSafeInteger(number) && Number.isInteger(number) && !/e/i.test(literal)) return false;
  return isExact(literal);
}
