import { endOfString } from './scan-json.ts';

/** What a text that `JSON.parse` accepts says more than once. */
export interface RepeatedMember {
  /** The first name that stands in one object twice, unescaped. */
  readonly name: string;
  /** Where it stands the second time. */
  readonly at: number;
  /** All that do in the outermost object. */
  readonly outer: ReadonlySet<string>;
}

/** Finds what is repeated, for the message that refuses it: slower than seeing that something is. */
export function repeatedMember(text: string): RepeatedMember {
  const objects: Set<string>[] = [];
  const outer = new Set<string>();
  let name: string | undefined;
  let string = '';
  let start = 0;
  let repeatedAt = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      string = text.slice(at, end + 1);
      start = at;
      at = end;
    } else if (character === ':') {
      const key: unknown = JSON.parse(string);
      const seen = objects.at(-1);
      if (typeof key !== 'string' || seen === undefined) continue;
      if (seen.has(key)) {
        if (name === undefined) {
          name = key;
          repeatedAt = start;
        }
        if (objects.length === 1) outer.add(key);
      }
      seen.add(key);
    } else if (character === '{' || character === '[') {
      objects.push(new Set());
    } else if (character === '}' || character === ']') {
      objects.pop();
    }
  }
  return { name: name ?? '', at: repeatedAt, outer };
}
