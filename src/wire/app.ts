import type { FastifyBaseLogger } from 'fastify';
import type { DecisionLog } from '../audit/log.ts';
import type { Checks } from '../engine/check.ts';
import type { Ledger } from '../engine/ledger.ts';

/** What the doors open onto. */
export interface App {
  readonly ledger: Ledger;
  readonly checks: Checks;
  readonly log: DecisionLog;
  /** Requests without a key are the dev caller's. Loopback only: main.ts sees to it. */
  readonly dev: boolean;
  /** The id of the one store of the OpenFGA door. */
  readonly storeId: string;
  /** Absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger;
}
