import type { Question } from '../../client/types.ts';
import type { EntityId } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { mappingError, unknownMethod } from '../errors.ts';
import type { Notification, Request, ResponseError } from '../messages/message.ts';
import type { Sender } from '../sender.ts';
import { type DeclaredMapping, declaredMapping } from './declared-mapping.ts';
import { toMcpEntity, toServerEntity } from './entity-name.ts';
import { INITIALIZE, LISTS, type MethodRule, type Target, TO_CLIENT, TO_SERVER } from './methods.ts';
import { type Asked, toQuestion } from './question.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** What is to be asked before a request may pass. */
export type Bound =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refused'; readonly error: ResponseError }
  /** Every one of them must be allowed. */
  | { readonly kind: 'ask'; readonly questions: readonly Question[] };

export interface BindingContext {
  /** The server's name in the configuration. */
  readonly server: string;
  readonly sender: Sender;
  /** The live definition of the tool that is called, if the server lists it. */
  readonly definition?: ToolDefinition;
  readonly decideInitialize?: boolean;
}

export type Direction = 'to_server' | 'to_client';

const PASS: Bound = { kind: 'pass' };

/**
 * The questions that a request becomes: Behalf's form of AuthZEN's COAZ binding for MCP (contracts, section 6). Pings
 * pass, and so do requests for lists, whose results are decided. A method without a rule is denied, and so is one
 * that goes the wrong way. A mapping that the tool declares only adds questions to the one about the tool. Never
 * throws.
 */
export function bindRequest(request: Request, direction: Direction, context: BindingContext): Bound {
  const { method } = request;
  if (method === 'ping') return PASS;
  const rule = direction === 'to_server' ? ruleToServer(method, context) : (TO_CLIENT.get(method) ?? 'unknown');
  if (rule === 'pass') return PASS;
  if (rule === 'unknown') return { kind: 'refused', error: unknownMethod(method) };
  const questions = questionsOf(request, rule, context);
  return questions.ok
    ? { kind: 'ask', questions: questions.value }
    : { kind: 'refused', error: mappingError(questions.error) };
}

/** The tool whose definition `bindRequest` has to know. */
export function needsDefinition(request: Request): string | undefined {
  const name = request.method === 'tools/call' ? request.params?.name : undefined;
  return typeof name === 'string' ? name : undefined;
}

/**
 * Whether a message without an id passes, which is all that can become of it: it is never decided and never answered.
 * Under the name of a request it does not (a server may run a tool all the same).
 */
export function passesUnasked(notification: Notification): boolean {
  return notification.method.startsWith('notifications/');
}

function ruleToServer(method: string, { decideInitialize }: BindingContext): MethodRule | 'pass' | 'unknown' {
  if (LISTS.has(method)) return 'pass';
  if (method === 'initialize') return decideInitialize === true ? INITIALIZE : 'pass';
  return TO_SERVER.get(method) ?? 'unknown';
}

function questionsOf(request: Request, rule: MethodRule, context: BindingContext): Result<readonly Question[], string> {
  const { server, sender, definition } = context;
  const { method, params = {} } = request;
  const target = rule.target(params);
  if (!target.ok) return target;
  const resource = entityOf(target.value, server);
  if (!resource.ok) return resource;
  const { properties } = target.value;
  const isCall = target.value.type === 'tool';
  const known = isCall && definition !== undefined ? { ...properties, definition: definition.digest } : properties;
  const asked: Asked[] = [
    { action: rule.action, resource: resource.value, ...(known === undefined ? undefined : { properties: known }) },
  ];
  if (isCall && definition !== undefined) {
    const added = mappedQuestions(definition, { params, token: sender.token });
    if (!added.ok) return added;
    asked.push(...added.value);
  }
  return allOf(asked.map((one) => toQuestion(one, sender, server, method)));
}

function entityOf({ type, name }: Target, server: string): Result<EntityId, string> {
  if (type === 'mcp_server' || name === undefined) return toServerEntity(server);
  return toMcpEntity(type, server, name);
}

/** Compiled once for as long as a definition is held. */
const mappings = new WeakMap<ToolDefinition, Result<DeclaredMapping | undefined, string>>();

function mappedQuestions(
  definition: ToolDefinition,
  inputs: Parameters<DeclaredMapping['resolve']>[0],
): Result<readonly Asked[], string> {
  let mapping = mappings.get(definition);
  if (mapping === undefined) {
    mapping = declaredMapping(definition);
    mappings.set(definition, mapping);
  }
  if (!mapping.ok) return mapping;
  return mapping.value === undefined ? ok([]) : mapping.value.resolve(inputs);
}

function allOf(questions: readonly Result<Question, string>[]): Result<readonly Question[], string> {
  const all: Question[] = [];
  for (const question of questions) {
    if (!question.ok) return err(question.error);
    all.push(question.value);
  }
  return ok(all);
}
