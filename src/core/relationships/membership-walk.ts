import type { EntityId } from '../entity.ts';
import { type Budget, LIMITS } from '../limits.ts';
import type { Model, Relation, Rewrite } from '../model/model.ts';
import { admitTuple } from './admit-tuple.ts';
import type { Relationship } from './membership.ts';
import { NO, type Outcome, reached, type Unknown, yes } from './outcome.ts';
import { Progress } from './progress.ts';
import type { Subject } from './query.ts';
import { evaluateComputed } from './rewrites/computed.ts';
import { evaluateDirect } from './rewrites/direct.ts';
import { evaluateExclusion } from './rewrites/exclusion.ts';
import { evaluateIntersection } from './rewrites/intersection.ts';
import { evaluateTupleToUserset } from './rewrites/tuple-to-userset.ts';
import { evaluateUnion } from './rewrites/union.ts';
import type { TupleReader } from './tuples.ts';
import type { Admission, Node, Walk } from './walk.ts';

const OUT_OF_STEPS: Unknown = reached('decisionSteps');
const TOO_DEEP: Unknown = reached('relationshipDepth');

/**
 * Everything that one subject is asked for in one context. Answers are kept between questions, so one walk serves a
 * whole list.
 */
export class MembershipWalk implements Walk {
  readonly subject: Subject;
  readonly model: Model;
  readonly tuples: TupleReader;
  private readonly context: { readonly [key: string]: unknown };
  private readonly budget: Budget;
  private readonly progress = new Progress();

  constructor(
    subject: Subject,
    model: Model,
    tuples: TupleReader,
    context: { readonly [key: string]: unknown } | undefined,
    budget: Budget,
  ) {
    this.subject = subject;
    this.model = model;
    this.tuples = tuples;
    this.context = context ?? {};
    this.budget = budget;
  }

  enter(object: EntityId, type: string, relation: string): Outcome {
    if (!this.budget.spend(1)) return OUT_OF_STEPS;
    const definition = this.model.types.get(type)?.relations.get(relation);
    if (definition === undefined) return NO;
    // A userset is a member of itself (OpenFGA docs "Usersets").
    if (this.subject.relation === relation && this.subject.object === object) {
      return yes({ object, relation, via: 'self' });
    }
    const known = this.progress.recall(object, definition);
    if (known !== undefined) return known;
    if (this.progress.depth >= LIMITS.relationshipDepth) return TOO_DEEP;
    this.progress.open(object, definition);
    const outcome = this.evaluate(definition.rewrite, { object, type, relation: definition });
    this.progress.close(outcome);
    return outcome;
  }

  evaluate(rewrite: Rewrite, node: Node): Outcome {
    switch (rewrite.kind) {
      case 'direct':
        return evaluateDirect(this, node);
      case 'computed':
        return evaluateComputed(this, node, rewrite.relation);
      case 'tuple_to_userset':
        return evaluateTupleToUserset(this, node, rewrite.tupleset, rewrite.computed);
      case 'union':
        return evaluateUnion(this, node, rewrite.children);
      case 'intersection':
        return evaluateIntersection(this, node, rewrite.children);
      case 'exclusion':
        return evaluateExclusion(this, node, rewrite.base, rewrite.subtract);
    }
  }

  evaluateNegated(rewrite: Rewrite, node: Node): Outcome {
    return this.progress.negate(() => this.evaluate(rewrite, node));
  }

  admit(tuple: Relationship, relation: Relation): Admission {
    return admitTuple(tuple, relation, this.model, this.context, this.budget);
  }

  spend(): Unknown | undefined {
    return this.budget.spend(1) ? undefined : OUT_OF_STEPS;
  }
}
