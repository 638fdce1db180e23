import type { Attributes, Entity } from '../../client/types.ts';
import type { EntityId } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { toMcpEntity } from '../binding/entity-name.ts';
import {
  definitionText,
  NO_CANONICAL_FORM,
  type ToolDefinition,
  toToolDefinition,
} from '../binding/tool-definition.ts';
import { type Difference, differences } from './differences.ts';
import { type ToolAttributes, toToolAttributes } from './tool-attributes.ts';

/** How what a server lists stands to what somebody reviewed: the attribute `review` of a tool that was imported. */
export type Review = 'new' | 'changed' | 'reviewed' | 'gone';

/** A tool of the server, and what is to change in its entry of the directory. */
export interface ToolReview {
  readonly name: string;
  readonly entity: EntityId;
  /** As it is found now. `reviewed`: it is listed as it was when somebody reviewed it. */
  readonly found: Review;
  /** What its entry says afterwards. */
  readonly review: Review;
  /**
   * From the definition that was reviewed (of a new tool: from nothing) to the one that is listed. Absent where the
   * reviewed one was not kept.
   */
  readonly differences?: readonly Difference[];
  /** What its server says of it; absent for a tool that is gone. */
  readonly claims?: ToolAttributes;
  /** Attributes to set, null for those to take away. Empty: its entry is as it should be. */
  readonly changes: Attributes;
}

/** An entry of the list that the directory cannot hold. */
export interface UnusableTool {
  readonly name: string;
  readonly problem: string;
}

export interface ReviewPlan {
  /** In the order of the list; then those that are gone, by name. */
  readonly tools: readonly ToolReview[];
  readonly unusable: readonly UnusableTool[];
}

type Entry = Pick<Entity, 'entity' | 'attributes' | 'deleted'>;

/**
 * The definition that was reviewed is kept as text of at most so many characters, to show what changed when it does.
 * Of a longer one the digest alone is kept: that it changed is known then, but not how.
 */
const MOST_KEPT = 64 * 1024;

/**
 * Compares what a server lists with the directory.
 *
 * @param listed The entries of `result.tools`, of all pages.
 * @param known What the directory holds below `tool:SERVER/`. Only what an import put there can be gone.
 * @param markReviewed Whether what is listed now counts as reviewed from now on.
 */
export function reviewTools(
  server: string,
  listed: readonly unknown[],
  known: readonly Entry[],
  markReviewed: boolean,
): ReviewPlan {
  const entries = new Map(known.map((entry) => [entry.entity, entry]));
  const definitions = listed.map(toToolDefinition);
  const counts = new Map<string, number>();
  for (const definition of definitions) {
    if (definition !== undefined) counts.set(definition.name, (counts.get(definition.name) ?? 0) + 1);
  }
  const tools: ToolReview[] = [];
  const unusable: UnusableTool[] = [];
  const present = new Set<EntityId>();
  for (const [index, definition] of definitions.entries()) {
    if (definition === undefined) {
      unusable.push({ name: `entry ${index + 1} of the list`, problem: 'it is no object with a name' });
      continue;
    }
    const { name } = definition;
    const named = toMcpEntity('tool', server, name);
    if (named.ok) present.add(named.value);
    const entry = named.ok ? entries.get(named.value) : undefined;
    const usable = named.ok ? usableAs(named.value, definition, entry, (counts.get(name) ?? 0) > 1) : named;
    if (!usable.ok) unusable.push({ name, problem: usable.error });
    else tools.push(listedTool(usable.value, definition, entry?.attributes ?? {}, markReviewed));
  }
  const gone = known.filter(
    ({ entity, attributes, deleted }) => !deleted && attributes.review !== undefined && !present.has(entity),
  );
  return { tools: [...tools, ...gone.map((entry) => goneTool(entry, server))], unusable };
}

function usableAs(
  entity: EntityId,
  definition: ToolDefinition,
  entry: Entry | undefined,
  isRepeated: boolean,
): Result<EntityId, string> {
  if (isRepeated) return err('the server lists several tools of this name: nobody can tell which one is called');
  if (entry?.deleted === true) return err(`${entity} was deleted from the directory, for ever`);
  if (definition.digest !== NO_CANONICAL_FORM) return ok(entity);
  return err('its definition has no canonical form (RFC 8785): it could not be told from another one');
}

function listedTool(
  entity: EntityId,
  { name, digest, tool }: ToolDefinition,
  known: Attributes,
  markReviewed: boolean,
): ToolReview {
  const before = known.reviewed_definition;
  const found = before === digest ? 'reviewed' : before === undefined ? 'new' : 'changed';
  const review = markReviewed ? 'reviewed' : found;
  const text = definitionText(tool) ?? '';
  const claims = toToolAttributes(tool);
  const wanted: Attributes = {
    ...claims,
    review,
    listed_definition: digest,
    ...(markReviewed
      ? { reviewed_definition: digest, reviewed_text: text.length > MOST_KEPT ? null : text }
      : undefined),
  };
  const changed = found === 'reviewed' ? [] : changedSince(found, known.reviewed_text, text);
  return {
    name,
    entity,
    found,
    review,
    ...(changed === undefined ? undefined : { differences: changed }),
    claims,
    changes: Object.fromEntries(Object.entries(wanted).filter(([key, value]) => (known[key] ?? null) !== value)),
  };
}

function changedSince(found: 'new' | 'changed', reviewed: unknown, text: string): readonly Difference[] | undefined {
  if (found === 'new') return differences(undefined, JSON.parse(text));
  if (typeof reviewed !== 'string') return undefined;
  try {
    return differences(JSON.parse(reviewed), JSON.parse(text));
  } catch {
    // Somebody else wrote over the text: what it was is not known any more.
    return undefined;
  }
}

/** Its entry stays, with what was reviewed: it may come back. */
function goneTool({ entity, attributes }: Entry, server: string): ToolReview {
  const changes = attributes.review === 'gone' ? {} : { review: 'gone', listed_definition: null };
  return { name: nameOf(entity, server), entity, found: 'gone', review: 'gone', differences: [], changes };
}

/** What toMcpEntity made the entity of. An entry that somebody made by hand may be none that it makes. */
function nameOf(entity: EntityId, server: string): string {
  const encoded = entity.slice(`tool:${server}/`.length);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
