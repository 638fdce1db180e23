import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ChangeMirror, openChangeMirror } from '../../../src/audit/changes/change-mirror.ts';
import { verifyChanges } from '../../../src/audit/changes/verify-changes.ts';
import { LogError } from '../../../src/audit/log.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { setting } from '../../contract/store.ts';
import { runAndKill } from '../../support/kill.ts';
import { mountTmpfs } from '../../support/tmpfs.ts';

let directory: string;
let log: string;
let store: Store;
let mirror: ChangeMirror | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'behalf-mirror-'));
  log = join(directory, 'log');
  mkdirSync(log);
  store = openSqliteStore(join(directory, 'store.db'));
});
afterEach(async () => {
  await mirror?.close();
  mirror = undefined;
  store.close();
  rmSync(directory, { recursive: true });
});

function open(options?: { readonly fileBytes: number }): ChangeMirror {
  mirror = openChangeMirror(log, store, options);
  return mirror;
}

async function reopened(options?: { readonly fileBytes: number }): Promise<ChangeMirror> {
  await mirror?.close();
  mirror = undefined;
  return open(options);
}

function commit(count: number, value: unknown = 'x'.repeat(100)): void {
  for (let n = 0; n < count; n++) store.commit(setting(`k${n}`, value));
}

const files = (): readonly string[] => readdirSync(log).sort();
const text = (): string =>
  files()
    .map((name) => readFileSync(join(log, name), 'utf8'))
    .join('');
const storeText = (): string =>
  store
    .lines(0, 1e9)
    .map((line) => `${[...line.text].join('')}\n`)
    .join('');

test('has the very lines of the store, once it was waited for', async () => {
  commit(3);
  open();
  await mirror?.upTo(3);
  expect(text()).toBe(storeText());
  expect(mirror?.head).toEqual({ epoch: store.epoch, revision: 3, sha256: store.head.sha256 });
  commit(2, { Grüße: ['𝄞', '\n', null] });
  mirror?.wake();
  await mirror?.upTo(5);
  expect(text()).toBe(storeText());
  expect(files()).toEqual(['changes-0000000000000001.jsonl']);
  expect(verifyChanges(log)).toMatchObject({ changes: 5, faults: [], notes: [], head: { revision: 5 } });
});

test('nothing is there for an empty store, and nothing is promised that does not come', async () => {
  open();
  await mirror?.upTo(0);
  expect(mirror?.head).toBeUndefined();
  await expect(mirror?.upTo(1)).rejects.toThrow('the change log ends at 0, before 1');
  await mirror?.close();
  await expect(mirror?.upTo(1)).rejects.toThrow(LogError);
  expect(files()).toEqual([]);
});

test('closing writes what there is; a start catches up with what came since', async () => {
  open();
  commit(4);
  await mirror?.close();
  expect(text()).toBe(storeText());
  commit(3);
  await (await reopened()).upTo(7);
  expect(text()).toBe(storeText());
});

test('goes on in another file once one is full, and finds its place again', async () => {
  open({ fileBytes: 2000 });
  for (let round = 0; round < 5; round++) {
    commit(4);
    await (await reopened({ fileBytes: 2000 })).upTo(store.revision);
  }
  expect(files().length).toBeGreaterThan(2);
  expect(text()).toBe(storeText());
  const visited: number[] = [];
  expect(verifyChanges(log, ({ revision }) => void visited.push(revision))).toMatchObject({ changes: 20, faults: [] });
  expect(visited).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
});

test('lines of any length and character come whole, and hold nobody up for long', async () => {
  // Characters of two code units at every offset, so that some stand where a line is written in parts.
  const long = `${'𝄞'.repeat(700_000)}x${'𝄞'.repeat(700_000)}`;
  commit(1);
  store.commit(setting('long', long));
  commit(2);
  store.commit(setting('exact', 'y'.repeat(1024 * 1024)));
  await open().upTo(store.revision);
  expect(text() === storeText()).toBe(true);
  expect(verifyChanges(log).faults).toEqual([]);
  expect((await reopened()).head?.revision).toBe(5);
});

describe('after a crash', () => {
  test('every length of the last file is gone on from', async () => {
    commit(3, 'x');
    await open().upTo(3);
    await mirror?.close();
    const [name = ''] = files();
    const whole = readFileSync(join(log, name));
    for (let length = 0; length <= whole.length; length += 7) {
      truncateSync(join(log, name), length);
      const again = await reopened();
      expect(again.damagedFrom).toBeUndefined();
      await again.upTo(3);
      await again.close();
      expect(readFileSync(join(log, name)).equals(whole)).toBe(true);
    }
  });

  test('a file that was only just begun', async () => {
    open({ fileBytes: 100 });
    commit(1);
    await mirror?.upTo(1);
    await mirror?.close();
    writeFileSync(join(log, 'changes-0000000000000002.jsonl'), '{"act":');
    commit(1);
    await (await reopened({ fileBytes: 100 })).upTo(2);
    expect(text()).toBe(storeText());
  });

  test('blocks that were never written at the very end are written again, and it is told', async () => {
    commit(5);
    await open().upTo(5);
    await mirror?.close();
    const path = join(log, files()[0] ?? '');
    const bytes = readFileSync(path);
    bytes.fill(0, bytes.length - 700, bytes.length - 600);
    writeFileSync(path, bytes);
    const again = await reopened();
    expect(again.damagedFrom).toBeGreaterThan(1);
    await again.upTo(5);
    expect(text()).toBe(storeText());
  });

  test('what never belonged to the file is cut off', async () => {
    commit(5);
    await open().upTo(5);
    await mirror?.close();
    appendFileSync(join(log, files()[0] ?? ''), `${'\0'.repeat(5000)}\n${'\0'.repeat(50)}`);
    expect((await reopened()).damagedFrom).toBe(6);
    commit(1);
    await mirror?.upTo(6);
    expect(text()).toBe(storeText());
  });

  test('killed at any moment, it has what it promised, and goes on', async () => {
    const place = join(directory, 'killed');
    mkdirSync(place);
    for (let kill = 0; kill < 4; kill++) {
      const lines = await runAndKill('mirror-writer.ts', place, { from: 'output', afterMs: 5 + 37 * kill });
      const promised = Number(lines.at(-1));
      const found = verifyChanges(place);
      expect(found.faults).toEqual([]);
      expect(found.head?.revision).toBeGreaterThanOrEqual(promised);
    }
    const killed = openSqliteStore(join(place, 'store.db'));
    const after = openChangeMirror(place, killed, { fileBytes: 20_000 });
    await after.upTo(killed.revision);
    await after.close();
    const lines = killed.lines(0, 1e9).map((line) => `${[...line.text].join('')}\n`);
    const written = readdirSync(place).filter((name) => name.startsWith('changes-'));
    expect(
      written
        .sort()
        .map((name) => readFileSync(join(place, name), 'utf8'))
        .join(''),
    ).toBe(lines.join(''));
    killed.close();
  });
});

describe('a store that the changes are not of', () => {
  async function backedUp(): Promise<void> {
    commit(3);
    await open().upTo(3);
    await mirror?.close();
    store.close();
    copyFileSync(join(directory, 'store.db'), join(directory, 'backup.db'));
    store = openSqliteStore(join(directory, 'store.db'));
    commit(2);
    await (await reopened()).upTo(5);
    await mirror?.close();
    store.close();
    copyFileSync(join(directory, 'backup.db'), join(directory, 'store.db'));
    store = openSqliteStore(join(directory, 'store.db'));
  }

  test('a backup is found out, nothing is touched, and what to do is said', async () => {
    await backedUp();
    const before = text();
    expect(() => open()).toThrow(
      'from revision 4 on, are not those of the store, which ends at revision 3: the store was restored',
    );
    expect(() => open()).toThrow('--log');
    expect(text()).toBe(before);
  });

  test('also after it got as far as the changes', async () => {
    await backedUp();
    commit(4);
    const before = text();
    expect(() => open()).toThrow('from revision 4 on, are not those of the store, which ends at revision 7');
    expect(text()).toBe(before);
  });

  test('an empty one is found out as well', async () => {
    await backedUp();
    store.close();
    store = openSqliteStore(join(directory, 'new.db'));
    expect(() => open()).toThrow(LogError);
  });
});

test('files that are missing or spoilt are no place to go on from', async () => {
  open({ fileBytes: 1000 });
  for (let n = 0; n < 6; n++) {
    commit(2);
    await mirror?.upTo(store.revision);
  }
  await mirror?.close();
  const names = files();
  const last = join(log, names.at(-1) ?? '');
  writeFileSync(last, '');
  const before = join(log, names.at(-2) ?? '');
  const kept = readFileSync(before);
  writeFileSync(before, kept.subarray(0, -3));
  expect(() => open()).toThrow('is damaged');
  rmSync(before);
  expect(() => open()).toThrow('is damaged');
  writeFileSync(before, kept);
  await open({ fileBytes: 1000 }).upTo(store.revision);
  expect(text()).toBe(storeText());
});

test('a full disk holds nothing up but the mirror, which gets on once there is room', async ({ skip }) => {
  using disk = mountTmpfs('1m');
  if (disk === undefined) return skip('mounting is not permitted here');
  commit(20, 'x'.repeat(100_000));
  const full = openChangeMirror(disk.path, store);
  await expect(full.upTo(20)).rejects.toThrow('mirror of the change log: ENOSPC');
  expect(full.fault).toContain('ENOSPC');
  disk.remount('size=8m');
  await expect.poll(() => full.head?.revision, { timeout: 10_000 }).toBe(20);
  expect(full.fault).toBeUndefined();
  await full.close();
  expect(verifyChanges(disk.path)).toMatchObject({ changes: 20, faults: [], notes: [] });
});

describe('verifying', () => {
  beforeEach(async () => {
    open({ fileBytes: 1500 });
    for (let n = 0; n < 6; n++) {
      commit(2, `value ${n}`);
      await mirror?.upTo(store.revision);
    }
    await mirror?.close();
    mirror = undefined;
  });

  test('a changed byte anywhere is found', () => {
    for (const name of files()) {
      const path = join(log, name);
      const bytes = readFileSync(path);
      for (let at = 0; at < bytes.length; at += 11) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at);
        writeFileSync(path, changed);
        const { faults, notes } = verifyChanges(log);
        // The line feed at the very end may still be written.
        if (name === files().at(-1) && at === bytes.length - 1) expect(notes).toHaveLength(1);
        else expect(faults.length).toBeGreaterThan(0);
      }
      writeFileSync(path, bytes);
    }
  });

  test('lines and files that were removed, added, repeated or put in another order are found', () => {
    const [name = '', second = ''] = files();
    const path = join(log, name);
    const whole = readFileSync(path, 'utf8');
    const lines = whole.split(/(?<=\n)/);
    const [one = '', two = '', ...rest] = lines;
    const found = (...changed: string[]) => {
      writeFileSync(path, changed.join(''));
      const { faults } = verifyChanges(log);
      writeFileSync(path, whole);
      return faults[0];
    };
    expect(verifyChanges(log).faults).toEqual([]);
    expect(found(two, ...rest)).toMatchObject({ file: name, line: 1, message: expect.stringContaining('revision 2') });
    expect(found(one, ...rest)?.message).toMatch(/revision 3 stands where 2 follows/);
    expect(found(two, one, ...rest)).toBeDefined();
    expect(found(one, one, two, ...rest)).toMatchObject({ line: 2 });
    expect(found(...lines.slice(0, -1))?.file).toBe(second);
    expect(found(whole.slice(0, -1))?.message).toBe('the last line is not ended, though a file follows');
    expect(found(...lines, '{}\n')).toMatchObject({ message: 'this is no line of a change log' });
    expect(found('')).toMatchObject({ file: name, message: 'is empty, though a file follows' });
    rmSync(path);
    expect(verifyChanges(log).faults[0]).toMatchObject({ file: second, line: 1 });
  });

  test('what was sealed anew does not fit the next one', () => {
    const path = join(log, files()[0] ?? '');
    const [one = '', ...rest] = readFileSync(path, 'utf8').split(/(?<=\n)/);
    const other = openSqliteStore(':memory:');
    other.commit({ ...setting('k0', 'another value') });
    const forged = [...(other.lines(0, 1e6)[0]?.text ?? [])].join('');
    other.close();
    expect(forged).not.toBe(one.trimEnd());
    writeFileSync(path, [`${forged}\n`, ...rest].join(''));
    expect(verifyChanges(log).faults[0]?.message).toMatch(/revision 2 does not follow the one before it/);
  });

  test('a line that is being written is noted', () => {
    appendFileSync(join(log, files().at(-1) ?? ''), '{"act":"dele');
    expect(verifyChanges(log)).toMatchObject({
      changes: 12,
      faults: [],
      notes: [{ message: 'the last line is not ended' }],
    });
  });
});
