import { isLoopbackAuthority, isLoopbackHost } from './loopback.ts';

/** What a request says of where it comes from; absent: it says nothing, as programs do. */
export interface RequestOrigin {
  readonly method: string;
  readonly host: string | undefined;
  /** RFC 6454, section 7. */
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site` (W3C Fetch Metadata Request Headers, section 2.3). */
  readonly fetchSite: string | undefined;
}

export interface BrowserRules {
  /** Whoever reaches the server may do something without a credential, so a page in a browser on this machine may too. */
  readonly open: boolean;
  /** Names, with their port where it is not the scheme's, under which pages of the server's own are shown. */
  readonly publicHosts: ReadonlySet<string>;
}

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Why a request may not have an answer because a browser sends it for somebody else's page; undefined where it may.
 *
 * A name that resolves to this machine makes any page same-origin with it (DNS rebinding), so an open server answers to
 * names of loopback only. A page may send a POST without a body anywhere, and no preflight asks before it; so whatever
 * changes something takes no request of another site.
 */
export function browserFault(request: RequestOrigin, { open, publicHosts }: BrowserRules): string | undefined {
  const { method, host = '', origin, fetchSite } = request;
  if (open && !isLoopbackAuthority(host) && !publicHosts.has(host.toLowerCase())) {
    return `the Host is "${host.slice(0, 128)}", and without credentials only loopback names are answered: send the request to 127.0.0.1 or localhost`;
  }
  if (!open && SAFE.has(method)) return undefined;
  if (origin !== undefined && !isOwnOrigin(origin, host, open, publicHosts)) {
    return `a page of ${origin.slice(0, 128)} may not ask here: its host is none of public_hosts`;
  }
  if (origin === undefined && isElsewhere(fetchSite)) return 'a page of another site may not ask here (Sec-Fetch-Site)';
  return undefined;
}

/** Everything but a page of this very origin, and what no page sends. */
export function isElsewhere(fetchSite: string | undefined): boolean {
  return fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none';
}

function isOwnOrigin(origin: string, host: string, open: boolean, publicHosts: ReadonlySet<string>): boolean {
  // `null`, of sandboxed pages, is nobody's.
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.origin !== origin) return false;
  if (url.host === host.toLowerCase() || publicHosts.has(url.host)) return true;
  return open && isLoopbackHost(url.hostname);
}
