import type { Environment } from '@marcbachmann/cel-js';
import { fail } from '../fault.ts';
import type { Comparable } from '../value.ts';
import { define, defineNamespace } from './define.ts';
import {
  formatIp,
  holdsAddress,
  type IpAddress,
  type IpNetwork,
  isMapped,
  maskedAddress,
  parseIp,
  parseNetwork,
  unmapped,
} from './ip-address.ts';

const IP = 'net.IP';
const CIDR = 'net.CIDR';

/** An address as a value of CEL. */
export class Ip implements Comparable {
  readonly #address: IpAddress;

  constructor(address: IpAddress) {
    this.#address = address;
  }

  get address(): IpAddress {
    return this.#address;
  }

  equals(other: unknown): boolean {
    return other instanceof Ip && other.toString() === this.toString();
  }

  toString(): string {
    return formatIp(this.#address);
  }
}

class Cidr implements Comparable {
  readonly #network: IpNetwork;

  constructor(network: IpNetwork) {
    this.#network = network;
  }

  get network(): IpNetwork {
    return this.#network;
  }

  equals(other: unknown): boolean {
    return other instanceof Cidr && other.toString() === this.toString();
  }

  toString(): string {
    return `${formatIp(this.#network.address)}/${this.#network.length}`;
  }
}

/** cel-go refuses zones and IPv4 in IPv6 here: one address would have several names. */
function toIp(text: string): Ip | undefined {
  const address = parseIp(text);
  return address === undefined || address.zone !== undefined || isMapped(address) ? undefined : new Ip(address);
}

function toCidr(text: string): Cidr | undefined {
  const network = parseNetwork(text);
  return network === undefined || isMapped(network.address) ? undefined : new Cidr(network);
}

const ip = (text: string) => toIp(text) ?? fail(`"${text.slice(0, 64)}" is not an IP address`);
const cidr = (text: string) => toCidr(text) ?? fail(`"${text.slice(0, 64)}" is not a CIDR`);

function within(name: string): (address: IpAddress) => boolean {
  const network = parseNetwork(name);
  return (address) => network !== undefined && holdsAddress(network, address);
}

const isLoopback = either(within('127.0.0.0/8'), within('::1/128'));
const isUnspecified = either(within('0.0.0.0/32'), within('::/128'));
const isLinkLocalUnicast = either(within('169.254.0.0/16'), within('fe80::/10'));
const isMulticast = either(within('224.0.0.0/4'), within('ff00::/8'));
const isBroadcast = within('255.255.255.255/32');
const isNotGlobal = either(isLoopback, isUnspecified, isLinkLocalUnicast, isMulticast, isBroadcast);

function either(...checks: readonly ((address: IpAddress) => boolean)[]): (address: IpAddress) => boolean {
  return (address) => checks.some((check) => check(address));
}

/** ff02::/16 whatever the flags (RFC 4291, section 2.7). */
function isLinkLocalMulticast(address: IpAddress): boolean {
  if (address.family === 4) return within('224.0.0.0/24')(address);
  return within('ff00::/8')(address) && ((address.bits >> 112n) & 0xfn) === 2n;
}

/** Cerbos's own function; Go's net.IP takes IPv4 in IPv6 for the IPv4 address. */
function inIpAddressRange(address: string, network: string): boolean {
  const [parsed, range] = [parseIp(address), parseNetwork(network)];
  if (parsed === undefined || parsed.zone !== undefined) return fail(`invalid IP address: ${address.slice(0, 64)}`);
  if (range === undefined) return fail(`invalid CIDR address: ${network.slice(0, 64)}`);
  return holdsAddress(range, unmapped(parsed));
}

/** `inIPAddrRange` and cel-go's extension library "Network". */
export function registerNetwork(environment: Environment): void {
  environment.registerType(IP, Ip);
  environment.registerType(CIDR, Cidr);
  const containsIp = (range: Cidr, one: Ip) => holdsAddress(range.network, one.address);
  const containsCidr = (range: Cidr, inner: Cidr) =>
    inner.network.length >= range.network.length && holdsAddress(range.network, maskedAddress(inner.network));
  const masked = ({ network }: Cidr) => new Cidr({ address: maskedAddress(network), length: network.length });
  define(environment, {
    'string.inIPAddrRange(string): bool': inIpAddressRange,
    [`ip(string): ${IP}`]: ip,
    [`ip(${IP}): ${IP}`]: (one: Ip) => one,
    'isIP(string): bool': (text: string) => toIp(text) !== undefined,
    [`cidr(string): ${CIDR}`]: cidr,
    'isCIDR(string): bool': (text: string) => toCidr(text) !== undefined,
    [`string(${IP}): string`]: (one: Ip) => one.toString(),
    [`string(${CIDR}): string`]: (range: Cidr) => range.toString(),
    [`${IP}.family(): int`]: (one: Ip) => BigInt(one.address.family),
    [`${IP}.isUnspecified(): bool`]: (one: Ip) => isUnspecified(one.address),
    [`${IP}.isLoopback(): bool`]: (one: Ip) => isLoopback(one.address),
    [`${IP}.isGlobalUnicast(): bool`]: (one: Ip) => !isNotGlobal(one.address),
    [`${IP}.isLinkLocalUnicast(): bool`]: (one: Ip) => isLinkLocalUnicast(one.address),
    [`${IP}.isLinkLocalMulticast(): bool`]: (one: Ip) => isLinkLocalMulticast(one.address),
    [`${CIDR}.containsIP(${IP}): bool`]: containsIp,
    [`${CIDR}.containsIP(string): bool`]: (range: Cidr, one: string) => containsIp(range, ip(one)),
    [`${CIDR}.containsCIDR(${CIDR}): bool`]: containsCidr,
    [`${CIDR}.containsCIDR(string): bool`]: (range: Cidr, inner: string) => containsCidr(range, cidr(inner)),
    [`${CIDR}.ip(): ${IP}`]: (range: Cidr) => new Ip(range.network.address),
    [`${CIDR}.masked(): ${CIDR}`]: masked,
    [`${CIDR}.isMask(): bool`]: (range: Cidr) => masked(range).equals(range),
    [`${CIDR}.prefixLength(): int`]: (range: Cidr) => BigInt(range.network.length),
  });
  environment.registerOperator(`${IP} == ${IP}`, (left: Ip, right: Ip) => left.equals(right));
  environment.registerOperator(`${CIDR} == ${CIDR}`, (left: Cidr, right: Cidr) => left.equals(right));
  defineNamespace(environment, 'ip', { 'isCanonical(string): bool': (text: string) => ip(text).toString() === text });
}
