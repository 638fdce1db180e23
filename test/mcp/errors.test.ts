import { expect, it } from 'vitest';
import {
  denied,
  errorResponse,
  invalidRequest,
  mappingError,
  notJson,
  undecided,
  unknownMethod,
} from '../../src/mcp/errors.ts';

it('gives each cause the code of JSON-RPC or of the binding', () => {
  expect(notJson('x').code).toBe(-32700);
  expect(invalidRequest('x').code).toBe(-32600);
  expect(mappingError('x')).toEqual({ code: -32602, message: 'mapping error: x' });
  expect(undecided().code).toBe(-32603);
});

it('says why a request was denied, coarsely, and where that is recorded', () => {
  expect(denied({ reason: 'session_required', id: 'dec_1' })).toEqual({
    code: -32001,
    message: 'denied: session_required',
    data: { reason: 'session_required', decision: 'dec_1' },
  });
});

it('names an unknown method, shortened', () => {
  expect(unknownMethod('x'.repeat(200))).toMatchObject({ code: -32001, data: { reason: 'unknown_method' } });
  expect(unknownMethod('x'.repeat(200)).message.length).toBeLessThan(130);
});

it('answers the request that it is about', () => {
  expect(errorResponse('a', mappingError('x'))).toEqual({ jsonrpc: '2.0', id: 'a', error: mappingError('x') });
  expect(errorResponse(null, notJson('x')).id).toBeNull();
});
