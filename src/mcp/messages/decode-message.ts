import type { Attributes } from '../../client/types.ts';
import { shorten } from '../../core/entity.ts';
import { repeatedMember } from '../../core/json/repeated-member.ts';
import { type JsonScan, scanJson } from '../../core/json/scan-json.ts';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { decodeUtf8 } from '../../core/utf8.ts';
import { invalidRequest, notJson } from '../errors.ts';
import type { Message, RequestId, ResponseError } from './message.ts';
import { type JsonSurvey, quote, surveyJson } from './survey-json.ts';

/** Why there is no message, and the id of the request that it would have been, where that can be told. */
export interface Undecodable {
  readonly error: ResponseError;
  readonly id: RequestId | null;
}

export interface DecodeOptions {
  /**
   * The message travels as one line (MCP, "stdio"). Then no CR or LF may stand between its tokens: to a reader that
   * ends lines there (a bare CR does for Python's universal newlines) the parts would be messages of their own.
   */
  readonly singleLine?: boolean;
}

/**
 * Reads one JSON-RPC 2.0 message of MCP. What passes is sent on as the bytes that came, so a text is accepted only if
 * every correct parser understands by it what this one does: UTF-8 (RFC 8259, section 8.1; no byte order mark), no
 * member twice in any object, bounded in size and depth, and of the envelope only the members that JSON-RPC defines
 * (a batch is none: MCP removed them in its revision of 2025-06-18). Requests and notifications, which decisions and
 * servers act upon, must also have no member that differs from another one by its case only, no half of a surrogate
 * pair, no NUL in a name, and no number that parsers read differently (RFC 7493, section 2.2). Never throws.
 */
export function decodeMessage(bytes: Uint8Array | string, options: DecodeOptions = {}): Result<Message, Undecodable> {
  if (bytes.length > LIMITS.messageBytes) {
    return undecodable(invalidRequest(`it is larger than ${LIMITS.messageBytes} bytes (limit messageBytes)`));
  }
  const text = typeof bytes === 'string' ? wellFormed(bytes) : decodeUtf8(bytes);
  if (text === undefined) return undecodable(notJson('it is not UTF-8'));
  const scan = scanJson(text);
  if (scan.depth > LIMITS.messageDepth) {
    return undecodable(invalidRequest(`it is nested more than ${LIMITS.messageDepth} deep (limit messageDepth)`));
  }
  if (scan.containers > LIMITS.messageContainers) {
    return undecodable(
      invalidRequest(`it has more than ${LIMITS.messageContainers} lists and objects (limit messageContainers)`),
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (fault) {
    return undecodable(notJson(fault instanceof Error ? fault.message : 'it cannot be read'));
  }
  if (Array.isArray(value)) {
    return undecodable(invalidRequest('batches are not part of MCP: send each message by itself'));
  }
  if (!isObject(value)) return undecodable(invalidRequest('it is no JSON object'));
  const id = idFault(value.id) === undefined ? (value.id as RequestId) : null;
  const isActedUpon = Object.hasOwn(value, 'method');
  const survey = surveyJson(value, isActedUpon);
  if (survey.members !== scan.members) {
    const { name, outer } = repeatedMember(text);
    // Of an id that stands there twice nobody can say which one it is.
    return undecodable(
      invalidRequest(`it has the member ${quote(name)} twice in one object`),
      outer.has('id') ? null : id,
    );
  }
  const wrong = options.singleLine === true && scan.broken ? BROKEN : faultOf(value, isActedUpon, scan, survey);
  return wrong === undefined ? ok(value as unknown as Message) : undecodable(invalidRequest(wrong), id);
}

function undecodable(error: ResponseError, id: RequestId | null = null): Result<never, Undecodable> {
  return err({ error, id });
}

function wellFormed(text: string): string | undefined {
  return text.isWellFormed() ? text : undefined;
}

const BROKEN = 'it has a line break between its tokens, and travels as one line';

function faultOf(message: Attributes, isActedUpon: boolean, scan: JsonScan, survey: JsonSurvey): string | undefined {
  if (!isActedUpon) return responseFault(message);
  const envelope = requestFault(message);
  if (envelope !== undefined) return envelope;
  if (scan.inexact === undefined) return survey.ambiguous;
  return `the number ${shorten(scan.inexact.literal)} is read differently by different parsers: send it as a string`;
}

function requestFault(message: Attributes): string | undefined {
  const { jsonrpc, id, method, params } = message;
  const stranger = strangerIn(message, ['jsonrpc', 'id', 'method', 'params']);
  if (stranger !== undefined) return stranger;
  if (jsonrpc !== '2.0') return VERSION;
  if (typeof method !== 'string') return 'its method is no string';
  if (Object.hasOwn(message, 'params') && !isObject(params)) return 'its params are no object';
  return Object.hasOwn(message, 'id') ? idFault(id) : undefined;
}

function responseFault(message: Attributes): string | undefined {
  const { jsonrpc, id, result, error } = message;
  const stranger = strangerIn(message, ['jsonrpc', 'id', 'result', 'error']);
  if (stranger !== undefined) return stranger;
  if (jsonrpc !== '2.0') return VERSION;
  const hasError = Object.hasOwn(message, 'error');
  if (Object.hasOwn(message, 'result') === hasError) {
    return 'it has neither a method nor exactly one of result and error';
  }
  if (!hasError) return isObject(result) ? idFault(id) : 'its result is no object';
  if (!isResponseError(error)) return 'its error is not an object with an integer code and a message';
  // Whoever could not read a request answers null (JSON-RPC 2.0, section 5).
  return id === null ? undefined : idFault(id);
}

const VERSION = 'its jsonrpc is not "2.0"';

/** Decoders differ in what they do with members that they do not know, and some take `Method` for `method`. */
function strangerIn(message: Attributes, known: readonly string[]): string | undefined {
  const stranger = Object.keys(message).find((key) => !known.includes(key));
  if (stranger === undefined) return undefined;
  return `it has the member ${quote(stranger)}; known here are ${known.join(', ')}`;
}

/** MCP takes strings and integers (base protocol, "Requests"); beyond 2^53 two ids could be read as one. */
function idFault(id: unknown): string | undefined {
  if (typeof id === 'string') return undefined;
  if (typeof id === 'number' && Number.isSafeInteger(id) && !Object.is(id, -0)) return undefined;
  return 'its id is neither a string nor an integer between -(2^53 - 1) and 2^53 - 1';
}

function isResponseError(error: unknown): boolean {
  return isObject(error) && Number.isSafeInteger(error.code) && typeof error.message === 'string';
}

function isObject(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
