import type { Attributes } from '../../client/types.ts';

/** What the directory tells policies of a tool, by its own listing. All of it are claims of the server. */
export interface ToolAttributes {
  readonly title: string | null;
  readonly description: string | null;
  readonly read_only: boolean;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly open_world: boolean;
}

/**
 * Title, description and hints of a tool as its server lists it; null where there is none. What is not said is the
 * worst, as MCP has it (ToolAnnotations): a tool changes things, destroys some, and not the same when called again, in
 * an open world. Destroying and repeating mean something only of tools that change things, so one that only reads
 * destroys nothing unless it says that it does.
 */
export function toToolAttributes(tool: Attributes): ToolAttributes {
  const annotations = isObject(tool.annotations) ? tool.annotations : {};
  const hint = (name: string, otherwise: boolean): boolean => {
    const value = annotations[name];
    return typeof value === 'boolean' ? value : otherwise;
  };
  const readOnly = hint('readOnlyHint', false);
  return {
    title: text(tool.title) ?? text(annotations.title),
    description: text(tool.description),
    read_only: readOnly,
    destructive: hint('destructiveHint', !readOnly),
    idempotent: hint('idempotentHint', readOnly),
    open_world: hint('openWorldHint', true),
  };
}

/** Characters of a title or description that the directory keeps. The digest is of all of it, however long. */
const LONGEST = 4096;

/** The directory holds Unicode text only: half a surrogate pair becomes U+FFFD in it. */
function text(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null;
  const kept = value.length > LONGEST ? `${value.slice(0, LONGEST - 1)}…` : value;
  return kept.toWellFormed();
}

function isObject(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
