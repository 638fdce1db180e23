import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Attributes } from '../../client/types.ts';

/** A tool as its server lists it in an answer to tools/list. */
export interface ToolDefinition {
  readonly name: string;
  /**
   * `sha256:` and the SHA-256 in hexadecimal of the definition, for comparing it with the one that somebody reviewed;
   * NO_CANONICAL_FORM where there is none to be had.
   */
  readonly digest: string;
  /** The definition as listed, all of it. */
  readonly tool: Attributes;
}

/** Never the digest of a definition that was reviewed, so a tool with this one has changed since, whenever that was. */
export const NO_CANONICAL_FORM = 'no-canonical-form';

/**
 * The definition of a tool from an entry of `result.tools`; undefined if it is none, because it is no object or has no
 * name. The digest is that of the canonical JSON (RFC 8785) of everything that the server lists for the tool, except
 * `_meta` and `icons`, which are for hosts and people's eyes: what a model reads, and what decides which arguments
 * are right, is all in it. The order of members and how a number is written do not change it.
 */
export function toToolDefinition(tool: unknown): ToolDefinition | undefined {
  if (!isObject(tool) || typeof tool.name !== 'string' || tool.name === '') return undefined;
  return { name: tool.name, digest: digestOf(tool), tool };
}

/**
 * The canonical JSON that the digest is of, for showing what changed; undefined where JSON has no canonical form.
 */
export function definitionText({ _meta, icons, ...definition }: Attributes): string | undefined {
  try {
    return canonicalize(definition);
  } catch {
    // Half a surrogate pair, or a number beyond the range of a double, which is read as infinite (RFC 8785, 3.2.2).
    return undefined;
  }
}

function digestOf(tool: Attributes): string {
  const text = definitionText(tool);
  return text === undefined ? NO_CANONICAL_FORM : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function isObject(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
