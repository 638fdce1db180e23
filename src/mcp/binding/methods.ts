import type { Attributes } from '../../client/types.ts';
import { shorten } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { lookAlike } from '../messages/fold-key.ts';
import type { McpType } from './entity-name.ts';

/** What a request asks for: something under the server, or the server itself. */
export interface Target {
  readonly type: McpType | 'mcp_server';
  /** The server's name for it; absent for the server itself. */
  readonly name?: string;
  readonly properties?: Attributes;
}

/** How one method becomes a question: Behalf's form of the COAZ binding's "Default Mappings". */
export interface MethodRule {
  readonly action: string;
  /** What the parameters ask for, or what is wrong with them. */
  readonly target: (params: Attributes) => Result<Target, string>;
}

type Rules = ReadonlyMap<string, MethodRule>;

/** Requests of clients that are decided. */
export const TO_SERVER: Rules = new Map<string, MethodRule>([
  ['tools/call', { action: 'call', target: (params) => named('tool', params) }],
  ['resources/read', { action: 'read', target: located }],
  ['resources/subscribe', { action: 'subscribe', target: located }],
  ['resources/unsubscribe', { action: 'unsubscribe', target: located }],
  ['prompts/get', { action: 'get', target: (params) => named('prompt', params) }],
  ['completion/complete', { action: 'complete', target: completed }],
  ['logging/setLevel', { action: 'set_log_level', target: levelled }],
  ['tasks/get', { action: 'get', target: task }],
  ['tasks/result', { action: 'result', target: task }],
  ['tasks/cancel', { action: 'cancel', target: task }],
  ['tasks/list', { action: 'list_tasks', target: serverItself }],
]);

/** Requests of servers that are decided: may the connected agent be asked this, for its origin. */
export const TO_CLIENT: Rules = new Map<string, MethodRule>([
  ['sampling/createMessage', { action: 'sample', target: serverItself }],
  ['elicitation/create', { action: 'elicit', target: serverItself }],
  ['roots/list', { action: 'list_roots', target: serverItself }],
]);

/** Passes unless the deployment wants it decided. */
export const INITIALIZE: MethodRule = { action: 'initialize', target: initialized };

/** Requests of clients whose results are decided, entry by entry. */
export const LISTS: ReadonlySet<string> = new Set([
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'prompts/list',
]);

function serverItself(): Result<Target, string> {
  return ok({ type: 'mcp_server' });
}

function named(type: 'tool' | 'prompt', params: Attributes): Result<Target, string> {
  const fields = reading(params, ['name', 'arguments'], 'params');
  const name = text(fields, 'name', 'params');
  const args = record(fields, 'arguments', 'params');
  if (!name.ok) return name;
  return args.ok ? ok({ type, name: name.value, properties: { args: args.value ?? {} } }) : args;
}

function located(params: Attributes): Result<Target, string> {
  const uri = text(reading(params, ['uri'], 'params'), 'uri', 'params');
  return uri.ok ? ok({ type: 'resource', name: uri.value, properties: { uri: uri.value } }) : uri;
}

function completed(params: Attributes): Result<Target, string> {
  const fields = reading(params, ['ref', 'argument'], 'params');
  const ref = record(fields, 'ref', 'params');
  const argument = record(fields, 'argument', 'params');
  if (!ref.ok) return ref;
  if (!argument.ok) return argument;
  if (ref.value === undefined) return err('params.ref is missing: completion/complete says what is completed');
  const target = reading(ref.value, ['type', 'name', 'uri'], 'params.ref');
  const kind = text(target, 'type', 'params.ref');
  if (!kind.ok) return kind;
  const args = { argument: argument.value ?? {} };
  if (kind.value === 'ref/prompt') {
    const name = text(target, 'name', 'params.ref');
    return name.ok ? ok({ type: 'prompt', name: name.value, properties: { args } }) : name;
  }
  if (kind.value === 'ref/resource') {
    const uri = text(target, 'uri', 'params.ref');
    return uri.ok ? ok({ type: 'resource', name: uri.value, properties: { args, uri: uri.value } }) : uri;
  }
  return err(`params.ref.type is "${shorten(kind.value)}": it is ref/prompt or ref/resource`);
}

function levelled(params: Attributes): Result<Target, string> {
  const level = text(reading(params, ['level'], 'params'), 'level', 'params');
  return level.ok ? ok({ type: 'mcp_server', properties: { level: level.value } }) : level;
}

function task(params: Attributes): Result<Target, string> {
  const id = text(reading(params, ['taskId'], 'params'), 'taskId', 'params');
  return id.ok ? ok({ type: 'task', name: id.value }) : id;
}

function initialized(params: Attributes): Result<Target, string> {
  const version = text(reading(params, ['protocolVersion'], 'params'), 'protocolVersion', 'params');
  return version.ok ? ok({ type: 'mcp_server', properties: { protocol_version: version.value } }) : version;
}

/** An object whose fields are read only if no other member could be read in their place. */
type Fields = Result<Attributes, string>;

function reading(object: Attributes, names: readonly string[], where: string): Fields {
  const other = lookAlike(object, names);
  return other === undefined
    ? ok(object)
    : err(`${where} has ${JSON.stringify(shorten(other))}, which some servers read for one of ${names.join(', ')}`);
}

function text(fields: Fields, name: string, where: string): Result<string, string> {
  if (!fields.ok) return fields;
  const value = Object.hasOwn(fields.value, name) ? fields.value[name] : undefined;
  if (value === undefined) return err(`${where}.${name} is missing`);
  return typeof value === 'string' ? ok(value) : err(`${where}.${name} is no string`);
}

function record(fields: Fields, name: string, where: string): Result<Attributes | undefined, string> {
  if (!fields.ok) return fields;
  const value = Object.hasOwn(fields.value, name) ? fields.value[name] : undefined;
  if (value === undefined) return ok(undefined);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return err(`${where}.${name} is no object`);
  return ok(value as Attributes);
}
