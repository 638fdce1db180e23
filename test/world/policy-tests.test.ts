import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The tests that come with the example world, as `behalf test` runs them. */
describe('the tests of the example world', () => {
  it('pass, every one of them', async () => {
    const { status, out } = await run(['test', ROOT]);
    expect(out).toMatch(/\n\d+ passed in 4 files\n$/);
    expect(status).toBe(0);
  });

  it('cover every rule of the policies and every delegation of the files', () => {
    const tests = ['tools_test.yaml', 'documents_test.yaml', 'mcp_test.yaml'].map((name) =>
      readFileSync(join(ROOT, 'policies', name), 'utf8'),
    );
    const agents = [
      'planner',
      'researcher',
      'scout',
      'writer',
      'payer',
      'closer',
      'treasurer',
      'coder',
      'tester',
      'assistant',
      'editor',
      'reader',
      'finder',
    ];
    for (const agent of agents) expect(tests.join('\n'), agent).toContain(`agent:${agent}`);
  });
});
