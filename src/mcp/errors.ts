import type { Evaluation } from '../client/types.ts';
import { shorten } from '../core/entity.ts';
import type { RequestId, Response, ResponseError } from './messages/message.ts';

/**
 * The errors that an enforcement point answers with. -32700 to -32600 are JSON-RPC 2.0's own (section 5.1); -32001 is
 * the denial of AuthZEN's COAZ binding for MCP ("Error Handling"), from the range that JSON-RPC leaves to servers.
 */
export const CODES = {
  parse: -32700,
  invalidRequest: -32600,
  invalidParams: -32602,
  internal: -32603,
  denied: -32001,
  headerMismatch: -32020,
} as const;

/** What came is not JSON. */
export function notJson(why: string): ResponseError {
  return { code: CODES.parse, message: `not a JSON text: ${why}` };
}

/** It is JSON, and not one JSON-RPC message that can be read in one way only. */
export function invalidRequest(why: string): ResponseError {
  return { code: CODES.invalidRequest, message: `not a valid message: ${why}` };
}

/** No question can be made of the request, so nobody was asked. */
export function mappingError(why: string): ResponseError {
  return { code: CODES.invalidParams, message: `mapping error: ${why}` };
}

/** No question is defined for the method, so it never passes. */
export function unknownMethod(method: string): ResponseError {
  return {
    code: CODES.denied,
    message: `denied: the method "${shorten(method)}" is none that can be decided here`,
    data: { reason: 'unknown_method' },
  };
}

/** The decision point said no: its coarse reason, and the id under which the decision is recorded. */
export function denied({ reason, id }: Pick<Evaluation, 'reason' | 'id'>): ResponseError {
  return { code: CODES.denied, message: `denied: ${reason}`, data: { reason, decision: id } };
}

/** The token's client is no agent that the decision point knows: nobody acts, so nobody may. */
export function unknownAgent(client: string): ResponseError {
  return {
    code: CODES.denied,
    message: `denied: the client "${shorten(client)}" of the access token is no agent that is known here`,
    data: { reason: 'actor_missing', client: shorten(client) },
  };
}

/** The server's answer asks for something that cannot be decided here, so it does not pass. */
export function undecidableAnswer(what: string): ResponseError {
  return {
    code: CODES.denied,
    message: `denied: the server answered with ${what}, which cannot be decided here`,
    data: { reason: 'undecidable_answer' },
  };
}

/** A header contradicts the message (MCP 2026-07-28, "Streamable HTTP"). */
export function headerMismatch(why: string): ResponseError {
  return { code: CODES.headerMismatch, message: `header mismatch: ${why}` };
}

/**
 * There is no decision: the decision point is out of reach, or could not decide. Why is for the log of the
 * enforcement point, not for whoever sent the message.
 */
export function undecided(): ResponseError {
  return { code: CODES.internal, message: 'no decision could be had, so the message did not pass' };
}

export function errorResponse(id: RequestId | null, error: ResponseError): Response {
  return { jsonrpc: '2.0', id, error };
}
