import type { Environment } from '@marcbachmann/cel-js';
import { fail } from '../fault.ts';
import type { Comparable } from '../value.ts';
import { define } from './define.ts';

const ID = 'cerbos.lib.spiffeID';
const TRUST_DOMAIN = 'cerbos.lib.spiffeTrustDomain';
const MATCHER = 'cerbos.lib.spiffeMatcher';

const SCHEME = 'spiffe://';
/** SPIFFE-ID, sections 2.1 and 2.2. */
const DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

class TrustDomain implements Comparable {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  get name(): string {
    return this.#name;
  }

  equals(other: unknown): boolean {
    return other instanceof TrustDomain && other.name === this.#name;
  }

  toString(): string {
    return this.#name;
  }
}

class SpiffeId implements Comparable {
  readonly #domain: TrustDomain;
  readonly #path: string;

  constructor(domain: TrustDomain, path: string) {
    this.#domain = domain;
    this.#path = path;
  }

  get domain(): TrustDomain {
    return this.#domain;
  }

  /** Empty, or with a leading slash. */
  get path(): string {
    return this.#path;
  }

  equals(other: unknown): boolean {
    return other instanceof SpiffeId && other.toString() === this.toString();
  }

  toString(): string {
    return `${SCHEME}${this.#domain.name}${this.#path}`;
  }
}

class Matcher {
  readonly #accepts: (id: SpiffeId) => boolean;

  constructor(accepts: (id: SpiffeId) => boolean) {
    this.#accepts = accepts;
  }

  accepts(id: SpiffeId): boolean {
    return this.#accepts(id);
  }
}

/** A SPIFFE ID (SPIFFE-ID, section 2), or what is wrong with it. */
function parseId(text: string): SpiffeId {
  if (!text.startsWith(SCHEME)) return fail('a SPIFFE ID begins with spiffe://');
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const name = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  if (text.length > 2048 || !DOMAIN.test(name)) return fail('the trust domain of the SPIFFE ID is not valid');
  for (const segment of path.split('/').slice(1)) {
    if (!SEGMENT.test(segment) || segment === '.' || segment === '..')
      return fail('the path of the SPIFFE ID is not valid');
  }
  return new SpiffeId(new TrustDomain(name), path);
}

/** A trust domain by its name, or the one of a SPIFFE ID. */
function parseDomain(text: string): TrustDomain {
  if (text.includes(':/')) return parseId(text).domain;
  return DOMAIN.test(text) ? new TrustDomain(text) : fail('the trust domain is not valid');
}

const toId = (value: unknown) => (value instanceof SpiffeId ? value : parseId(String(value)));
const toDomain = (value: unknown) => (value instanceof TrustDomain ? value : parseDomain(String(value)));

function matchExact(value: unknown): Matcher {
  const id = toId(value);
  return new Matcher((other) => id.equals(other));
}

function matchOneOf(values: readonly unknown[]): Matcher {
  const ids = values.map((value) =>
    typeof value === 'string' || value instanceof SpiffeId ? toId(value) : fail('spiffeMatchOneOf() takes SPIFFE IDs'),
  );
  return new Matcher((other) => ids.some((id) => id.equals(other)));
}

function matchDomain(value: unknown): Matcher {
  const domain = toDomain(value);
  return new Matcher((other) => domain.equals(other.domain));
}

/** Cerbos's SPIFFE functions (policies/conditions, "SPIFFE"). */
export function registerSpiffe(environment: Environment): void {
  environment.registerType(ID, SpiffeId);
  environment.registerType(TRUST_DOMAIN, TrustDomain);
  environment.registerType(MATCHER, Matcher);
  environment.registerOperator(`${ID} == ${ID}`, (left: SpiffeId, right: SpiffeId) => left.equals(right));
  environment.registerOperator(`${TRUST_DOMAIN} == ${TRUST_DOMAIN}`, (left: TrustDomain, right: TrustDomain) =>
    left.equals(right),
  );
  define(environment, {
    [`spiffeID(string): ${ID}`]: toId,
    [`spiffeID(${ID}): ${ID}`]: toId,
    [`spiffeTrustDomain(string): ${TRUST_DOMAIN}`]: toDomain,
    [`spiffeTrustDomain(${ID}): ${TRUST_DOMAIN}`]: (id: SpiffeId) => id.domain,
    [`spiffeMatchAny(): ${MATCHER}`]: () => new Matcher(() => true),
    [`spiffeMatchExact(string): ${MATCHER}`]: matchExact,
    [`spiffeMatchExact(${ID}): ${MATCHER}`]: matchExact,
    [`spiffeMatchOneOf(list): ${MATCHER}`]: matchOneOf,
    [`spiffeMatchTrustDomain(string): ${MATCHER}`]: matchDomain,
    [`spiffeMatchTrustDomain(${TRUST_DOMAIN}): ${MATCHER}`]: matchDomain,
    [`${ID}.isMemberOf(${TRUST_DOMAIN}): bool`]: (id: SpiffeId, domain: TrustDomain) => domain.equals(id.domain),
    [`${ID}.path(): string`]: (id: SpiffeId) => id.path,
    [`${ID}.trustDomain(): ${TRUST_DOMAIN}`]: (id: SpiffeId) => id.domain,
    [`${TRUST_DOMAIN}.id(): string`]: (domain: TrustDomain) => `${SCHEME}${domain.name}`,
    [`${TRUST_DOMAIN}.name(): string`]: (domain: TrustDomain) => domain.name,
    [`${MATCHER}.matchesID(string): bool`]: (matcher: Matcher, id: string) => matcher.accepts(parseId(id)),
    [`${MATCHER}.matchesID(${ID}): bool`]: (matcher: Matcher, id: SpiffeId) => matcher.accepts(id),
    [`string(${ID}): string`]: (id: SpiffeId) => id.toString(),
    [`string(${TRUST_DOMAIN}): string`]: (domain: TrustDomain) => domain.name,
  });
}
