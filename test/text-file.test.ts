import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTextFile } from '../src/text-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'behalf-text-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('a file in another encoding is refused, not repaired', () => {
  const path = join(directory, 'policy.yaml');
  writeFileSync(path, 'name: müller\n');
  expect(readTextFile(path)).toBe('name: müller\n');
  writeFileSync(path, Buffer.from('name: m\xfcller\n', 'latin1'));
  expect(() => readTextFile(path)).toThrow(/policy\.yaml is not UTF-8/);
});
