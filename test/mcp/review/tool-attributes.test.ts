import { expect, test } from 'vitest';
import { toToolAttributes } from '../../../src/mcp/review/tool-attributes.ts';

const WORST = {
  title: null,
  description: null,
  read_only: false,
  destructive: true,
  idempotent: false,
  open_world: true,
};

test.each<[string, object, object]>([
  ['nothing is the worst', {}, WORST],
  ['title and description', { title: 'T', description: 'D' }, { ...WORST, title: 'T', description: 'D' }],
  ['a title among the annotations', { annotations: { title: 'A' } }, { ...WORST, title: 'A' }],
  ['a title beside one among the annotations', { title: 'T', annotations: { title: 'A' } }, { ...WORST, title: 'T' }],
  [
    'one that only reads destroys nothing',
    { annotations: { readOnlyHint: true } },
    { ...WORST, read_only: true, destructive: false, idempotent: true },
  ],
  [
    'one that contradicts itself is believed the worse',
    { annotations: { readOnlyHint: true, destructiveHint: true, idempotentHint: false } },
    { ...WORST, read_only: true, destructive: true, idempotent: false },
  ],
  [
    'every hint',
    { annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false } },
    { ...WORST, read_only: false, destructive: false, idempotent: true, open_world: false },
  ],
  ['hints that are none', { annotations: { readOnlyHint: 'true', openWorldHint: 0 } }, WORST],
  ['annotations that are none', { annotations: ['x'], title: 7, description: '' }, WORST],
  [
    'a description that is too long',
    { description: 'x'.repeat(5000) },
    { ...WORST, description: `${'x'.repeat(4095)}…` },
  ],
  ['half a surrogate pair', { description: 'a\ud800' }, { ...WORST, description: 'a\ufffd' }],
])('%s', (_what, tool, expected) => {
  expect(toToolAttributes(tool as Parameters<typeof toToolAttributes>[0])).toEqual(expected);
});
