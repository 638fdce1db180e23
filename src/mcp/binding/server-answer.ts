import type { Attributes } from '../../client/types.ts';
import { lookAlike } from '../messages/fold-key.ts';
import type { Request, Response } from '../messages/message.ts';

/**
 * What the answer of a server puts to the agent or its person, besides the result: `nothing`; requests, each of which has
 * to be decided as if it had come by itself; or something that nobody can decide here.
 */
export type AskedInAnswer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'requests'; readonly requests: readonly Request[] }
  | { readonly kind: 'undecidable'; readonly what: string };

/** The error by which a server says that the person has to visit a page first (MCP 2025-11-25, "Elicitation"). */
const URL_ELICITATION_REQUIRED = -32042;
/** More than anybody reads; each is a question. */
const MOST_ELICITATIONS = 16;

/** Members by which a result asks. Some clients read them whatever their case. */
const MEMBERS = ['inputRequests', 'resultType'] as const;

const NOTHING: AskedInAnswer = { kind: 'nothing' };

/**
 * Reads an answer for what it asks. Results of several round trips (`inputRequests`) and result types other than
 * `complete` are of the revision 2026-07-28, which is not decided yet, so they are undecidable. Never throws.
 */
export function askedInAnswer(response: Response): AskedInAnswer {
  if ('error' in response) return askedInError(response.error as { readonly code: unknown; readonly data?: unknown });
  const { result } = response;
  if (lookAlike(result, MEMBERS) !== undefined) return undecidable('a member that some clients read as another one');
  if (Object.hasOwn(result, 'inputRequests')) return undecidable('a result with inputRequests');
  if (!Object.hasOwn(result, 'resultType') || result.resultType === 'complete') return NOTHING;
  return undecidable('a result of a type that is not known');
}

function askedInError({ code, data }: { readonly code: unknown; readonly data?: unknown }): AskedInAnswer {
  if (code !== URL_ELICITATION_REQUIRED) return NOTHING;
  const elicitations = isObject(data) ? data.elicitations : undefined;
  if (!Array.isArray(elicitations) || elicitations.length === 0 || !elicitations.every(isObject)) {
    return undecidable('an error that asks for elicitations without a list of them');
  }
  if (elicitations.length > MOST_ELICITATIONS) return undecidable(`more than ${MOST_ELICITATIONS} elicitations`);
  return {
    kind: 'requests',
    requests: elicitations.map((params) => ({ jsonrpc: '2.0', id: 0, method: 'elicitation/create', params })),
  };
}

/**
 * A response that nobody but this client may keep, and for no time: what is shown hangs on who asks, and a revocation
 * shows at once (MCP 2026-07-28, "Caching"). The same object where the server said nothing of caching.
 */
export function withoutSharing(response: Response): Response {
  if (!('result' in response)) return response;
  const { result } = response;
  const isPrivate = !Object.hasOwn(result, 'cacheScope') || result.cacheScope === 'private';
  if (isPrivate && (!Object.hasOwn(result, 'ttlMs') || result.ttlMs === 0)) return response;
  return { ...response, result: { ...result, cacheScope: 'private', ttlMs: 0 } };
}

function undecidable(what: string): AskedInAnswer {
  return { kind: 'undecidable', what };
}

function isObject(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
