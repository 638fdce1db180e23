/**
 * W3C Trace Context, section 3.2.2: version, trace id, parent id and flags, in lower case; no version ff, no id of
 * zeros. A later version may have more after a further hyphen, of which nothing is known here (section 3.2.4).
 */
const TRACEPARENT = /^((?!ff)[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
const KNOWN_CHARACTERS = 55;

/** A `traceparent` as far as it is understood; one that is malformed counts as none (section 3.2.2). */
export function parseTraceparent(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [, version, more] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || (version === '00' && more !== undefined)) return undefined;
  return value.slice(0, KNOWN_CHARACTERS);
}
