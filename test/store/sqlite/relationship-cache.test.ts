import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readCache, writeCache } from '../../../src/store/sqlite/relationship-cache.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-cache-'));
afterAll(() => rmSync(root, { recursive: true }));

const EPOCH = 'bdb7f9fa-1ca6-486c-b582-7e8ab54d8e1c';
const KEY = Buffer.alloc(32, 7);
const PARTS = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(), Uint8Array.of(5, 6, 7, 8)];

test('a cache comes back as it was written', () => {
  const file = join(root, 'whole');
  writeCache(file, KEY, { epoch: EPOCH, revision: 2 ** 40 + 1 }, PARTS);
  const cache = readCache(file, KEY);
  expect(cache).toMatchObject({ epoch: EPOCH, revision: 2 ** 40 + 1 });
  expect([...(cache?.bytes ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(existsSync(`${file}.new`)).toBe(false);
});

test('with any byte changed, or cut short, it is none', () => {
  const file = join(root, 'damaged');
  writeCache(file, KEY, { epoch: EPOCH, revision: 7 }, PARTS);
  const bytes = readFileSync(file);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8((damaged.readUInt8(at) + 1) % 256, at);
    writeFileSync(file, damaged);
    expect(readCache(file, KEY)).toBeUndefined();
    writeFileSync(file, bytes.subarray(0, at));
    expect(readCache(file, KEY)).toBeUndefined();
  }
  expect(readCache(join(root, 'nothing'), KEY)).toBeUndefined();
});

test('one that was written with another key is none, and only its owner reads it', () => {
  const file = join(root, 'foreign');
  writeCache(file, Buffer.alloc(32, 8), { epoch: EPOCH, revision: 1 }, PARTS);
  expect(readCache(file, KEY)).toBeUndefined();
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('one that cannot be written leaves the one before, and nothing half done', () => {
  const file = join(root, 'kept');
  writeCache(file, KEY, { epoch: EPOCH, revision: 1 }, PARTS);
  mkdirSync(`${file}.new`);
  expect(() => writeCache(file, KEY, { epoch: EPOCH, revision: 2 }, PARTS)).toThrow();
  expect(readCache(file, KEY)?.revision).toBe(1);
});
