import type { Model, Relation, Rewrite } from '../../../src/core/model/model.ts';
import type { Relationship } from '../../../src/core/relationships/membership.ts';

type Truth = 'yes' | 'no' | 'unknown';

/**
 * A second, naive implementation to compare with: the well-founded model by alternating fixed points over every
 * question there is. `certain` grows from nothing, `possible` shrinks from everything that is not surely negated.
 */
export function wellFounded(
  subject: string,
  model: Model,
  tuples: readonly Relationship[],
  objects: readonly string[],
): (object: string, relation: string) => Truth {
  const questions = objects.flatMap((object) =>
    [...(model.types.get(type(object))?.relations.values() ?? [])].map((relation) => ({ object, relation })),
  );

  /**
   * The least set closed under the rewrites, negations read off `negated`, negations inside those off `twice` (the
   * bound of the same kind as this one, one round earlier), conditions in error taken as `optimistic` says.
   */
  const closure = (negated: ReadonlySet<string>, twice: ReadonlySet<string>, optimistic: boolean): Set<string> => {
    const holding = new Set<string>();
    const holds = (object: string, relation: string, from: ReadonlySet<string>): boolean =>
      subject === `${object}#${relation}` || from.has(`${object}#${relation}`);
    const rows = (object: string, relation: Relation, conditions: boolean) =>
      tuples.filter((tuple) => {
        if (tuple.object !== object || tuple.relation !== relation.name || !allowed(tuple, relation)) return false;
        const value = tuple.condition?.context?.value ?? 'true';
        return value === 'true' || (value === 'error' && conditions);
      });
    const evaluate = (
      rewrite: Rewrite,
      object: string,
      relation: Relation,
      from: ReadonlySet<string>,
      open: boolean,
    ): boolean => {
      const again = (child: Rewrite): boolean => evaluate(child, object, relation, from, open);
      switch (rewrite.kind) {
        case 'direct':
          return rows(object, relation, open).some(({ user }) => {
            if (user === subject) return true;
            if (!subject.includes('#') && user === `${type(subject)}:*`) return true;
            const [entity = '', name] = user.split('#');
            return name !== undefined && holds(entity, name, from);
          });
        case 'computed':
          return holds(object, rewrite.relation, from);
        case 'tuple_to_userset': {
          const tupleset = model.types.get(type(object))?.relations.get(rewrite.tupleset);
          if (tupleset === undefined) return false;
          return rows(object, tupleset, open).some(({ user }) => holds(user, rewrite.computed, from));
        }
        case 'union':
          return rewrite.children.some(again);
        case 'intersection':
          return rewrite.children.every(again);
        case 'exclusion':
          // A negation turns certain into possible and back, for questions and for conditions.
          return (
            again(rewrite.base) &&
            !evaluate(rewrite.subtract, object, relation, from === negated ? twice : negated, !open)
          );
      }
    };
    for (let size = -1; size !== holding.size; ) {
      size = holding.size;
      for (const { object, relation } of questions) {
        if (evaluate(relation.rewrite, object, relation, holding, optimistic))
          holding.add(`${object}#${relation.name}`);
      }
    }
    return holding;
  };

  let certain = new Set<string>();
  let possible = new Set(questions.map(({ object, relation }) => `${object}#${relation.name}`));
  for (let before = ''; ; ) {
    possible = closure(certain, possible, true);
    certain = closure(possible, certain, false);
    const now = `${possible.size} ${certain.size}`;
    if (now === before) break;
    before = now;
  }
  return (object, relation) => {
    const key = `${object}#${relation}`;
    if (subject === key || certain.has(key)) return 'yes';
    return possible.has(key) ? 'unknown' : 'no';
  };
}

function allowed(tuple: Relationship, relation: Relation): boolean {
  const condition = tuple.condition === undefined ? '' : ` with ${tuple.condition.name}`;
  const [entity = '', name] = tuple.user.split('#');
  const user = name !== undefined ? `${type(entity)}#${name}` : entity.endsWith(':*') ? entity : type(entity);
  return relation.directTypes.some((direct) => {
    const suffix = direct.relation === undefined ? (direct.wildcard ? ':*' : '') : `#${direct.relation}`;
    const written = direct.condition === undefined ? '' : ` with ${direct.condition}`;
    return `${direct.type}${suffix}${written}` === `${user}${condition}`;
  });
}

function type(entity: string): string {
  return entity.split(':')[0] ?? '';
}
