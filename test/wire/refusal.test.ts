import { expect, test } from 'vitest';
import { BodyFault, refusalOfFailure, refusalOfFault, toRefusal } from '../../src/wire/refusal.ts';

test('a failure keeps its message and errors and gets its status', () => {
  const errors = [{ field: 'to', message: 'x' }];
  expect(refusalOfFailure({ code: 'exceeds_parent', message: 'wider', errors })).toMatchObject({
    status: 422,
    message: 'wider',
    errors,
  });
  expect(toRefusal('log_unavailable', 'x').status).toBe(503);
});

test('faults of a request have their statuses; everything else is a bug that tells nothing of itself', () => {
  expect(refusalOfFault(new BodyFault('not JSON'))).toMatchObject({ status: 400, message: 'not JSON' });
  expect(refusalOfFault({ code: 'FST_ERR_CTP_BODY_TOO_LARGE' })).toMatchObject({ status: 413, code: 'limit_exceeded' });
  expect(refusalOfFault({ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }).status).toBe(415);
  const bug = refusalOfFault(new Error('password=hunter2'));
  expect(bug).toMatchObject({ status: 500, code: 'internal' });
  expect(JSON.stringify(bug)).not.toContain('hunter2');
  for (const odd of [undefined, null, 'x', 7]) expect(refusalOfFault(odd).status).toBe(500);
});
