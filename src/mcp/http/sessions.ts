import type { DecisionPoint } from '../decision-point.ts';
import { Definitions } from '../definitions.ts';
import { Guard, type GuardOptions } from '../guard.ts';
import type { Identity } from './bearer.ts';
import type { Headers } from './headers.ts';
import { putLast } from './put-last.ts';
import type { Upstream } from './upstream.ts';

/** Sessions that are remembered. One that is forgotten belongs to whoever uses it next, as after a restart. */
const MOST_SESSIONS = 10_000;
/** Senders whose tools outside of sessions are remembered. One that is forgotten has them listed again. */
const MOST_SENDERS = 1000;

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
  private readonly definitions: Definitions;
  private current: Guard;

  constructor(options: SessionOptions, identity: Identity, definitions?: Definitions) {
    this.options = options;
    this.definitions = definitions ?? new Definitions((cursor) => options.upstream.listTools(cursor, this.headers));
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
    const { server, decideInitialize, log } = this.options;
    return new Guard({
      server,
      point: this.point,
      listTools: this.definitions,
      ...(decideInitialize === undefined ? undefined : { decideInitialize }),
      ...(log === undefined ? undefined : { log }),
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
  /** By sender, what tools a server without sessions showed it: else each call would have them listed. */
  private readonly tools = new Map<string, Tools>();

  constructor(options: SessionOptions) {
    this.options = options;
  }

  /**
   * The session that a message belongs to; a new one where it names none. Undefined where it names that of somebody
   * else. One that nobody here has opened, because the proxy was restarted, is the first sender's who uses it.
   */
  enter(id: string | undefined, identity: Identity, headers: Headers): HttpSession | undefined {
    if (id === undefined) {
      // Other requests of the sender may use the same ids at the same time, so each has a guard of its own.
      const session = new HttpSession(this.options, identity, this.toolsOf(identity.owner, headers));
      session.use(identity, headers);
      return session;
    }
    const known = this.sessions.get(id);
    if (known !== undefined && known.owner !== identity.owner) return undefined;
    const session = known ?? new HttpSession(this.options, identity);
    session.use(identity, headers);
    putLast(this.sessions, id, session, MOST_SESSIONS);
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

  private toolsOf(owner: string, headers: Headers): Definitions {
    const tools: Tools = this.tools.get(owner) ?? {
      headers,
      definitions: new Definitions((cursor) => this.options.upstream.listTools(cursor, tools.headers)),
    };
    tools.headers = headers;
    putLast(this.tools, owner, tools, MOST_SENDERS);
    return tools.definitions;
  }
}

interface Tools {
  /** Of the sender's latest message. */
  headers: Headers;
  readonly definitions: Definitions;
}
