import type { ErrorObject } from 'ajv';
import type { Complaint } from './complaints.ts';

/** What a schema says of an object of whose members some are open. */
export interface OpenComplaints {
  /** Wrong whatever the open members are. */
  readonly sure: readonly Complaint[];
  /** Whether the open members could make anything else of it. */
  readonly mayBeMore: boolean;
}

/** Keywords that judge each member of an object by itself, or say nothing about members that they do not name. */
const ABOUT_EACH: ReadonlySet<string> = new Set(['type', 'properties', 'required', 'additionalProperties']);
const ABOUT_NOTHING: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
]);

/**
 * Whether an error stands whatever the open members are: it is about another member by itself, and nothing around that
 * could make it good (a branch of `anyOf`, say). `schemaPath` leads to the keyword that failed, from the root, and
 * `instancePath` to what it failed for: a `$ref` may have led back to the root from anywhere, for anything.
 */
export function isSure({ schemaPath, instancePath, params }: ErrorObject, open: ReadonlySet<string>): boolean {
  const [root, keyword, name, below] = schemaPath.split('/');
  if (root !== '#') return false;
  if (keyword === 'properties' && name !== undefined && below !== undefined) {
    const member = pointed(decodeURIComponent(name));
    return member === pointed(instancePath.split('/')[1] ?? '') && !open.has(member);
  }
  if (instancePath !== '') return false;
  const { missingProperty, additionalProperty } = params as {
    readonly missingProperty?: string;
    readonly additionalProperty?: string;
  };
  if (name !== undefined) return false;
  // It is an object, whatever is in it.
  if (keyword === 'type') return true;
  if (keyword === 'required') return missingProperty !== undefined && !open.has(missingProperty);
  return keyword === 'additionalProperties' && additionalProperty !== undefined && !open.has(additionalProperty);
}

/** Whether what the schema says could depend on any of these members of the document, as far as it is plain to see. */
export function readsAnyOf(schema: unknown, names: ReadonlySet<string>): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  const keywords = Object.keys(schema).filter((keyword) => !ABOUT_NOTHING.has(keyword));
  if (keywords.some((keyword) => !ABOUT_EACH.has(keyword))) return true;
  const { properties = {}, required = [], additionalProperties = true } = schema as Record<string, unknown>;
  const declared = Object.keys(properties as object);
  return [...names].some((name) => {
    if (declared.includes(name) || (required as readonly string[]).includes(name)) return true;
    return additionalProperties !== true;
  });
}

/** The name that a segment of a JSON pointer stands for (RFC 6901, section 4). */
function pointed(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
