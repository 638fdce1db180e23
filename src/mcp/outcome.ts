import type { Message } from './messages/message.ts';

/** What becomes of a message that one side sent. */
export type Outcome =
  /** It goes on to the other side, byte for byte as it came. */
  | { readonly kind: 'forward' }
  /** This goes on instead of it: a list with what may not be used left out. */
  | { readonly kind: 'replace'; readonly message: Message }
  /** It does not go on; its sender is sent this: a JSON-RPC error. */
  | { readonly kind: 'answer'; readonly message: Message }
  /** It goes nowhere: the answer to a question that the enforcement point itself asked. */
  | { readonly kind: 'drop' };
