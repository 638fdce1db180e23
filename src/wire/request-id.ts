import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Visible ASCII, as it may stand in a header, a log line and a record without further thought. */
const ACCEPTABLE = /^[\x21-\x7e]{1,128}$/;

/** The `X-Request-ID` that was sent, or a new one where none was or it cannot be repeated safely. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && ACCEPTABLE.test(sent) ? sent : randomUUID();
}
