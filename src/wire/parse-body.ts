import { isAscii } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { type Numbers, readJson } from '../core/json/read-json.ts';
import { err, ok, type Result } from '../core/result.ts';
import { decodeUtf8 } from '../core/utf8.ts';
import { BodyFault } from './refusal.ts';

/** The encodings of a JSON body: UTF-8 (RFC 8259, section 8.1), of which ASCII is a part. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii']);
const ASCII = /^[\x21-\x7e]*$/;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/**
 * JSON in UTF-8 and nothing else, for every door (`readJson`). Anything else is refused, never repaired. An empty body is
 * no body.
 *
 * @param types media types that are JSON at the door; `*`: whatever it is called
 * @param numbers of the door: those of contracts that know doubles only are rounded as there
 */
export function parseJsonBodies(
  app: FastifyInstance,
  numbers: Numbers = 'exact',
  types: string | string[] = 'application/json',
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(types, { parseAs: 'buffer' }, (request, bytes, done) => {
    const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1];
    const parsed =
      charset === undefined || CHARSETS.has(charset.toLowerCase())
        ? parseBody(bytes as Buffer, numbers)
        : err(`the body is sent as ${charset.slice(0, 32)}: JSON is UTF-8, send it so`);
    if (parsed.ok) done(null, parsed.value);
    else done(new BodyFault(parsed.error));
  });
}

/** The value of a body, or what is wrong with it, and where, in one sentence. */
export function parseBody(bytes: Buffer, numbers: Numbers = 'exact'): Result<unknown, string> {
  if (bytes.length === 0) return ok(undefined);
  // Most bodies are ASCII, which is read in a third of the time.
  const text = isAscii(bytes) ? bytes.toString('latin1') : decodeUtf8(bytes);
  if (text === undefined) return err('the body is not UTF-8, which is the one encoding of JSON');
  const read = readJson(text, numbers);
  return read.ok ? read : err(`the body ${read.error}`);
}

/**
 * Whether an address is ASCII (RFC 3986, section 2), and its query text once it is decoded (section 2.1): a decoder would
 * repair it. Its path is refused by the router.
 */
export function isDecodable(url: string): boolean {
  if (!ASCII.test(url)) return false;
  const query = url.indexOf('?');
  if (query < 0 || !url.includes('%', query)) return true;
  try {
    decodeURIComponent(url.slice(query));
    return true;
  } catch {
    return false;
  }
}
