import { type EntityId, typeOf } from '../entity.ts';
import { LIMITS } from '../limits.ts';
import type { Model, Relation, Rewrite } from '../model/model.ts';
import type { Membership, ProofStep } from './membership.ts';
import { MembershipWalk } from './membership-walk.ts';
import { NO, type Outcome, reached, toMembership, type Unknown, yes } from './outcome.ts';
import { type MembershipHost, type MembershipQuery, toSubject } from './query.ts';
import type { TupleReader } from './tuples.ts';
import type { Node } from './walk.ts';

/**
 * Whether a subject is in what the relation excludes, anywhere on the way (design, section 1: nobody on the path is
 * a member of what the permission excludes, though the permission itself is looked up for the origin only).
 *
 * On the way are the rewrites of the relation, the relations that they are computed from, and those of the parents
 * that tuple-to-userset leads to. Not on the way are usersets that the relation is given to (who is banned from one
 * group may hold the permission through another), and exclusions inside a subtracted part (an exemption from a block
 * is decided with the block).
 *
 * Fails closed: in a union one branch's exclusion forbids although another branch has none, because the model
 * says of that subject that it must not come through here; so does the exclusion of one parent among several. Unknown
 * forbids as well, which is for the caller to do.
 *
 * @returns Yes with the proof of what was found first, no, or unknown.
 */
export function excluded(query: MembershipQuery, model: Model, tuples: TupleReader, host: MembershipHost): Membership {
  const { object, relation, subject, context } = query;
  const definition = model.types.get(typeOf(object))?.relations.get(relation);
  if (definition?.excludes !== true) return NO;
  const walk = new MembershipWalk(toSubject(subject), model, tuples, context, host.budget);
  return toMembership(new ExclusionSearch(walk).search(object, typeOf(object), relation));
}

class ExclusionSearch {
  private readonly walk: MembershipWalk;
  private readonly visited = new Map<Relation, Map<EntityId, number>>();
  private depth = 0;

  constructor(walk: MembershipWalk) {
    this.walk = walk;
  }

  search(object: EntityId, type: string, name: string): Outcome {
    const relation = this.walk.model.types.get(type)?.relations.get(name);
    if (relation === undefined || !relation.excludes || this.wasVisited(object, relation)) return NO;
    if (this.depth >= LIMITS.relationshipDepth) return reached('relationshipDepth');
    this.depth += 1;
    const outcome = this.walk.spend() ?? this.visit(relation.rewrite, { object, type, relation });
    this.depth -= 1;
    return outcome;
  }

  /** Another way to the same question adds nothing, unless it is shorter and so sees deeper. */
  private wasVisited(object: EntityId, relation: Relation): boolean {
    const depths = this.visited.get(relation) ?? new Map<EntityId, number>();
    this.visited.set(relation, depths);
    const before = depths.get(object);
    if (before !== undefined && before <= this.depth) return true;
    depths.set(object, this.depth);
    return false;
  }

  private visit(rewrite: Rewrite, node: Node): Outcome {
    switch (rewrite.kind) {
      case 'direct':
        return NO;
      case 'computed':
        return through(node, 'computed', this.search(node.object, node.type, rewrite.relation));
      case 'tuple_to_userset':
        return this.visitParents(rewrite.tupleset, rewrite.computed, node);
      case 'union':
      case 'intersection':
        return firstOf(rewrite.children, (child) => through(node, rewrite.kind, this.visit(child, node)));
      case 'exclusion':
        return firstOf(['subtract', 'base'] as const, (part) => {
          const outcome = part === 'base' ? this.visit(rewrite.base, node) : this.walk.evaluate(rewrite.subtract, node);
          return through(node, 'exclusion', outcome);
        });
    }
  }

  private visitParents(tupleset: string, computed: string, node: Node): Outcome {
    const parents = this.walk.model.types.get(node.type)?.relations.get(tupleset);
    if (parents === undefined) return NO;
    return firstOf(this.walk.tuples.of(node.object, tupleset), (relationship) => {
      const spent = this.walk.spend();
      if (spent !== undefined) return spent;
      const admission = this.walk.admit(relationship, parents);
      if (admission.kind === 'no') return NO;
      const outcome = this.search(relationship.user, typeOf(relationship.user), computed);
      if (outcome.kind === 'yes' && admission.kind === 'unknown') return admission;
      return through(node, 'tuple_to_userset', outcome, relationship);
    });
  }
}

/** Yes beats unknown beats no. */
function firstOf<T>(items: readonly T[], ask: (item: T) => Outcome): Outcome {
  let unknown: Unknown | undefined;
  for (const item of items) {
    const outcome = ask(item);
    if (outcome.kind === 'yes') return outcome;
    if (outcome.kind === 'unknown') unknown ??= outcome;
  }
  return unknown ?? NO;
}

function through(
  node: Node,
  via: ProofStep['via'],
  outcome: Outcome,
  relationship?: ProofStep['relationship'],
): Outcome {
  if (outcome.kind !== 'yes') return outcome;
  const step = { object: node.object, relation: node.relation.name, via };
  return yes(relationship === undefined ? step : { ...step, relationship }, outcome.proof);
}
