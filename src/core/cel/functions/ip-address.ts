/** An IP address as a number of 32 or 128 bits. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
  /** Of a scoped IPv6 address, `eth0` in `fe80::1%eth0`. */
  readonly zone?: string;
}

/** A network: an address, perhaps with host bits, and how many bits name the network. */
export interface IpNetwork {
  readonly address: IpAddress;
  readonly length: number;
}

const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9A-Fa-f]{1,4}$/;

/**
 * RFC 4291, section 2.2, and dotted IPv4, without leading zeros, which some readers take for octal. Undefined where
 * it is no address.
 */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const percent = text.indexOf('%');
  const address = percent < 0 ? text : text.slice(0, percent);
  const bits = parseIpv6(address);
  if (bits === undefined) return undefined;
  if (percent < 0) return { family: 6, bits };
  const zone = text.slice(percent + 1);
  return zone === '' ? undefined : { family: 6, bits, zone };
}

function parseIpv4(text: string): IpAddress | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet) && Number(octet) < 256)) return undefined;
  return { family: 4, bits: octets.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n) };
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return groups.reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** The 16-bit groups of one side of `::`; the last may be written as IPv4. */
function groupsOf(text: string, mayEndInIpv4: boolean): readonly bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(ipv4.bits >> 16n, ipv4.bits & 0xffffn);
    else if (GROUP.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

/** `address/length`; undefined where it is no network. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const slash = text.lastIndexOf('/');
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === undefined || address.zone !== undefined || !OCTET.test(digits)) return undefined;
  const length = Number(digits);
  return length <= widthOf(address) ? { address, length } : undefined;
}

function widthOf(address: IpAddress): 32 | 128 {
  return address.family === 4 ? 32 : 128;
}

/** The address with its host bits cleared. */
export function maskedAddress({ address, length }: IpNetwork): IpAddress {
  const host = BigInt(widthOf(address) - length);
  return { family: address.family, bits: (address.bits >> host) << host };
}

/** Whether the network holds the address; never one of the other family, nor a scoped one. */
export function holdsAddress(network: IpNetwork, address: IpAddress): boolean {
  if (network.address.family !== address.family || address.zone !== undefined) return false;
  const host = BigInt(widthOf(address) - network.length);
  return network.address.bits >> host === address.bits >> host;
}

const MAPPED = 0xffffn;

/** `::ffff:1.2.3.4` as the IPv4 address that it stands for; any other address as it is. */
export function unmapped(address: IpAddress): IpAddress {
  if (!isMapped(address)) return address;
  return { family: 4, bits: address.bits & 0xffffffffn };
}

export function isMapped(address: IpAddress): boolean {
  return address.family === 6 && address.bits >> 32n === MAPPED;
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
export function formatIp({ family, bits, zone }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const run = longestZeros(groups);
  const text =
    run === undefined
      ? groups.join(':')
      : `${groups.slice(0, run.start).join(':')}::${groups.slice(run.start + run.length).join(':')}`;
  return zone === undefined ? text : `${text}%${zone}`;
}

function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } | undefined {
  let best: { readonly start: number; readonly length: number } | undefined;
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === '0') length += 1;
    if (length > Math.max(best?.length ?? 0, 1)) best = { start, length };
  }
  return best;
}
