import { describe, expect, it } from 'vitest';
import { isPolicyFile } from '../../../src/core/policy/policy-file.ts';

describe('isPolicyFile', () => {
  it.each(['doc.yaml', 'a/b/doc.yml', 'doc.json', './doc.yaml', 'tests.yaml', 'a/testdata.yaml', 'a/behalf.yaml'])(
    '%s is one',
    (path) => {
      expect(isPolicyFile(path)).toBe(true);
    },
  );

  it.each([
    'doc.txt',
    'yaml',
    'doc_test.yaml',
    'a/doc_test.json',
    'testdata/doc.yaml',
    'a/testdata/b/doc.yaml',
    '_schemas/doc.json',
    '.hidden.yaml',
    'a/.git/doc.yaml',
    'behalf.yaml',
    'delegations/bot.yaml',
    '',
  ])('%s is none', (path) => {
    expect(isPolicyFile(path)).toBe(false);
  });
});
