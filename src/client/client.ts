import type { AuditReport } from '../engine/report/report-data.ts';
import { BehalfError } from './errors.ts';
import type { DecisionReplay, ReplayPage, ReplayRequest, ReportRequest } from './replay-types.ts';
import { type ClientOptions, type RequestOptions, Transport } from './transport.ts';
import type {
  Activation,
  Attributes,
  BundleDiff,
  BundleDiffRequest,
  BundleFile,
  Caller,
  CallerRequest,
  ChangeFilter,
  Commit,
  ConsistencyProof,
  DecisionFilter,
  DecisionPage,
  DecisionPageRequest,
  DecisionProof,
  DecisionRecord,
  DecisionSummary,
  DecisionSummaryRequest,
  DelegationFilter,
  DelegationRequest,
  DelegationView,
  Entity,
  EntityContent,
  Evaluation,
  EvaluationFault,
  Explanation,
  Publication,
  Published,
  Question,
  ReachPage,
  ReachQuestion,
  Revoked,
  RevokeRequest,
  SignedCheckpoint,
} from './types.ts';

export type { AuditReport } from '../engine/report/report-data.ts';
export { BehalfError, type FieldError, type Problem, type SourceProblem } from './errors.ts';
export type * from './replay-types.ts';
export type { ClientOptions, RequestOptions } from './transport.ts';
export type * from './types.ts';

interface Page {
  readonly after?: string;
  readonly limit?: number;
}

interface EntityPage {
  readonly entities: readonly Omit<Entity, 'revision'>[];
  readonly next?: string;
}

/** How a batch ends (AuthZEN, evaluations_semantic). */
export type BatchSemantic = 'execute_all' | 'deny_on_first_deny' | 'permit_on_first_permit';

export type ExplanationFormat = 'text' | 'mermaid';
const MEDIA_TYPES: { readonly [format in ExplanationFormat]: string } = {
  text: 'text/plain',
  mermaid: 'text/vnd.mermaid',
};

/**
 * A client of one Behalf server. Every method answers what the server said, or throws a `BehalfError`; there is no
 * retrying, because the caller knows best what a late answer is worth.
 */
export class Behalf {
  private readonly http: Transport;

  constructor(options: ClientOptions) {
    this.http = new Transport(options);
  }

  /**
   * May the actor do it? Fails closed: true only where the server said so; false or a thrown `BehalfError` for
   * everything else.
   */
  async check(question: Question, options?: RequestOptions): Promise<boolean> {
    const { decision } = await this.evaluate(question, options);
    return decision === true;
  }

  /** The same with the decision's id, reason and revision. */
  async evaluate(question: Question, options?: RequestOptions): Promise<Evaluation> {
    const answer = await this.http.json('POST', '/access/v1/evaluation', { ...options, body: toEvaluation(question) });
    const evaluation = fromAnswer(answer);
    if ('error' in evaluation) throw new BehalfError('malformed_answer', evaluation.error.message);
    return evaluation;
  }

  /** Several questions at once, answered in their order; shorter than asked where the semantic cut it off. */
  async evaluations(
    questions: readonly Question[],
    semantic: BatchSemantic = 'execute_all',
    options?: RequestOptions,
  ): Promise<readonly (Evaluation | EvaluationFault)[]> {
    // AuthZEN answers an empty batch as if it were one question.
    if (questions.length === 0) return [];
    const body = { evaluations: questions.map(toEvaluation), options: { evaluations_semantic: semantic } };
    const answer = await this.http.json<{ readonly evaluations?: unknown }>('POST', '/access/v1/evaluations', {
      ...options,
      body,
    });
    const { evaluations } = answer;
    if (!Array.isArray(evaluations) || evaluations.length > questions.length) {
      throw new BehalfError('malformed_answer', 'the batch was not answered with a list of its decisions');
    }
    return evaluations.map(fromAnswer);
  }

  /** The whole path of a decision that is not recorded: every hop, and what would have been needed. */
  explain(question: Question): Promise<Explanation> {
    return this.http.json('POST', '/v1/explain', { body: toEvaluation(question) });
  }

  explainAs(question: Question, format: ExplanationFormat): Promise<string> {
    return this.http.text('POST', '/v1/explain', { body: toEvaluation(question), accept: MEDIA_TYPES[format] });
  }

  /** Why a recorded decision was taken. */
  why(decision: string): Promise<Explanation> {
    return this.http.json('GET', `/v1/decisions/${encodeURIComponent(decision)}/explain`);
  }

  whyAs(decision: string, format: ExplanationFormat): Promise<string> {
    const path = `/v1/decisions/${encodeURIComponent(decision)}/explain`;
    return this.http.text('GET', path, { accept: MEDIA_TYPES[format] });
  }

  /** Is it decided the same again, at its own revision, bundle and time? And what would it be now? */
  replay(decision: string): Promise<DecisionReplay> {
    return this.http.json('POST', `/v1/decisions/${encodeURIComponent(decision)}/replay`);
  }

  /** One page of the replay of all decisions of a period, or of some that are drawn. */
  replays(request: ReplayRequest = {}, after?: string): Promise<ReplayPage> {
    return this.http.json('POST', '/v1/audit/replay', { body: { ...request, after } });
  }

  /** The evidence of a period. It may take minutes where there are millions of decisions: give the client time. */
  report(request: ReportRequest): Promise<AuditReport> {
    return this.http.json('GET', '/v1/audit/report', { query: { ...request } });
  }

  decision(id: string): Promise<DecisionRecord> {
    return this.http.json('GET', `/v1/decisions/${encodeURIComponent(id)}`);
  }

  /** Recorded decisions. A page may be short, even empty, and still have a `next`. */
  decisions(filter: DecisionFilter = {}, page: DecisionPageRequest = {}): Promise<DecisionPage> {
    return this.http.json('GET', '/v1/decisions', { query: { ...filter, ...page } });
  }

  /** How many decisions there were, by outcome, reason and so on, and by time. */
  decisionSummary(filter: DecisionFilter = {}, request: DecisionSummaryRequest = {}): Promise<DecisionSummary> {
    return this.http.json('GET', '/v1/decisions/summary', { query: { ...filter, ...request } });
  }

  /** A signed checkpoint of everything that was decided until now (C2SP tlog-checkpoint in `note`). */
  checkpoint(): Promise<SignedCheckpoint> {
    return this.http.json('GET', '/v1/audit/checkpoint');
  }

  /** The proof that a decision is in the log, for whoever has the node's public key. */
  proof(id: string): Promise<DecisionProof> {
    return this.http.json('GET', `/v1/decisions/${encodeURIComponent(id)}/proof`);
  }

  /** That the log of `to` records (default: of now) goes on from the one of `from` records. */
  consistency(from: number, to?: number): Promise<ConsistencyProof> {
    return this.http.json('GET', '/v1/audit/consistency', { query: { from, to } });
  }

  /** Who granted, revoked, published, suspended what, newest first. A page may be short and still have a `next`. */
  changes(
    filter: ChangeFilter = {},
    page: { readonly before?: string; readonly limit?: number } = {},
  ): Promise<{ readonly changes: readonly Commit[]; readonly next?: string; readonly revision: string }> {
    return this.http.json('GET', '/v1/changes', { query: { ...filter, ...page } });
  }

  /** What an actor reaches, or who reaches a resource, and through which delegations: now, or as things were. */
  reach(question: ReachQuestion, page: Page = {}): Promise<ReachPage> {
    return this.http.json('GET', '/v1/reach', { query: { ...question, ...page } });
  }

  delegate(
    request: DelegationRequest,
    options?: RequestOptions,
  ): Promise<{ readonly delegation: DelegationView; readonly revision: string }> {
    return this.http.json('POST', '/v1/delegations', { ...options, body: request });
  }

  delegation(id: string): Promise<DelegationView> {
    return this.http.json('GET', `/v1/delegations/${encodeURIComponent(id)}`);
  }

  /** One page of the delegations that the caller may see, oldest first. */
  delegations(
    filter: DelegationFilter = {},
    page: Page = {},
  ): Promise<{ readonly delegations: readonly DelegationView[]; readonly next?: string; readonly revision: string }> {
    return this.http.json('GET', '/v1/delegations', { query: { ...filter, ...page } });
  }

  /** All of them, however many pages that takes. */
  async allDelegations(filter: DelegationFilter = {}): Promise<readonly DelegationView[]> {
    const all: DelegationView[] = [];
    let after: string | undefined;
    do {
      const page = await this.delegations(filter, { limit: 500, ...(after === undefined ? undefined : { after }) });
      all.push(...page.delegations);
      after = page.next;
    } while (after !== undefined);
    return all;
  }

  revoke(id: string, request: RevokeRequest, options?: RequestOptions): Promise<Revoked> {
    return this.http.json('POST', `/v1/delegations/${encodeURIComponent(id)}/revoke`, { ...options, body: request });
  }

  /** Opens a session delegation for one origin; `seconds` absent: as long as it allows. */
  activate(
    delegation: string,
    request: { readonly origin: string; readonly seconds?: number },
    options?: RequestOptions,
  ): Promise<{ readonly activation: Activation; readonly revision: string }> {
    const path = `/v1/delegations/${encodeURIComponent(delegation)}/activations`;
    return this.http.json('POST', path, { ...options, body: request });
  }

  deactivate(delegation: string, activation: string): Promise<{ readonly revision: string }> {
    const path = `/v1/delegations/${encodeURIComponent(delegation)}/activations/${encodeURIComponent(activation)}`;
    return this.http.json('DELETE', path);
  }

  readonly entities = {
    get: (entity: string): Promise<Entity> => this.http.json('GET', entityPath(entity)),
    put: (entity: string, content: EntityContent, options?: RequestOptions): Promise<Entity> =>
      this.http.json('PUT', entityPath(entity), { ...options, body: content }),
    /** What is not named stays as it is. An attribute is set as a whole; null takes it away. */
    patch: (entity: string, changes: EntityContent, options?: RequestOptions): Promise<Entity> =>
      this.http.json('PATCH', entityPath(entity), { ...options, body: changes }),
    /** All whose name begins with `prefix`, `tool:github/`, in the order of names; deleted ones, too. */
    all: async (prefix: string): Promise<readonly Omit<Entity, 'revision'>[]> => {
      const all: Omit<Entity, 'revision'>[] = [];
      let after: string | undefined;
      do {
        const page = await this.http.json<EntityPage>('GET', '/v1/entities', { query: { prefix, after, limit: 500 } });
        all.push(...page.entities);
        after = page.next;
      } while (after !== undefined);
      return all;
    },
    /** For ever: its delegations are revoked, its relationships removed, its id barred. */
    delete: (entity: string): Promise<Entity> => this.http.json('DELETE', entityPath(entity)),
    suspend: (entity: string): Promise<Entity> => this.http.json('POST', `${entityPath(entity)}/suspend`),
    resume: (entity: string): Promise<Entity> => this.http.json('POST', `${entityPath(entity)}/resume`),
  };

  readonly callers = {
    /** Who is asking: the caller that the key belongs to. Throws `unauthenticated` for a key that is not in force. */
    own: (): Promise<Caller> => this.http.json('GET', '/v1/caller'),
    list: (): Promise<{ readonly callers: readonly Caller[] }> => this.http.json('GET', '/v1/callers'),
    /** The key is told this once. */
    add: (
      caller: CallerRequest,
    ): Promise<{ readonly caller: Caller; readonly key: string; readonly revision: string }> =>
      this.http.json('POST', '/v1/callers', { body: caller }),
    remove: (id: string): Promise<{ readonly revision: string }> =>
      this.http.json('DELETE', `/v1/callers/${encodeURIComponent(id)}`),
  };

  readonly bundles = {
    /** Every publication, newest first. */
    list: async (): Promise<readonly Publication[]> =>
      (await this.http.json<{ readonly bundles: readonly Publication[] }>('GET', '/v1/bundles')).bundles,
    get: (named: string): Promise<{ readonly digest: string; readonly files: readonly BundleFile[] }> =>
      this.http.json('GET', `/v1/bundles/${encodeURIComponent(named)}`),
    publish: (files: readonly BundleFile[], orphans: 'refuse' | 'allow' = 'refuse'): Promise<Published> =>
      this.http.json('POST', '/v1/bundles', { body: { files, orphans } }),
    rollback: (named: string, orphans: 'refuse' | 'allow' = 'refuse'): Promise<Published> =>
      this.http.json('POST', `/v1/bundles/${encodeURIComponent(named)}/rollback`, { query: { orphans } }),
    /** What would change; nothing is recorded. */
    diff: (request: BundleDiffRequest): Promise<BundleDiff> =>
      this.http.json('POST', '/v1/bundles/diff', { body: request }),
  };

  /** What the relationship layer alone says, for authoring: no decision, and not recorded. Needs the role `author`. */
  async related(user: string, relation: string, object: string): Promise<boolean> {
    const { stores } = await this.http.json<{ readonly stores: readonly { readonly id: string }[] }>('GET', '/stores');
    const body = { tuple_key: { user, relation, object } };
    const path = `/stores/${encodeURIComponent(stores[0]?.id ?? '')}/check`;
    const { allowed } = await this.http.json<{ readonly allowed?: unknown }>('POST', path, { body });
    return allowed === true;
  }
}

/** AuthZEN's `{type, id}`; the server says what is wrong with an entity that has no type. */
function toEntity(text: string, properties?: Attributes) {
  const colon = text.indexOf(':');
  const entity = { type: text.slice(0, Math.max(0, colon)), id: text.slice(colon + 1) };
  return properties === undefined ? entity : { ...entity, properties };
}

/** A question as the body of AuthZEN's Access Evaluation request. */
export function toEvaluation(question: Question): object {
  const { context, on_behalf_of: origin, agent, chain, delegation, revision, open_attributes: open } = question;
  const extended = {
    ...context,
    ...(origin === undefined ? undefined : { on_behalf_of: toEntity(origin) }),
    ...(agent === undefined ? undefined : { agent }),
    ...(chain === undefined ? undefined : { chain }),
    ...(open === undefined ? undefined : { open_attributes: open }),
    ...(delegation === undefined ? undefined : { delegation }),
    ...(revision === undefined ? undefined : { revision }),
  };
  return {
    subject: toEntity(question.actor),
    action: {
      name: question.action,
      ...(question.action_properties === undefined ? undefined : { properties: question.action_properties }),
    },
    resource: toEntity(question.resource, question.properties),
    ...(Object.keys(extended).length === 0 ? undefined : { context: extended }),
  };
}

function fromAnswer(answer: unknown): Evaluation | EvaluationFault {
  const { decision, context } = (answer ?? {}) as { readonly decision?: unknown; readonly context?: Attributes };
  if (typeof decision !== 'boolean') {
    throw new BehalfError('malformed_answer', 'the answer has no decision: is this the address of a Behalf server?');
  }
  if (context?.error !== undefined) {
    return { decision: false, error: context.error as EvaluationFault['error'] };
  }
  return { ...context, decision } as Evaluation;
}

/** Percent-encoded: an id may hold `/`, and is one segment of the path. */
function entityPath(entity: string): string {
  const colon = entity.indexOf(':');
  const type = entity.slice(0, Math.max(0, colon));
  return `/v1/entities/${encodeURIComponent(type)}/${encodeURIComponent(entity.slice(colon + 1))}`;
}
