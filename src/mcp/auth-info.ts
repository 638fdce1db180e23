import type { Attributes, ClaimedPrincipal } from '../client/types.ts';
import { nameToId } from '../core/cerbos-name.ts';
import { type EntityId, parseEntity, toEntity } from '../core/entity.ts';
import type { Sender } from './sender.ts';
import { claimedChain, isBoundToKey } from './token-claims.ts';

/** What the official SDKs hand to a server of the access token that they verified (`AuthInfo`). */
export interface AuthInfo {
  /** The client that the token was issued to. */
  readonly clientId: string;
  /** Whatever the server's token verifier put there: the claims. */
  readonly extra?: Attributes | undefined;
}

export interface AuthInfoOptions {
  /** The claim in `extra` that names the person; absent: `sub`. */
  readonly subject?: string;
  /**
   * The agent that each client is, by its id: `{ 'helper-app': 'agent:helper' }`. Absent: the decision point knows, from
   * the settings of the caller whose key it is asked with.
   */
  readonly agents?: { readonly [clientId: string]: string };
}

/**
 * The sender that a verified token names: its client acts for its person. What an id may not hold is percent-encoded, so
 * that two subjects never become one person. Throws where the token names nobody, or a client that is no agent here: a
 * token without a person never asks for the agent alone, nor one without an agent for the person alone.
 */
export function senderOfAuthInfo(authInfo: AuthInfo | undefined, options: AuthInfoOptions = {}): Sender {
  const { subject = 'sub', agents } = options;
  if (authInfo === undefined) throw new Error('the message came without a verified access token (authInfo)');
  const { clientId, extra } = authInfo;
  if (typeof clientId !== 'string' || clientId === '') throw new Error('the access token names no client (clientId)');
  const name = extra !== undefined && Object.hasOwn(extra, subject) ? extra[subject] : undefined;
  if (typeof name !== 'string') {
    throw new Error(`the access token names no person: the token verifier put no text at extra.${subject}`);
  }
  const person = toEntity('user', nameToId(name));
  if (!person.ok) throw new Error(`the claim ${subject} cannot name a user: ${person.error}`);
  if (extra !== undefined && isBoundToKey(extra))
    throw new Error('the access token is bound to a key (cnf), which is not verified here');
  const claimed = claimedChain(extra ?? {}, person.value);
  if (!claimed.ok) throw new Error(`the access token is not acceptable: ${claimed.error}`);
  const chain = claimed.value?.map((one) => known(one, agents));
  const asks = chain === undefined ? undefined : { chain };
  const token = { ...extra, client_id: clientId };
  if (agents === undefined) return { asks: { actor: person.value, agent: clientId, ...asks }, token };
  return { asks: { actor: agentOf(clientId, agents), on_behalf_of: person.value, ...asks }, token };
}

/** A claimed name as the agent that it is here, as far as that is known. */
function known(claimed: ClaimedPrincipal, agents: AuthInfoOptions['agents']): ClaimedPrincipal {
  if (typeof claimed === 'string' || agents === undefined || !Object.hasOwn(agents, claimed.name)) return claimed;
  return agents[claimed.name] ?? claimed;
}

function agentOf(clientId: string, agents: { readonly [clientId: string]: string }): EntityId {
  const agent = Object.hasOwn(agents, clientId) ? agents[clientId] : undefined;
  if (agent === undefined) throw new Error('the client of the access token is none of the agents that are known here');
  const parsed = parseEntity(agent);
  if (!parsed.ok) throw new Error(`the agent of the client cannot be asked about: ${parsed.error}`);
  return parsed.value;
}
