import { expect, test } from 'vitest';
import { parseCapability } from '../../src/cli/grant.ts';

test.each([
  ['read on document:*', { actions: ['read'], resources: ['document:*'] }],
  ['read,comment on document:*, folder:x', { actions: ['read', 'comment'], resources: ['document:*', 'folder:x'] }],
  ['  call  on  tool:erp/pay ', { actions: ['call'], resources: ['tool:erp/pay'] }],
  [
    'call on tool:erp/pay when R.attr.on == "on" && now() > x when',
    { actions: ['call'], resources: ['tool:erp/pay'], condition: 'R.attr.on == "on" && now() > x when' },
  ],
])('--allow "%s"', (text, capability) => {
  expect(parseCapability(text)).toEqual(capability);
});

test.each(['', 'read', 'read document:*', 'on document:*', 'read on ', 'read on\n'])('refuses "%s"', (text) => {
  expect(() => parseCapability(text)).toThrow(/is not "ACTION,… on RESOURCE,…"/);
});
