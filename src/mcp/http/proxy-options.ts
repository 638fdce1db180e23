import type { DecisionPoint } from '../decision-point.ts';

/** Whose authority the questions about a message are asked with. */
export type Credential =
  /** The sender's own Behalf key, handed on to the decision point: a caller that is the agent. */
  | { readonly kind: 'key'; readonly key: string }
  /** The proxy's own: it asks, and vouches for, what it has verified itself. */
  | { readonly kind: 'proxy' };

/** The caller of Behalf that a key belongs to. */
export interface KeyHolder {
  /** The caller's id. */
  readonly caller: string;
  /** Who the caller is; absent for those that only ask about others. */
  readonly principal?: string;
}

/** Access tokens that are accepted: all of one issuer, meant for this proxy (RFC 9068, RFC 8707). */
export interface TokenOptions {
  /** The issuer's public keys: a JWK set (RFC 7517), or the address of one. */
  readonly keys: { readonly keys: readonly object[] } | string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim that names the person. Default `sub`. */
  readonly subject?: string;
}

/** How the proxy finds out who sends a message. At least one of `keys`, `tokens` and `anonymous` is needed. */
export interface SenderOptions {
  /**
   * Accepts Behalf keys as bearer tokens. Answers whose a key is, undefined for one that is not in force; throws where
   * that cannot be found out. Asked for every HTTP request, so that a removed key is dead on the next one. With a running
   * Behalf: `callers.own()` of a client with the key.
   */
  readonly keys?: (key: string) => Promise<KeyHolder | undefined>;
  readonly tokens?: TokenOptions;
  /** Accepts requests without credentials as coming from this agent. On loopback only. */
  readonly anonymous?: { readonly agent: string };
  /** For whom agents act that come with a key or without credentials (`user:alice`). Absent: on their own authority. */
  readonly onBehalfOf?: string;
  /** The same from this header of each request, which whoever stands in front of the proxy sets. Not with `onBehalfOf`. */
  readonly originHeader?: string;
  /** Agents that come with a key or without credentials use only the chain that ends with this delegation. */
  readonly delegation?: string;
}

export interface HttpProxyOptions {
  /** The MCP endpoint of the server behind the proxy, `https://mcp.example.com/mcp`. */
  readonly upstream: string;
  /** What the server is called in policies: `github` in `tool:github/create_issue`. */
  readonly server: string;
  /** Where to listen. Default 127.0.0.1; anything beyond loopback belongs behind TLS. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** The path of the proxy's own MCP endpoint. Default `/mcp`. */
  readonly path?: string;
  readonly senders: SenderOptions;
  /** Called once for each credential, and again after it has long been unused. */
  readonly point: (credential: Credential) => DecisionPoint;
  /** Sent with every request to the upstream, in place of what the client sends under these names. */
  readonly upstreamHeaders?: readonly { readonly name: string; readonly value: string }[];
  /**
   * Hands the client's `Authorization` on to the upstream. MCP forbids that for tokens that were issued for somebody
   * else than the upstream ("token passthrough", Security Best Practices): default false.
   */
  readonly forwardAuthorization?: boolean;
  /** Values of `Origin` that are accepted besides those on loopback, `https://app.example.com`. */
  readonly allowedOrigins?: readonly string[];
  /** Bytes of one message from a client. Default: the decision point's own bound for a body. */
  readonly bodyBytes?: number;
  /** Also asks whether the sender may `initialize` the server. */
  readonly decideInitialize?: boolean;
  /** Hears what whoever runs the proxy should know. */
  readonly log?: (text: string) => void;
}

/** A proxy that listens. */
export interface HttpProxy {
  /** Its MCP endpoint. */
  readonly url: string;
  /** Stops listening and cuts what is open, streams included. */
  close(): Promise<void>;
}
