/** Repairs nothing: a byte order mark stays. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text that bytes are, or undefined for bytes that are no UTF-8 (RFC 3629). Repaired to U+FFFD, two names that differ in
 * another encoding would be one.
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
