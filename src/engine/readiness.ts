import type { Evidence } from '../audit/checkpoints/evidence.ts';
import type { DecisionLog } from '../audit/log.ts';
import type { Ledger } from './ledger.ts';

/** Whether decisions can be taken and recorded now. */
export interface Readiness {
  readonly ready: boolean;
  /** `detail`: what it is judged by is not as it should be, though it is judged. */
  readonly store: { readonly ok: boolean; readonly revision: string; readonly detail?: string };
  /** Not `ok` where it says why: in part or wholly out of order. */
  readonly log: { readonly ok: boolean; readonly detail?: string };
  /** Not `ok` where it says why; decisions are answered all the same. Absent where none are made. */
  readonly checkpoints?: { readonly ok: boolean; readonly detail?: string };
  /** The digest of the bundle in force. */
  readonly bundle: string;
}

/** Clocks of machines part by less. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Open to all, so without the names of files that the detail of the log has. */
const TOLD = { reserve_in_use: 'reserve in use', failing: 'records cannot be written' } as const;

export function readiness(ledger: Ledger, log: DecisionLog, evidence?: Evidence): Readiness {
  const behind = clockFault(ledger);
  const store = {
    ok: reads(ledger),
    revision: ledger.token(),
    ...(behind === undefined ? undefined : { detail: behind }),
  };
  const { status } = log.state;
  const state = status === 'ok' ? { ok: true } : { ok: false, detail: TOLD[status] };
  return {
    ready: store.ok && state.ok,
    store,
    log: state,
    ...(evidence === undefined ? undefined : { checkpoints: checkpoints(evidence) }),
    bundle: ledger.bundle.digest,
  };
}

/** A clock that once ran ahead, or runs behind now: what is bounded in time may be over, and nothing else would say so. */
function clockFault({ aheadMs }: Ledger): string | undefined {
  if (aheadMs < CLOCK_TOLERANCE_MS) return undefined;
  return `a time was recorded ${Math.round(aheadMs / 1000)} s ahead of the clock; until the clock gets there, everything is judged by that time`;
}

function checkpoints({ state }: Evidence): NonNullable<Readiness['checkpoints']> {
  const faults = [
    ...(state.failure === undefined ? [] : ['cannot be made']),
    ...state.pushes.flatMap(({ to, failure }) => (failure === undefined ? [] : [`do not get to the ${to}`])),
  ];
  return faults.length === 0 ? { ok: true } : { ok: false, detail: faults.join('; ') };
}

/** A real read: that its own latest revision is there. */
function reads({ store }: Ledger): boolean {
  try {
    return store.contains(store.epoch, store.revision);
  } catch {
    return false;
  }
}
