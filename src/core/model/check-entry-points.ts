import type { Problem } from '../problem.ts';
import type { Rewrite } from './model.ts';
import type { SourceRelation, SourceType } from './source-model.ts';

type Types = ReadonlyMap<string, SourceType>;

/**
 * Relations that nobody can ever have, and relations defined by themselves on the same object. OpenFGA refuses both
 * (its type system: "no entrypoints" and "potential loop"); the DSL library refuses the first only.
 */
export function checkEntryPoints(types: Types): readonly Problem[] {
  const problems: Problem[] = [];
  const reachable = findReachable(types);
  for (const type of types.values()) {
    for (const relation of type.relations) {
      const cycle = findComputedCycle(type, relation);
      if (cycle !== undefined) {
        problems.push({
          message: `${type.name}#${relation.name} is defined by itself`,
          ...relation.place,
          found: cycle,
        });
      } else if (!reachable.has(key(type.name, relation.name))) {
        problems.push({
          message: `nobody can ever have ${type.name}#${relation.name}: its definition never reaches a type`,
          ...relation.place,
          expected: 'a type restriction like [user] on every way',
        });
      }
    }
  }
  return problems;
}

/** The least set of relations that somebody can have: grown until nothing is added. */
function findReachable(types: Types): ReadonlySet<string> {
  const reachable = new Set<string>();
  for (let size = -1; size !== reachable.size; ) {
    size = reachable.size;
    for (const type of types.values()) {
      for (const relation of type.relations) {
        if (relation.rewrite === undefined || canReach(relation.rewrite, type, relation, types, reachable)) {
          reachable.add(key(type.name, relation.name));
        }
      }
    }
  }
  return reachable;
}

function canReach(
  rewrite: Rewrite,
  type: SourceType,
  relation: SourceRelation,
  types: Types,
  reachable: ReadonlySet<string>,
): boolean {
  const recurse = (child: Rewrite): boolean => canReach(child, type, relation, types, reachable);
  switch (rewrite.kind) {
    case 'direct':
      return relation.directTypes.some(
        (direct) => direct.relation === undefined || reachable.has(key(direct.type, direct.relation)),
      );
    case 'computed':
      return reachable.has(key(type.name, rewrite.relation));
    case 'tuple_to_userset': {
      const parent = type.relations.find((one) => one.name === rewrite.tupleset);
      return parent?.directTypes.some((direct) => reachable.has(key(direct.type, rewrite.computed))) ?? false;
    }
    case 'union':
      return rewrite.children.some(recurse);
    case 'intersection':
      return rewrite.children.every(recurse);
    case 'exclusion':
      // An exclusion of what nobody can have is a slip of the pen: OpenFGA refuses it too.
      return recurse(rewrite.base) && recurse(rewrite.subtract);
  }
}

/** `a → b → a` if the relation's computed relations lead back to it on the same object, whatever else it has. */
function findComputedCycle(type: SourceType, start: SourceRelation): string | undefined {
  const seen = new Set<string>();
  const visit = (rewrite: Rewrite | undefined, path: string): string | undefined => {
    switch (rewrite?.kind) {
      case 'computed': {
        const next = `${path} → ${rewrite.relation}`;
        if (rewrite.relation === start.name) return next;
        if (seen.has(rewrite.relation)) return undefined;
        seen.add(rewrite.relation);
        return visit(type.relations.find((one) => one.name === rewrite.relation)?.rewrite, next);
      }
      case 'union':
      case 'intersection':
        return rewrite.children.map((child) => visit(child, path)).find((cycle) => cycle !== undefined);
      case 'exclusion':
        return visit(rewrite.base, path) ?? visit(rewrite.subtract, path);
      default:
        return undefined;
    }
  };
  return visit(start.rewrite, start.name);
}

function key(type: string, relation: string): string {
  return `${type}#${relation}`;
}
