import type { Evaluation, EvaluationFault, Question } from '../client/types.ts';
import { shorten } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { parseTraceparent } from '../core/traceparent.ts';
import { bindRequest, type Direction, needsDefinition, passesUnasked } from './binding/binding.ts';
import { listQuestions } from './binding/list-filter.ts';
import { askedInAnswer, withoutSharing } from './binding/server-answer.ts';
import type { DecisionPoint } from './decision-point.ts';
import { Definitions, type ListTools } from './definitions.ts';
import { denied, errorResponse, invalidRequest, undecidableAnswer, undecided, unknownAgent } from './errors.ts';
import type { Message, Notification, Request, RequestId, Response, ResponseError } from './messages/message.ts';
import type { Outcome } from './outcome.ts';
import type { Sender } from './sender.ts';

export interface GuardOptions {
  /** The server's name in the configuration. */
  readonly server: string;
  readonly point: DecisionPoint;
  /** Lists the live server's tools; or what several guards of one sender know of them together. */
  readonly listTools: ListTools | Definitions;
  /** Whether a session may begin is asked too; absent: it may, and each of its requests is decided. */
  readonly decideInitialize?: boolean;
  /** Hears why something could not be decided. */
  readonly log?: (text: string) => void;
}

/** Ids of requests that the enforcement point itself sends to the server begin like this, and no others do. */
export const OWN_ID_PREFIX = 'behalf:';

const FORWARD: Outcome = { kind: 'forward' };
const DROP: Outcome = { kind: 'drop' };
/** What a request id may be to stand in a record: it is text that the client chose. */
const PLAIN_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * The enforcement point of one session between a client and a server: says of each message what becomes of it. What
 * cannot be decided, for whatever reason, does not pass.
 *
 * Decisions may be under way for several messages at once; whoever carries the messages keeps their order.
 */
export class Guard {
  private readonly options: GuardOptions;
  private readonly definitions: Definitions;
  /** The requests of the client that are not answered yet, and their methods. */
  private readonly asked = new Map<RequestId, string>();
  /** Those of the server. */
  private readonly askedByServer = new Set<RequestId>();

  constructor(options: GuardOptions) {
    this.options = options;
    const { listTools } = options;
    this.definitions = listTools instanceof Definitions ? listTools : new Definitions(listTools);
  }

  /** What becomes of a message that the client sent. */
  async fromClient(message: Message, sender: Sender): Promise<Outcome> {
    if (!('method' in message)) {
      if (message.id !== null) this.askedByServer.delete(message.id);
      return FORWARD;
    }
    if (!('id' in message)) return this.clientNotification(message);
    const { id } = message;
    if (isOwn(id)) return answer(id, invalidRequest(`request ids that begin with "${OWN_ID_PREFIX}" are reserved`));
    if (this.asked.has(id)) return answer(id, inUse(id));
    // At once: what else arrives while this one is decided finds it in use.
    this.asked.set(id, message.method);
    const outcome = await this.decideRequest(message, sender, 'to_server');
    if (outcome.kind !== 'forward') this.asked.delete(id);
    return outcome;
  }

  /** What becomes of a message that the server sent; the sender is the client of the session. */
  async fromServer(message: Message, sender: Sender): Promise<Outcome> {
    if (!('method' in message)) return this.serverResponse(message, sender);
    if (!('id' in message)) {
      if (!passesUnasked(message)) return this.unasked(message);
      if (message.method === 'notifications/tools/list_changed') this.definitions.forget();
      return FORWARD;
    }
    const { id } = message;
    if (this.askedByServer.has(id)) return answer(id, inUse(id));
    this.askedByServer.add(id);
    const outcome = await this.decideRequest(message, sender, 'to_client');
    if (outcome.kind !== 'forward') this.askedByServer.delete(id);
    return outcome;
  }

  /** Whether the client waits for the answer to a request of this id. */
  awaits(id: RequestId): boolean {
    return this.asked.has(id);
  }

  /** A request that the client sent will not be answered by the server: its id is free again. */
  abandon(id: RequestId): void {
    this.asked.delete(id);
  }

  /** The same for a request of the server: the client never saw it, or will be sent it again. */
  abandonFromServer(id: RequestId): void {
    this.askedByServer.delete(id);
  }

  private clientNotification(notification: Notification): Outcome {
    const { method, params } = notification;
    if (!passesUnasked(notification)) return this.unasked(notification);
    if (method === 'notifications/cancelled') {
      const id = params?.requestId;
      // Only the enforcement point takes back what it asked.
      if (isOwn(id)) return DROP;
      if (typeof id === 'string' || typeof id === 'number') this.asked.delete(id);
    }
    return FORWARD;
  }

  private unasked({ method }: Notification): Outcome {
    this.options.log?.(`not passed on: "${shorten(method)}" without an id, which is neither asked about nor answered`);
    return DROP;
  }

  private async decideRequest(request: Request, sender: Sender, direction: Direction): Promise<Outcome> {
    const { server, decideInitialize = false } = this.options;
    const tool = direction === 'to_server' ? needsDefinition(request) : undefined;
    let definition: Awaited<ReturnType<Definitions['get']>>;
    try {
      definition = tool === undefined ? undefined : await this.definitions.get(tool);
    } catch (fault) {
      return answer(request.id, this.fault(`the definition of the tool "${tool}" cannot be had`, fault));
    }
    const context = { server, sender, decideInitialize, ...(definition === undefined ? undefined : { definition }) };
    const bound = bindRequest(request, direction, context);
    if (bound.kind === 'pass') return FORWARD;
    if (bound.kind === 'refused') return answer(request.id, bound.error);
    const evaluations = await this.ask(bound.questions, request.id, traceOf(request) ?? sender.trace);
    if (!evaluations.ok) return answer(request.id, evaluations.error);
    const refusal = evaluations.value.find(({ decision }) => decision !== true);
    return refusal === undefined ? FORWARD : answer(request.id, denied(refusal));
  }

  private async serverResponse(response: Response, sender: Sender): Promise<Outcome> {
    const { id } = response;
    if (isOwn(id)) return DROP;
    const method = id === null ? undefined : this.asked.get(id);
    if (id !== null) this.asked.delete(id);
    const refused = await this.decideAnswer(response, sender);
    if (refused !== undefined) return { kind: 'replace', message: errorResponse(id, refused) };
    if ('error' in response) return FORWARD;
    if (method === 'tools/list' && Array.isArray(response.result.tools)) this.definitions.learn(response.result);
    const list = listQuestions(response, { server: this.options.server, sender });
    if (list === undefined) return asKept(response, withoutSharing(response));
    const evaluations = await this.ask(list.questions, id, sender.trace);
    if (!evaluations.ok) return { kind: 'replace', message: errorResponse(id, evaluations.error) };
    const kept = list.keep(evaluations.value.map(({ decision, reason }) => decision === true || reason === 'depends'));
    return asKept(response, withoutSharing(kept));
  }

  /** Why an answer may not pass that asks something of the agent or its person: each such thing is decided. */
  private async decideAnswer(response: Response, sender: Sender): Promise<ResponseError | undefined> {
    const asked = askedInAnswer(response);
    if (asked.kind === 'nothing') return undefined;
    if (asked.kind === 'undecidable') return undecidableAnswer(asked.what);
    for (const request of asked.requests) {
      const outcome = await this.decideRequest({ ...request, id: response.id ?? request.id }, sender, 'to_client');
      if (outcome.kind === 'forward') continue;
      const isError = outcome.kind === 'answer' && 'error' in outcome.message;
      return isError ? (outcome.message as { readonly error: ResponseError }).error : undecided();
    }
    return undefined;
  }

  /** One evaluation for each question, or the error that stands for all of them. */
  private async ask(
    questions: readonly Question[],
    id: RequestId | null,
    trace: string | undefined,
  ): Promise<Result<readonly Evaluation[], ResponseError>> {
    if (questions.length === 0) return ok([]);
    const requestId = PLAIN_ID.test(String(id)) ? String(id) : undefined;
    try {
      const answers = await this.options.point.decide(questions, requestId, trace);
      if (answers.length !== questions.length) throw new Error('not every question was answered');
      const { agent } = questions[0] ?? {};
      const unknown = answers.find(isWithoutAgent);
      if (agent !== undefined && unknown !== undefined) {
        this.options.log?.(`denied: ${unknown.error.message}`);
        return err(unknownAgent(agent));
      }
      return ok(answers.map(toEvaluation));
    } catch (fault) {
      return err(this.fault('not decided', fault));
    }
  }

  private fault(what: string, fault: unknown): ResponseError {
    this.options.log?.(`${what}: ${fault instanceof Error ? fault.message : String(fault)}`);
    return undecided();
  }
}

/** The `traceparent` in the `_meta` of a request, where MCP clients put it. */
function traceOf({ params }: Request): string | undefined {
  const meta = params?._meta;
  return parseTraceparent(
    typeof meta === 'object' && meta !== null && 'traceparent' in meta ? meta.traceparent : undefined,
  );
}

/** Whether it could not be asked because nobody is known who acts. */
function isWithoutAgent(answer: Evaluation | EvaluationFault): answer is EvaluationFault {
  return 'error' in answer && answer.error.reason === 'actor_missing';
}

/** What becomes of an answer of which this is left. */
function asKept(response: Response, kept: Response): Outcome {
  return kept === response ? FORWARD : { kind: 'replace', message: kept };
}

function toEvaluation(answer: Evaluation | EvaluationFault): Evaluation {
  if ('error' in answer) throw new Error(answer.error.message);
  return answer;
}

function answer(id: RequestId, error: ResponseError): Outcome {
  return { kind: 'answer', message: errorResponse(id, error) };
}

function inUse(id: RequestId): ResponseError {
  return invalidRequest(`the request id ${JSON.stringify(id)} is in use: the request before it is not answered yet`);
}

function isOwn(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith(OWN_ID_PREFIX);
}
