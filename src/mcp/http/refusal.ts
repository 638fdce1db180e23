import { CODES } from '../errors.ts';

/** Why a proxy answers an HTTP request itself. */
export interface HttpRefusal {
  readonly status: number;
  /** The JSON-RPC error code of the body. */
  readonly code: number;
  readonly message: string;
  readonly headers?: { readonly [name: string]: string };
}

/** The codes that the AuthZEN binding for MCP has for what is denied and what cannot be decided; else the request is wrong. */
const CODE_OF: { readonly [status: number]: number } = {
  401: CODES.denied,
  403: CODES.denied,
  404: CODES.denied,
  500: CODES.internal,
  502: CODES.internal,
  503: CODES.internal,
};

export function refusal(status: number, message: string, headers?: HttpRefusal['headers']): HttpRefusal {
  const code = CODE_OF[status] ?? CODES.invalidRequest;
  return { status, code, message, ...(headers === undefined ? undefined : { headers }) };
}
