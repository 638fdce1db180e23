import { err, ok, type Result } from '../../core/result.ts';
import { type RelationshipFailure, refused } from '../../engine/relationships/relationship-failure.ts';

const DEFAULT_PAGE = 50;

/** How many rows a page has, from a body or a query. */
export function pageSize(sent: number | string | undefined, most: number): Result<number, RelationshipFailure> {
  if (sent === undefined || sent === '') return ok(DEFAULT_PAGE);
  const size = Number(sent);
  if (Number.isInteger(size) && size >= 1 && size <= most) return ok(size);
  return err(
    refused('invalid_page_size', `page_size ${String(sent).slice(0, 32)} is not a whole number from 1 to ${most}`),
  );
}

/** The text inside a continuation token, undefined without one. Tokens are opaque to clients and checked here. */
export function fromToken(token = ''): Result<string | undefined, RelationshipFailure> {
  if (token === '') return ok(undefined);
  const text = Buffer.from(token, 'base64url').toString();
  return toToken(text) === token ? ok(text) : err(badToken());
}

export function toToken(text: string): string {
  return Buffer.from(text).toString('base64url');
}

export function badToken(): RelationshipFailure {
  return refused('invalid_token', 'the continuation token is none of this store: begin without one');
}
