import { type EntityId, idOf, parseEntity } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Sender } from '../sender.ts';
import { tokenVerifier, type VerifyToken } from './access-token.ts';
import type { Credential, SenderOptions } from './proxy-options.ts';
import { type HttpRefusal, refusal } from './refusal.ts';

/** Who sends an HTTP request, and how the decision point is asked about it. */
export interface Identity {
  readonly sender: Sender;
  readonly credential: Credential;
  /** The same for the same sender whatever it presents, and for no other: what sessions belong to. */
  readonly owner: string;
}

/** A header of the request: its only value, or undefined. */
export type Header = (name: string) => string | undefined;

/** Says who sends a request. Every failure to find that out is a refusal. */
export type Identify = (header: Header) => Promise<Result<Identity, HttpRefusal>>;

/** RFC 6750, section 2.1. */
const BEARER = /^Bearer +([^\s]+) *$/i;
/** Keys of Behalf begin so; a JWT does not, its first part being the base64url of a JSON object. */
const KEY_PREFIX = 'bhf.';

interface Settings extends SenderOptions {
  readonly verify: VerifyToken | undefined;
}

/** How requests are told whose they are, or what is wrong with the options. */
export function senderIdentification(options: SenderOptions): Result<Identify, string> {
  const { keys, tokens, anonymous, onBehalfOf, originHeader } = options;
  if (keys === undefined && tokens === undefined && anonymous === undefined) {
    return err('nobody could send anything: accept keys, access tokens or, on loopback, requests without credentials');
  }
  if (onBehalfOf !== undefined && originHeader !== undefined) {
    return err('for whom agents act comes from the configuration or from a header, not from both');
  }
  if (originHeader !== undefined && !/^[A-Za-z0-9-]+$/.test(originHeader)) {
    return err(`"${originHeader}" is not the name of a header`);
  }
  for (const entity of [anonymous?.agent, onBehalfOf]) {
    const parsed = entity === undefined ? ok('') : parseEntity(entity);
    if (!parsed.ok) return parsed;
  }
  const verifier = tokens === undefined ? ok(undefined) : tokenVerifier(tokens);
  if (!verifier.ok) return verifier;
  const settings: Settings = { ...options, verify: verifier.value };
  return ok(async (header) => {
    const authorization = header('authorization');
    if (authorization === undefined) return withoutCredentials(settings, header);
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return err(unauthenticated(settings, 'Authorization is not "Bearer" and a token'));
    return token.startsWith(KEY_PREFIX) ? withKey(settings, token, header) : withAccessToken(settings, token);
  });
}

function withoutCredentials(settings: Settings, header: Header): Result<Identity, HttpRefusal> {
  if (settings.anonymous === undefined) return err(unauthenticated(settings));
  const { agent } = settings.anonymous;
  const origin = originOf(settings, header);
  if (!origin.ok) return origin;
  const owner = JSON.stringify(['anonymous', agent, origin.value]);
  return ok({ sender: agentSender(settings, agent, origin.value), credential: { kind: 'proxy' }, owner });
}

/**
 * A key that an agent has of Behalf goes on to the decision point, which so has its own word on whom the agent may act
 * for, and how well that is proven (design, section 3).
 */
async function withKey(settings: Settings, key: string, header: Header): Promise<Result<Identity, HttpRefusal>> {
  if (settings.keys === undefined) return err(unauthenticated(settings, 'keys of Behalf are not accepted here'));
  let holder: Awaited<ReturnType<typeof settings.keys>>;
  try {
    holder = await settings.keys(key);
  } catch {
    return err(refusal(503, 'the decision point cannot be reached, so nobody can be let in'));
  }
  if (holder === undefined) return err(unauthenticated(settings, 'the key is not in force'));
  const { caller, principal } = holder;
  if (principal === undefined) {
    return err(refusal(403, `the key belongs to the caller ${caller}, which is no principal: use the key of an agent`));
  }
  const origin = originOf(settings, header);
  if (!origin.ok) return origin;
  const owner = JSON.stringify(['key', caller, principal, origin.value]);
  return ok({ sender: agentSender(settings, principal, origin.value), credential: { kind: 'key', key }, owner });
}

/** Asked by the proxy itself: it has verified that the person let this client act. */
async function withAccessToken(settings: Settings, token: string): Promise<Result<Identity, HttpRefusal>> {
  if (settings.verify === undefined) return err(unauthenticated(settings, 'access tokens are not accepted here'));
  let verified: Awaited<ReturnType<VerifyToken>>;
  try {
    verified = await settings.verify(token);
  } catch {
    return err(refusal(503, 'the keys of the issuer cannot be had, so no access token can be verified'));
  }
  if (!verified.ok) return err(unauthenticated(settings, `the access token is not valid: ${verified.error}`));
  const { person, client, claims, chain } = verified.value;
  const asks = { actor: person, agent: client, ...(chain === undefined ? undefined : { chain }) };
  const sender: Sender = { asks, token: claims };
  return ok({ sender, credential: { kind: 'proxy' }, owner: JSON.stringify(['token', person, client]) });
}

function agentSender({ delegation }: SenderOptions, agent: EntityId, origin: EntityId | undefined): Sender {
  return {
    asks: {
      actor: agent,
      ...(origin === undefined ? undefined : { on_behalf_of: origin }),
      ...(delegation === undefined ? undefined : { delegation }),
    },
    token: { sub: idOf(origin ?? agent), client_id: idOf(agent) },
  };
}

/** Where a header says it, it has to: leaving it out would turn a person's request into one of the agent's own. */
function originOf(
  { onBehalfOf, originHeader }: SenderOptions,
  header: Header,
): Result<EntityId | undefined, HttpRefusal> {
  if (originHeader === undefined) return ok(onBehalfOf);
  const value = header(originHeader.toLowerCase());
  if (value === undefined) return err(refusal(400, `send ${originHeader}: for whom the agent acts, like user:alice`));
  const origin = parseEntity(value);
  return origin.ok ? origin : err(refusal(400, `${originHeader}: ${origin.error}`));
}

/** RFC 6750, section 3: an error only where a credential was sent. */
function unauthenticated({ keys, tokens }: SenderOptions, wrong?: string): HttpRefusal {
  const accepted = [
    ...(keys === undefined ? [] : ['a key of Behalf']),
    ...(tokens === undefined ? [] : [`an access token of ${tokens.issuer} for ${tokens.audience}`]),
  ];
  const send =
    accepted.length === 0 ? 'send no Authorization' : `send Authorization: Bearer and ${accepted.join(' or ')}`;
  const challenge = wrong === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
  return refusal(401, wrong === undefined ? send : `${wrong}: ${send}`, { 'www-authenticate': challenge });
}
