/** A number of 127.0.0.0/8 as it is usually written: anything else is the name of a host. */
const LOOPBACK = /^127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/** Whether a host, as it stands in an address or a URL, is this machine for itself (RFC 6761, 6.3; RFC 1122, 3.2.1.3). */
export function isLoopbackHost(host: string): boolean {
  const address = host.toLowerCase().replace(/^\[|\]$/g, '');
  return address === 'localhost' || address === '::1' || LOOPBACK.test(address);
}

/** The same of a `Host`, which may name a port (RFC 9110, section 7.2). */
export function isLoopbackAuthority(host: string): boolean {
  return isLoopbackHost(host.replace(/:\d*$/, ''));
}
