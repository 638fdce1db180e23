import type { Attributes } from '../../client/types.ts';

/** JSON-RPC 2.0 messages as MCP uses them (section "Messages" of its base protocol). Batches are none of them. */
export type Message = Request | Notification | Response;

export type RequestId = string | number;

export interface Request {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly method: string;
  readonly params?: Attributes;
}

export interface Notification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: Attributes;
}

export type Response =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly result: Attributes }
  | { readonly jsonrpc: '2.0'; readonly id: RequestId | null; readonly error: ResponseError };

export interface ResponseError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}
