/**
 * A key without its case. Some decoders match the members of an object regardless of case (Go's encoding/json, by
 * Unicode's simple folding: `ſ` is s, the Kelvin sign is k), so keys with the same fold may be one key to a server.
 */
export function foldKey(key: string): string {
  return isFolded(key) ? key : key.toUpperCase().toLowerCase();
}

/** Whether a key is surely its own fold, as nearly all are. */
export function isFolded(key: string): boolean {
  return FOLDED.test(key);
}

const FOLDED = /^[a-z0-9_$./:-]*$/;

/** A key of `object` that is none of `names` and that a decoder may take for one of them. */
export function lookAlike(object: object, names: readonly string[]): string | undefined {
  return Object.keys(object).find(
    (key) => !names.includes(key) && names.some((name) => foldKey(name) === foldKey(key)),
  );
}
