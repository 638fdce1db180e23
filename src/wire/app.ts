import type { FastifyBaseLogger } from 'fastify';
import type { Evidence } from '../audit/checkpoints/evidence.ts';
import type { DecisionLog } from '../audit/log.ts';
import type { RecordSource } from '../audit/records/record-source.ts';
import type { Checks } from '../engine/check.ts';
import type { Ledger } from '../engine/ledger.ts';
import type { LogRate } from '../engine/log-rate.ts';
import type { DecisionMeters } from '../engine/meters.ts';

/** Keys that JWTs are verified with: a JWK, a JWK set (RFC 7517) or a key in PEM, as a file holds it. */
export interface KeySetSource {
  /** What requests call it (`keySetId`). */
  readonly id: string;
  readonly format: 'jwk' | 'pem';
  readonly text: string;
}

/** What the Cerbos door is told by the configuration. */
export interface CerbosOptions {
  readonly maxActionsPerResource?: number;
  readonly maxResourcesPerRequest?: number;
  /** Absent or empty: requests with a token are refused. */
  readonly keySets?: readonly KeySetSource[];
}

/** What the doors open onto. */
export interface App {
  readonly ledger: Ledger;
  readonly checks: Checks;
  readonly log: DecisionLog;
  /** The records of the log in their order. Absent: nobody can ask for replays of many. */
  readonly records?: RecordSource;
  /** Checkpoints of the log, and proofs. Absent: nobody can ask for any. */
  readonly evidence?: Evidence;
  /** How fast callers may ask; the same that `checks` has. Absent: as they like. */
  readonly rate?: LogRate;
  /** What `checks` counts, and who may read it at `/metrics`. Absent: nobody. */
  readonly metrics?: { readonly meters: DecisionMeters; readonly readers: 'open' | 'audit' };
  /** Requests without a key are the dev caller's. Loopback only: main.ts sees to it. */
  readonly dev: boolean;
  /** Names under which pages of the server's own are shown to browsers, lower case, with their port. */
  readonly publicHosts?: ReadonlySet<string>;
  /** The id of the one store of the OpenFGA door. */
  readonly storeId: string;
  /** What a model that is written there may do to stored relationships; absent: refuse what would orphan them. */
  readonly orphans?: 'refuse' | 'allow';
  /** Behalf's own, for whoever asks for it. */
  readonly version?: string;
  readonly cerbos?: CerbosOptions;
  /** Absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger;
}
