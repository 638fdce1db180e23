import { expect, test } from 'vitest';
import { correlationOf } from '../../src/wire/correlation.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const of = (traceparent: string | undefined) =>
  correlationOf({ id: 'r-1', headers: traceparent === undefined ? {} : { traceparent } });

test('the trace of a request goes with its id', () => {
  expect(of(`00-${TRACE}-${PARENT}-01`)).toEqual({ requestId: 'r-1', trace: `00-${TRACE}-${PARENT}-01` });
  expect(of(undefined)).toEqual({ requestId: 'r-1' });
});

test('of a later version what this one knows is kept', () => {
  expect(of(`cc-${TRACE}-${PARENT}-00-what-the-future-holds`).trace).toBe(`cc-${TRACE}-${PARENT}-00`);
});

test.each([
  `ff-${TRACE}-${PARENT}-01`,
  `00-${TRACE}-${PARENT}-01-more`,
  `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${PARENT}-01`,
  `00-${TRACE.slice(1)}-${PARENT}-01`,
  `00-${TRACE}-${PARENT}`,
  `cc-${TRACE}-${PARENT}-01.x`,
  `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
  '',
])('%j counts as none (W3C Trace Context, 3.2.2)', (header) => {
  expect(of(header)).toEqual({ requestId: 'r-1' });
});
