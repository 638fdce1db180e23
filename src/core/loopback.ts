/** Whether a host, as it stands in an address or a URL, is this machine for itself (RFC 6761, 6.3; RFC 1122, 3.2.1.3). */
export function isLoopbackHost(host: string): boolean {
  const address = host.toLowerCase().replace(/^\[|\]$/g, '');
  return address === 'localhost' || address === '::1' || /^127(\.(0|[1-9]\d{0,2})){3}$/.test(address);
}
