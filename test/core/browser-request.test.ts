import { expect, test } from 'vitest';
import { browserFault, type RequestOrigin } from '../../src/core/browser-request.ts';

const HOST = '127.0.0.1:7420';
const NOBODY: ReadonlySet<string> = new Set();
const request = (given: Partial<RequestOrigin>): RequestOrigin => ({
  method: 'POST',
  host: HOST,
  origin: undefined,
  fetchSite: undefined,
  ...given,
});

test.each<[string, Partial<RequestOrigin>]>([
  ['a program', {}],
  ['a program that reads', { method: 'GET' }],
  ['localhost', { host: 'localhost:7420' }],
  ['IPv6', { host: '[::1]:7420' }],
  ['its own page', { origin: `http://${HOST}`, fetchSite: 'same-origin' }],
  ['another page of this machine', { origin: 'http://localhost:3000', fetchSite: 'cross-site' }],
  ['the address bar', { method: 'GET', fetchSite: 'none' }],
])('open: %s is answered', (_what, given) => {
  expect(browserFault(request(given), { open: true, publicHosts: NOBODY })).toBeUndefined();
});

test.each<[string, Partial<RequestOrigin>]>([
  ['a name that resolves here', { host: 'evil.example' }],
  ['the same with a port', { host: 'evil.example:7420', method: 'GET' }],
  ['a name that begins like loopback', { host: '127.0.0.1.evil.example' }],
  ['localhost of somebody', { host: 'localhost.evil.example' }],
  ['no Host', { host: undefined }],
  ['a page', { origin: 'http://evil.example' }],
  ['a page that reads', { method: 'GET', origin: 'http://evil.example' }],
  ['a sandboxed page', { origin: 'null' }],
  ['an origin that is none', { origin: `http://${HOST}/path` }],
  ['a page that says no origin', { fetchSite: 'cross-site' }],
  ['the same, reading', { method: 'GET', fetchSite: 'cross-site' }],
])('open: %s is not', (_what, given) => {
  expect(browserFault(request(given), { open: true, publicHosts: NOBODY })).toBeDefined();
});

test('with credentials reading is free, and what changes something is for its own pages', () => {
  const rules = { open: false, publicHosts: new Set(['console.example.com']) };
  const fault = (given: Partial<RequestOrigin>) => browserFault(request({ host: 'api.example.com', ...given }), rules);
  expect(fault({ method: 'GET', origin: 'https://evil.example', fetchSite: 'cross-site' })).toBeUndefined();
  expect(fault({})).toBeUndefined();
  expect(fault({ origin: 'https://api.example.com' })).toBeUndefined();
  expect(fault({ origin: 'https://console.example.com', fetchSite: 'same-site' })).toBeUndefined();
  expect(fault({ origin: 'https://evil.example.com', fetchSite: 'same-site' })).toContain('public_hosts');
  expect(fault({ origin: 'http://localhost:3000' })).toContain('public_hosts');
  for (const fetchSite of ['cross-site', 'same-site', 'CROSS-SITE', 'none, cross-site', ''])
    expect(fault({ fetchSite })).toContain('another site');
  for (const method of ['PUT', 'PATCH', 'DELETE']) expect(fault({ method, origin: 'null' })).toBeDefined();
});
