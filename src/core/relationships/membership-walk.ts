import type { EntityId } from '../entity.ts';
import { type Budget, LIMITS } from '../limits.ts';
import type { Model } from '../model/model.ts';
import { ADMITTED, admitCondition, allowsUser } from './admit-tuple.ts';
import type { ModelPlan, PlannedRelation, PlannedRewrite } from './model-plan.ts';
import { NO, type Outcome, reached, type Unknown, yes } from './outcome.ts';
import { Progress } from './progress.ts';
import type { Subject } from './query.ts';
import { evaluateComputed } from './rewrites/computed.ts';
import { evaluateDirect } from './rewrites/direct.ts';
import { evaluateExclusion } from './rewrites/exclusion.ts';
import { evaluateIntersection } from './rewrites/intersection.ts';
import { evaluateTupleToUserset } from './rewrites/tuple-to-userset.ts';
import { evaluateUnion } from './rewrites/union.ts';
import { type SubjectNumbers, toSubjectNumbers } from './subject-numbers.ts';
import type { TupleGraph } from './tuple-graph.ts';
import type { TupleReader } from './tuples.ts';
import type { Admission, Node, Walk } from './walk.ts';

const OUT_OF_STEPS: Unknown = reached('decisionSteps');
const TOO_DEEP: Unknown = reached('relationshipDepth');
/** The numbers of objects that the graph does not know begin here and go down. */
const FIRST_UNKNOWN = -2;

/**
 * Everything that one subject is asked for in one context. Answers are kept between questions, so one walk serves a
 * whole list. It goes over numbers; text is made only for what a proof names.
 */
export class MembershipWalk implements Walk {
  readonly subject: SubjectNumbers;
  readonly graph: TupleGraph;
  readonly plan: ModelPlan;
  private readonly itself: { readonly object: number; readonly relation: string } | undefined;
  private readonly context: { readonly [key: string]: unknown };
  private readonly budget: Budget;
  private readonly progress = new Progress();
  private unknown: string[] | undefined;

  constructor(
    subject: Subject,
    model: Model,
    tuples: TupleReader,
    context: { readonly [key: string]: unknown } | undefined,
    budget: Budget,
  ) {
    this.graph = tuples.graph;
    this.plan = this.graph.kinds.plan(model);
    this.subject = toSubjectNumbers(subject, this.graph);
    const { object, relation } = subject;
    this.itself =
      object === undefined || relation === undefined ? undefined : { object: this.number(object), relation };
    this.context = context ?? {};
    this.budget = budget;
  }

  /** Asks about an object by its text. */
  enter(object: EntityId, type: string, relation: string): Outcome {
    const planned = this.plan.find(type, relation);
    if (planned === undefined) return this.spend() ?? NO;
    return this.ask(this.number(object), planned);
  }

  ask(object: number, relation: PlannedRelation): Outcome {
    return this.answer(object, this.graph.row(object, relation.kind), relation);
  }

  askRow(row: number): Outcome {
    const relation = this.plan.of(this.graph.kindOf(row));
    return relation === undefined ? (this.spend() ?? NO) : this.answer(this.graph.objectOf(row), row, relation);
  }

  evaluate(rewrite: PlannedRewrite, node: Node): Outcome {
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

  evaluateNegated(rewrite: PlannedRewrite, node: Node): Outcome {
    return this.progress.negate(() => this.evaluate(rewrite, node));
  }

  admit(row: number, user: number, relation: PlannedRelation): Admission {
    const condition = this.graph.condition(row, user);
    // One that the model's type restrictions do not allow (any more) does not count.
    if (!allowsUser(relation.direct, this.graph, user, condition?.name)) return NO;
    return condition === undefined ? ADMITTED : admitCondition(condition, this.plan.model, this.context, this.budget);
  }

  spend(): Unknown | undefined {
    return this.budget.spend(1) ? undefined : OUT_OF_STEPS;
  }

  /** The number of an object, one of this walk's own where the graph has none. */
  number(object: EntityId): number {
    const known = this.graph.entity(object);
    if (known >= 0) return known;
    this.unknown ??= [];
    const at = this.unknown.indexOf(object);
    return FIRST_UNKNOWN - (at >= 0 ? at : this.unknown.push(object) - 1);
  }

  text(object: number): string {
    return object >= 0 ? this.graph.text(object) : (this.unknown?.[FIRST_UNKNOWN - object] ?? '');
  }

  private answer(object: number, row: number, relation: PlannedRelation): Outcome {
    if (!this.budget.spend(1)) return OUT_OF_STEPS;
    // A userset is a member of itself (OpenFGA docs "Usersets").
    if (this.itself?.object === object && this.itself.relation === relation.name) {
      return yes({ object: this.text(object), relation: relation.name, via: 'self' });
    }
    if (relation.rewrite.kind === 'direct' && this.endsAt(row) && this.progress.depth < LIMITS.relationshipDepth)
      return NO;
    const question = object * this.plan.width + relation.kind;
    const known = this.progress.recall(question);
    if (known !== undefined) return known;
    if (this.progress.depth >= LIMITS.relationshipDepth) return TOO_DEEP;
    this.progress.open(question);
    const outcome = this.evaluate(relation.rewrite, { object, row, relation });
    this.progress.close(outcome);
    return outcome;
  }

  /** Most questions end so: stored relationships only, none with the subject, none that leads on. Nothing to keep. */
  private endsAt(row: number): boolean {
    if (row < 0) return true;
    const { graph, subject } = this;
    return !graph.hasUsersets(row) && !graph.has(row, subject.user) && !graph.has(row, subject.everybody);
  }
}
