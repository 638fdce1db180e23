import { LIMITS } from './limits.ts';
import { err, ok, type Result } from './result.ts';

/**
 * `type:id`, the name of a principal or a resource (design, section 4). Always one that `parseEntity` accepted:
 * adapters parse at the border, the core trusts.
 */
export type EntityId = string;

/** A JSON value as it comes with a request or stands in the directory. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export type Attributes = { readonly [name: string]: Json };

/** Types are OpenFGA's: no separator, marker or white space, so that `type:id#relation` splits in one way only. */
const TYPE = /^[^:#@*\s\p{Cc}]+$/u;
/** `*` and `#` mark patterns and usersets; white space and control characters hide differences from the eye. */
const FORBIDDEN_IN_ID = /[*#\s\p{Cc}\p{Cf}\p{Cs}]/u;
const SEPARATORS = /[/:]/;
/**
 * Most names are plain ASCII, which is in NFC and has as many bytes as characters. What matches is acceptable; what
 * does not may be still, and is looked at in full.
 */
const PLAIN_TYPE = /^[A-Za-z0-9_.-]+$/;
/** Segments that do not begin with a dot, so none of them is `.` or `..`. */
const PLAIN_ID = /^[A-Za-z0-9_%@+=-][A-Za-z0-9_.%@+=-]*(?:[/:][A-Za-z0-9_%@+=-][A-Za-z0-9_.%@+=-]*)*$/;

/** The type of an entity, `user` of `user:alice`. */
export function typeOf(entity: EntityId): string {
  return entity.slice(0, entity.indexOf(':'));
}

/** The id of an entity without its type, `alice` of `user:alice`. */
export function idOf(entity: EntityId): string {
  return entity.slice(entity.indexOf(':') + 1);
}

/**
 * Accepts `type:id` as design section 4 defines it, or says what is wrong with it. Nothing is repaired.
 */
export function parseEntity(text: string): Result<EntityId, string> {
  const colon = text.indexOf(':');
  if (colon < 0) return err(`"${shorten(text)}" has no type: an entity is written type:id, like user:alice`);
  return toEntity(text.slice(0, colon), text.slice(colon + 1));
}

/** The same from a type and an id that came apart, as in AuthZEN's `{type, id}`. */
export function toEntity(type: string, id: string): Result<EntityId, string> {
  const wrong = typeFault(type) ?? idFault(id);
  return wrong === undefined ? ok(`${type}:${id}`) : err(wrong);
}

/** What is wrong with a type's name, or undefined. */
export function typeFault(type: string): string | undefined {
  if (type.length <= LIMITS.typeLength && PLAIN_TYPE.test(type)) return undefined;
  if (type === '') return 'the type is empty: an entity is written type:id, like user:alice';
  if (type.length > LIMITS.typeLength) return `the type is longer than ${LIMITS.typeLength} characters`;
  if (!TYPE.test(type)) return `the type "${shorten(type)}" has one of : # @ *, white space or a control character`;
  if (type.normalize('NFC') !== type) return `the type "${shorten(type)}" is not in Unicode normal form NFC`;
  return undefined;
}

/** What is wrong with an id (without its type), or undefined. */
export function idFault(id: string): string | undefined {
  if (id.length <= LIMITS.idBytes && PLAIN_ID.test(id)) return undefined;
  if (id === '') return 'the id is empty';
  if (id.length > LIMITS.idBytes || new TextEncoder().encode(id).length > LIMITS.idBytes) {
    return `the id is longer than ${LIMITS.idBytes} bytes`;
  }
  const bad = FORBIDDEN_IN_ID.exec(id);
  if (bad !== null) return `the id "${shorten(id)}" has ${nameCharacter(bad[0])}, which ids may not have`;
  if (id.normalize('NFC') !== id) return `the id "${shorten(id)}" is not in Unicode normal form NFC`;
  for (const segment of id.split(SEPARATORS)) {
    if (segment === '') return `the id "${shorten(id)}" has an empty segment: / and : separate non-empty names`;
    if (segment === '.' || segment === '..') return `the id "${shorten(id)}" has the segment "${segment}"`;
  }
  return undefined;
}

function nameCharacter(character: string): string {
  if (character === '*' || character === '#') return `"${character}"`;
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** At most 64 characters of what somebody sent, for an error message. */
export function shorten(text: string): string {
  return text.length <= 64 ? text : `${text.slice(0, 61)}…`;
}
