import type { FastifyBaseLogger } from 'fastify';
import type { DecisionLog } from '../audit/log.ts';
import type { Attributes } from '../core/entity.ts';
import type { Result } from '../core/result.ts';
import type { Checks } from '../engine/check.ts';
import type { Ledger } from '../engine/ledger.ts';

/** What the Cerbos door is told by the configuration. */
export interface CerbosOptions {
  readonly maxActionsPerResource?: number;
  readonly maxResourcesPerRequest?: number;
  /** The claims of a token that one of the configured keys signed, or why it is not accepted. */
  readonly verifyJwt?: (token: string, keySet: string | undefined) => Promise<Result<Attributes, string>>;
}

/** What the doors open onto. */
export interface App {
  readonly ledger: Ledger;
  readonly checks: Checks;
  readonly log: DecisionLog;
  /** Requests without a key are the dev caller's. Loopback only: main.ts sees to it. */
  readonly dev: boolean;
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
