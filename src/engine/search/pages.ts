import { createHash } from 'node:crypto';
import type { Caller } from '../../callers/caller.ts';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { PageTokens } from './page-token.ts';
import type { Scanned, Start } from './scan.ts';

/** The pages of what is looked through: their tokens are bound to caller, question, revision, bundle and time. */
export class Pages {
  private readonly ledger: Ledger;
  private readonly tokens = new PageTokens();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** @param asked `digestOf` what is asked, without the page */
  tokenAfter(after: string, { revision, bundle, at, begun }: Scanned<unknown>, caller: Caller, asked: string): string {
    return this.tokens.seal({
      caller: caller.id,
      asked,
      revision: this.ledger.token(revision),
      bundle,
      at,
      begun,
      after,
    });
  }

  /** Where a token goes on, if it was given to this caller for this question and its state can still be had. */
  resume(token: string, caller: Caller, asked: string): Result<Start, Failure> {
    const refuse = (message: string) => err(failure('invalid', message, [{ field: 'page.token', message }]));
    const opened = this.tokens.open(token);
    if (!opened.ok) return refuse(opened.error);
    const { value } = opened;
    if (value.caller !== caller.id) return refuse('the page token was given to another caller');
    if (value.asked !== asked) {
      return refuse('something else is asked than on the page that gave the token: only the page may change');
    }
    if (this.ledger.now() - value.begun > LIMITS.searchTokenMs) {
      return refuse(`the page token is older than ${LIMITS.searchTokenMs / 60_000} minutes: begin again without it`);
    }
    const revision = this.ledger.parseToken(value.revision);
    const snapshot = revision.ok ? this.ledger.at(revision.value) : undefined;
    if (!revision.ok || snapshot?.bundle.digest !== value.bundle) {
      return refuse(`the revision ${value.revision} of the page token is gone: begin again without it`);
    }
    return ok({ revision: revision.value, at: value.at, begun: value.begun, after: value.after });
  }
}

/** The same for the same question, whatever the order of its members. */
export function digestOf(asked: unknown): string {
  const text = JSON.stringify(asked, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(text).digest('base64url');
}
