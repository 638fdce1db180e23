import type { DecisionLog } from '../audit/log.ts';
import type { Ledger } from './ledger.ts';

/** Whether decisions can be taken and recorded now. */
export interface Readiness {
  readonly ready: boolean;
  readonly store: { readonly ok: boolean; readonly revision: string };
  readonly log: { readonly ok: boolean };
  /** The digest of the bundle in force. */
  readonly bundle: string;
}

export function readiness(ledger: Ledger, log: DecisionLog): Readiness {
  const store = { ok: reads(ledger), revision: ledger.token() };
  return { ready: store.ok && log.healthy, store, log: { ok: log.healthy }, bundle: ledger.bundle.digest };
}

/** A real read: that its own latest revision is there. */
function reads({ store }: Ledger): boolean {
  try {
    return store.contains(store.epoch, store.revision);
  } catch {
    return false;
  }
}
