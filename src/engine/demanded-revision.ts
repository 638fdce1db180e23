import { LIMITS } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Failure, failure } from './failure.ts';
import type { Ledger } from './ledger.ts';

/** Waits, bounded, for the revision that a request demands: true once it is visible, false if it will not be. */
export async function awaitRevision(ledger: Ledger, token: string | undefined): Promise<Result<boolean, Failure>> {
  if (token === undefined) return ok(true);
  const revision = ledger.parseToken(token);
  if (!revision.ok) {
    if (revision.error === 'unknown') return ok(false);
    return err(failure('invalid', `"${token.slice(0, 64)}" is not a revision: send one that an answer carried`));
  }
  return ok(await ledger.waitFor(revision.value, LIMITS.revisionWaitMs));
}
