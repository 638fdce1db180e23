/**
 * Cerbos takes any text as the id of a principal or resource and almost any as the kind of a resource; an entity's
 * type and id are narrower (design, section 4). Policies that were brought over (`semantics: cerbos`) name people and
 * things as their applications do, so there what a name may not have is percent-encoded (RFC 3986, section 2.1), and
 * only that: `arn:aws:s3` as a kind is the type `arn%3Aaws%3As3`. Two names never become the same entity.
 */

/** `%` only where it could be read as an encoding. */
const NOT_IN_TYPE = /%(?=[0-9A-Fa-f]{2})|[:#@*\s\p{Cc}]/gu;
/** Also separators beside an empty segment, and the segments `.` and `..`. */
const NOT_IN_ID = /%(?=[0-9A-Fa-f]{2})|[*#\s\p{Cc}\p{Cf}]|^[/:]+|[/:]{2,}|[/:]+$|(?<=^|[/:])\.{1,2}(?=[/:]|$)/gu;
const ENCODED = /(?:%[0-9A-F]{2})+/g;

/** The type that stands for a kind of resource. Not every text becomes one that `typeFault` accepts. */
export function kindToType(kind: string): string {
  return kind.replaceAll(NOT_IN_TYPE, percentEncoded);
}

/** The id that stands for what an application calls a principal or resource. `idFault` has the last word. */
export function nameToId(name: string): string {
  return name.replaceAll(NOT_IN_ID, percentEncoded);
}

/** The kind that a type stands for: itself, unless it is what `kindToType` makes of another. */
export function typeToKind(type: string): string {
  return decoded(type, kindToType);
}

/** The name that an id stands for, likewise. */
export function idToName(id: string): string {
  return decoded(id, nameToId);
}

function decoded(text: string, encode: (text: string) => string): string {
  if (!text.includes('%')) return text;
  const name = text.replaceAll(ENCODED, (escapes) => {
    const bytes = Uint8Array.from(escapes.slice(1).split('%'), (byte) => Number.parseInt(byte, 16));
    return new TextDecoder().decode(bytes);
  });
  return encode(name) === text ? name : text;
}

function percentEncoded(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
