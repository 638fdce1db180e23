import type { Environment } from '@marcbachmann/cel-js';
import { fail } from '../fault.ts';
import type { Comparable } from '../value.ts';
import { define } from './define.ts';

const TYPE = 'cerbos.lib.hierarchy';

/** Levels of one hierarchy: each becomes a key, and no organisation is that deep. */
const LEVELS = 256;

/** A path of names, `a.b.c`, as Cerbos's hierarchy functions compare it. Its levels are its numbered keys. */
class Hierarchy implements Comparable {
  readonly #levels: readonly string[];

  constructor(levels: readonly string[]) {
    if (levels.length > LEVELS) fail(`a hierarchy has at most ${LEVELS} levels`);
    this.#levels = levels;
    Object.assign(this, levels);
  }

  get levels(): readonly string[] {
    return this.#levels;
  }

  equals(other: unknown): boolean {
    return other instanceof Hierarchy && other.levels.length === this.#levels.length && this.isPrefixOf(other);
  }

  isPrefixOf(other: Hierarchy): boolean {
    return this.#levels.every((level, index) => other.levels[index] === level);
  }

  get parent(): Hierarchy {
    return new Hierarchy(this.#levels.slice(0, -1));
  }

  toString(): string {
    return this.#levels.join('.');
  }
}

function isParent(parent: Hierarchy, child: Hierarchy): boolean {
  return child.levels.length === parent.levels.length + 1 && parent.isPrefixOf(child);
}

function isAncestor(ancestor: Hierarchy, descendant: Hierarchy): boolean {
  return descendant.levels.length > ancestor.levels.length && ancestor.isPrefixOf(descendant);
}

function areSiblings(one: Hierarchy, other: Hierarchy): boolean {
  return one.levels.length === other.levels.length && one.parent.equals(other.parent);
}

function overlap(one: Hierarchy, other: Hierarchy): boolean {
  return one.levels.length > other.levels.length ? other.isPrefixOf(one) : one.isPrefixOf(other);
}

/** What both begin with; of two of one length, what both begin with above their last level. */
function commonAncestors(one: Hierarchy, other: Hierarchy): Hierarchy {
  if (one.levels.length === other.levels.length && one.levels.length > 0) return sharedStart(one.parent, other.parent);
  return sharedStart(one, other);
}

function sharedStart(one: Hierarchy, other: Hierarchy): Hierarchy {
  const end = one.levels.findIndex((level, index) => other.levels[index] !== level);
  return new Hierarchy(end < 0 ? one.levels : one.levels.slice(0, end));
}

function fromList(levels: readonly unknown[]): Hierarchy {
  return new Hierarchy(
    levels.map((level) => (typeof level === 'string' ? level : fail('hierarchy() takes a list of strings'))),
  );
}

/** An empty delimiter splits into characters, as Go's strings.Split does. */
function fromText(text: string, delimiter = '.'): Hierarchy {
  return new Hierarchy(
    delimiter === '' ? Array.from(text.slice(0, 2 * LEVELS + 2)) : text.split(delimiter, LEVELS + 1),
  );
}

/**
 * Cerbos's hierarchy functions (policies/conditions, "Hierarchies"). `hierarchy()` is declared dyn, because the
 * library's type check knows no type of ours that is indexed by numbers.
 */
export function registerHierarchy(environment: Environment): void {
  environment.registerType(TYPE, Hierarchy);
  environment.registerOperator(`${TYPE} == ${TYPE}`, (left: Hierarchy, right: Hierarchy) => left.equals(right));
  const relations = {
    ancestorOf: isAncestor,
    descendentOf: (one: Hierarchy, other: Hierarchy) => isAncestor(other, one),
    descendantOf: (one: Hierarchy, other: Hierarchy) => isAncestor(other, one),
    immediateParentOf: isParent,
    immediateChildOf: (one: Hierarchy, other: Hierarchy) => isParent(other, one),
    siblingOf: areSiblings,
    overlaps: overlap,
  };
  for (const [name, relation] of Object.entries(relations)) {
    define(environment, { [`${TYPE}.${name}(${TYPE}): bool`]: relation });
  }
  const size = (hierarchy: Hierarchy) => BigInt(hierarchy.levels.length);
  define(environment, {
    'hierarchy(string): dyn': (text: string) => fromText(text),
    'hierarchy(list): dyn': fromList,
    [`hierarchy(${TYPE}): dyn`]: (hierarchy: Hierarchy) => hierarchy,
    'hierarchy(string, string): dyn': fromText,
    [`${TYPE}.commonAncestors(${TYPE}): ${TYPE}`]: commonAncestors,
    [`${TYPE}.0size(): int`]: size,
    [`0size(${TYPE}): int`]: size,
    [`string(${TYPE}): string`]: (hierarchy: Hierarchy) => hierarchy.toString(),
  });
}
