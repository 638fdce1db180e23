import { InvalidArgumentError } from 'commander';

/** How many of a list are printed at most; 0 for all. */
export function toCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count)) throw new InvalidArgumentError('a whole number, 0 for all');
  return count;
}
