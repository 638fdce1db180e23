import type { Identity } from './bearer.ts';
import type { DecisionPoint } from './decision-point.ts';
import { Guard, type GuardOptions } from './guard.ts';
import type { Headers } from './http-headers.ts';
import type { Upstream } from './upstream.ts';

/** Sessions that are remembered. One that is forgotten belongs to whoever uses it next, as after a restart. */
const MOST_SESSIONS = 10_000;

export interface SessionOptions extends Pick<GuardOptions, 'server' | 'decideInitialize' | 'log'> {
  readonly upstream: Upstream;
  readonly point: (identity: Identity) => DecisionPoint;
}

/** A client's session with the server, or a single request outside of any. */
export class HttpSession {
  readonly owner: string;
  /** The server has answered in it, so it exists. */
  confirmed = false;
  /** Of the latest message: what the proxy sends in the session goes with them. */
  headers: Headers = {};
  private readonly options: SessionOptions;
  private point: DecisionPoint;
  private current: Guard;

  constructor(options: SessionOptions, identity: Identity) {
    this.options = options;
    this.owner = identity.owner;
    this.point = options.point(identity);
    this.current = this.makeGuard();
  }

  get guard(): Guard {
    return this.current;
  }

  /** The next message is sent with these headers, by the owner with perhaps another credential. */
  use(identity: Identity, headers: Headers): void {
    this.headers = headers;
    const point = this.options.point(identity);
    if (point === this.point) return;
    this.point = point;
    this.current = this.makeGuard();
  }

  private makeGuard(): Guard {
    const { upstream, point: _, ...options } = this.options;
    return new Guard({
      ...options,
      point: this.point,
      listTools: (cursor) => upstream.listTools(cursor, this.headers),
    });
  }
}

/** What an answer of the server says of the session. */
export interface Answered {
  readonly status: number;
  /** The id in its `Mcp-Session-Id`. */
  readonly opened: string | undefined;
  /** It told, or was told, that the session is over. */
  readonly ended: boolean;
}

/**
 * Which session belongs to whom. A session id is no credential (MCP, Security Best Practices, "Session Hijacking"), yet
 * servers take it for one: so it serves nobody but the sender that opened the session. To everybody else it is one
 * that does not exist.
 */
export class HttpSessions {
  private readonly options: SessionOptions;
  /** By the server's id for them, the one used longest ago first. */
  private readonly sessions = new Map<string, HttpSession>();

  constructor(options: SessionOptions) {
    this.options = options;
  }

  /**
   * The session that a message belongs to; a new one where it names none. Undefined where it names that of somebody
   * else. One that nobody here has opened, because the proxy was restarted, is the first sender's who uses it.
   */
  enter(id: string | undefined, identity: Identity, headers: Headers): HttpSession | undefined {
    const known = id === undefined ? undefined : this.sessions.get(id);
    if (known !== undefined && known.owner !== identity.owner) return undefined;
    const session = known ?? new HttpSession(this.options, identity);
    session.use(identity, headers);
    if (id !== undefined) this.remember(id, session);
    return session;
  }

  /**
   * The server answered a message of the session of this id. False where it did so with the id of somebody else's
   * session: the answer is then for nobody.
   */
  settle(
    id: string | undefined,
    session: HttpSession,
    identity: Identity,
    { status, opened, ended }: Answered,
  ): boolean {
    const isGood = status >= 200 && status < 300;
    if (id !== undefined && (ended || (!isGood && !session.confirmed))) this.forget(id, session);
    for (const confirmed of new Set([isGood && !ended ? id : undefined, opened])) {
      if (confirmed === undefined) continue;
      const current = this.enter(confirmed, identity, session.headers);
      if (current === undefined) return false;
      current.confirmed = true;
    }
    return true;
  }

  forget(id: string, session: HttpSession): void {
    if (this.sessions.get(id) === session) this.sessions.delete(id);
  }

  private remember(id: string, session: HttpSession): void {
    this.sessions.delete(id);
    this.sessions.set(id, session);
    if (this.sessions.size <= MOST_SESSIONS) return;
    for (const oldest of this.sessions.keys()) {
      this.sessions.delete(oldest);
      return;
    }
  }
}
