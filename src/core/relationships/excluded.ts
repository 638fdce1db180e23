import { typeOf } from '../entity.ts';
import { LIMITS } from '../limits.ts';
import type { Model } from '../model/model.ts';
import type { Membership, ProofStep } from './membership.ts';
import { MembershipWalk } from './membership-walk.ts';
import type { PlannedRelation, PlannedRewrite } from './model-plan.ts';
import { NO, type Outcome, reached, toMembership, type Unknown, yes } from './outcome.ts';
import { toStep, toTupleStep } from './proof-step.ts';
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
  const planned = walk.plan.find(typeOf(object), relation);
  if (planned === undefined) return NO;
  return toMembership(new ExclusionSearch(walk).search(walk.number(object), planned));
}

class ExclusionSearch {
  private readonly walk: MembershipWalk;
  private readonly visited = new Map<PlannedRelation, Map<number, number>>();
  private depth = 0;

  constructor(walk: MembershipWalk) {
    this.walk = walk;
  }

  search(object: number, relation: PlannedRelation | undefined): Outcome {
    if (relation === undefined || !relation.relation.excludes || this.wasVisited(object, relation)) return NO;
    if (this.depth >= LIMITS.relationshipDepth) return reached('relationshipDepth');
    this.depth += 1;
    const node = { object, row: this.walk.graph.row(object, relation.kind), relation };
    const outcome = this.walk.spend() ?? this.visit(relation.rewrite, node);
    this.depth -= 1;
    return outcome;
  }

  /** Another way to the same question adds nothing, unless it is shorter and so sees deeper. */
  private wasVisited(object: number, relation: PlannedRelation): boolean {
    const depths = this.visited.get(relation) ?? new Map<number, number>();
    this.visited.set(relation, depths);
    const before = depths.get(object);
    if (before !== undefined && before <= this.depth) return true;
    depths.set(object, this.depth);
    return false;
  }

  private visit(rewrite: PlannedRewrite, node: Node): Outcome {
    switch (rewrite.kind) {
      case 'direct':
        return NO;
      case 'computed':
        return this.through(node, 'computed', this.search(node.object, rewrite.relation));
      case 'tuple_to_userset':
        return this.visitParents(rewrite.tupleset, rewrite.computed, node);
      case 'union':
      case 'intersection':
        return firstOf(rewrite.children, (child) => this.through(node, rewrite.kind, this.visit(child, node)));
      case 'exclusion':
        return firstOf(['subtract', 'base'] as const, (part) => {
          const outcome = part === 'base' ? this.visit(rewrite.base, node) : this.walk.evaluate(rewrite.subtract, node);
          return this.through(node, 'exclusion', outcome);
        });
    }
  }

  private visitParents(
    tupleset: PlannedRelation | undefined,
    computed: readonly (PlannedRelation | undefined)[],
    node: Node,
  ): Outcome {
    if (tupleset === undefined) return NO;
    const { graph } = this.walk;
    const row = graph.row(node.object, tupleset.kind);
    if (row < 0) return NO;
    return firstOf(graph.members(row), (parent) => {
      const spent = this.walk.spend();
      if (spent !== undefined) return spent;
      const admission = this.walk.admit(row, parent, tupleset);
      if (admission.kind === 'no') return NO;
      const outcome = this.search(parent, computed[graph.typeOf(parent)]);
      if (outcome.kind !== 'yes') return outcome;
      if (admission.kind === 'unknown') return admission;
      return yes(toTupleStep(this.walk, node, 'tuple_to_userset', row, parent), outcome.proof);
    });
  }

  private through(node: Node, via: ProofStep['via'], outcome: Outcome): Outcome {
    return outcome.kind === 'yes' ? yes(toStep(this.walk, node, via), outcome.proof) : outcome;
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
