import type { Attributes, Question } from '../client/types.ts';

/**
 * Who sends a message, and on whose behalf: established by the transport (a verified token, a key, the configuration),
 * never by the message.
 */
export interface Sender {
  /** What every question about the sender's messages begins with. */
  readonly asks: Pick<Question, 'actor' | 'on_behalf_of' | 'agent' | 'chain' | 'delegation'>;
  /**
   * `token` in the expressions of declared mappings: the claims of the verified token; where there is none, `sub` is
   * the origin's id and `client_id` the actor's.
   */
  readonly token: Attributes;
  /** The `traceparent` (W3C Trace Context) of the request that brought the message: for records, nothing rests on it. */
  readonly trace?: string;
}
