import type { Attributes, ClaimedPrincipal } from '../client/types.ts';
import { LIMITS } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';

/**
 * The chain that a verified token claims by `act` (RFC 8693, section 4.1), origin first: the person, then the actors, the
 * one of the outermost claim last, for that is who acts now. Absent where the token says nothing: that contradicts nothing.
 * It is compared with the graph and proves nothing.
 *
 * @param person of whom the token is
 * @returns what is wrong where `act` names nobody
 */
export function claimedChain(
  claims: Attributes,
  person: string,
): Result<readonly ClaimedPrincipal[] | undefined, string> {
  if (!Object.hasOwn(claims, 'act')) return ok(undefined);
  const actors: ClaimedPrincipal[] = [];
  for (let act: unknown = claims.act; act !== undefined; act = (act as Attributes).act) {
    const name = actorName(act);
    if (name === undefined) return err('its claim act names no actor');
    if (actors.length === LIMITS.chainDepth) return err('its claim act nests deeper than a chain can be');
    actors.push({ name });
  }
  return ok([person, ...actors.reverse()]);
}

/** As clients are named: by `client_id`, or `azp`, else by the subject that the issuer calls it by. */
function actorName(act: unknown): string | undefined {
  if (typeof act !== 'object' || act === null || Array.isArray(act)) return undefined;
  const { client_id: clientId, azp, sub } = act as Attributes;
  const name = clientId ?? azp ?? sub;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/**
 * Whether a token is bound to a key that its sender has to prove (`cnf`: RFC 7800; DPoP, RFC 9449; mutual TLS, RFC 8705).
 * Taken as a bearer token it would be worth as much to a thief.
 */
export function isBoundToKey(claims: Attributes): boolean {
  return Object.hasOwn(claims, 'cnf');
}
