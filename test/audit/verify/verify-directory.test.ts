import { createHash, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signCheckpoint } from '../../../src/audit/checkpoints/checkpoint.ts';
import { CHECKPOINTS, checkpointLine, readCheckpointFile } from '../../../src/audit/checkpoints/checkpoint-file.ts';
import { openSigningKey, parsePublicKey, publicKeyPem } from '../../../src/audit/checkpoints/signing-key.ts';
import { headerLine } from '../../../src/audit/records/header.ts';
import { GENESIS, sealRecord } from '../../../src/audit/records/record.ts';
import { Frontier } from '../../../src/audit/tree/frontier.ts';
import { recordLeaf } from '../../../src/audit/tree/merkle-hash.ts';
import { type Verification, type VerifyOptions, verifyDirectory } from '../../../src/audit/verify/verify-directory.ts';
import { canonicalJson } from '../../../src/core/canonical-json.ts';
import { type AuditedLog, auditedLog, NODE } from '../../support/audited-log.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-verify-'));
afterAll(() => rmSync(root, { recursive: true }));

const RECORDS = 45;
let original: AuditedLog;
let segments: readonly string[];

beforeAll(async () => {
  original = await auditedLog(root, { records: RECORDS, checkpoints: [10, 30] });
  segments = readdirSync(original.directory).filter((name) => /^decisions-.*jsonl$/.test(name));
});

/** A copy to do something to. */
function copy(): string {
  const directory = mkdtempSync(join(root, 'copy-'));
  cpSync(original.directory, directory, { recursive: true });
  return directory;
}

const id = (sequence: number): string => `d_${sequence.toString(32).padStart(10, '0')}_${NODE}`;
const read = (directory: string, name: string): string => readFileSync(join(directory, name), 'utf8');
const write = (directory: string, name: string, text: string): void => writeFileSync(join(directory, name), text);
const segment = (index: number): string => segments.at(index) ?? '';

function change(directory: string, name: string, change: (lines: string[]) => readonly string[]): void {
  write(directory, name, change(read(directory, name).split('\n')).join('\n'));
}

function messages({ faults }: Verification): readonly string[] {
  return faults.map(({ file, line, message }) => `${file}${line === undefined ? '' : `:${line}`} ${message}`);
}

function verify(directory: string, options?: VerifyOptions): readonly string[] {
  return messages(verifyDirectory(directory, options));
}

/** The checkpoints that somebody kept. */
function kept(directory: string = original.directory) {
  return { name: 'kept.jsonl', text: read(directory, CHECKPOINTS) };
}

test('a log as a server leaves it behind proves itself', () => {
  const progress: number[] = [];
  const found = verifyDirectory(original.directory, { progress: ({ bytes }) => progress.push(bytes) });
  expect(found).toMatchObject({
    node: NODE,
    first: 1,
    records: RECORDS,
    changes: 5,
    last: { sequence: RECORDS },
    checkpoints: { verified: 3, newest: { size: RECORDS } },
    faults: [],
    notes: [],
  });
  const size = segments.reduce((sum, name) => sum + statSync(join(original.directory, name)).size, 0);
  expect(progress.at(-1)).toBe(size);
  expect(segments.length).toBeGreaterThan(5);
});

test('any changed byte of any file is found, or the file is one that nothing rests on', () => {
  // `lock` holds nothing; an index is derived, and what it finds is read from the records.
  const files = readdirSync(original.directory).filter((name) => name !== 'lock' && !name.endsWith('.index'));
  const directory = copy();
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.nat(), fc.integer({ min: 1, max: 255 }), (name, where, how) => {
      const path = join(directory, name);
      const bytes = readFileSync(path);
      if (bytes.length === 0) return;
      const place = where % bytes.length;
      const was = bytes[place] ?? 0;
      bytes[place] = was ^ how;
      writeFileSync(path, bytes);
      const { faults } = verifyDirectory(directory);
      bytes[place] = was;
      writeFileSync(path, bytes);
      expect(faults, `${name}, byte ${place}`).not.toEqual([]);
    }),
    { seed: 5, numRuns: 400 },
  );
  expect(verify(directory)).toEqual([]);
});

describe('a record', () => {
  test('that was changed is named', () => {
    const directory = copy();
    change(directory, segment(2), (lines) => lines.with(2, lines[2]?.replace('"at":', '"at":1') ?? ''));
    const sequence = Number(segment(2).slice(10, 26)) + 1;
    expect(verify(directory)).toEqual([
      `${segment(2)}:3 record ${id(sequence)} was changed: its hash is not that of its content`,
    ]);
  });

  test('that was changed and sealed again no longer fits the next one', () => {
    const directory = copy();
    const first = Number(segment(2).slice(10, 26));
    change(directory, segment(2), (lines) => {
      const { entry, previous } = JSON.parse(lines[2] ?? '');
      const { line } = sealRecord(JSON.stringify({ ...entry, caller: 'nobody' }), NODE, {
        sequence: first,
        hash: previous,
      });
      return lines.with(2, line);
    });
    expect(verify(directory)[0]).toBe(
      `${segment(2)}:4 record ${id(first + 2)} does not follow the one before it: its "previous" is another hash`,
    );
  });

  test('that was changed with everything after it sealed again, headers and tree too, fits no checkpoint', () => {
    const directory = copy();
    reseal(directory, 20, (entry) => entry.replace('"gateway"', '"nobody"'));
    for (const name of readdirSync(directory)) if (name.startsWith('tree-')) rmSync(join(directory, name));
    expect(verify(directory)).toEqual([
      `checkpoints.jsonl:2 the log does not agree with the checkpoint of 2030-01-01T00:00:30.000Z (30 records): one of the records ${id(11)} to ${id(30)} was changed, removed or added since; 1 more checkpoints do not agree`,
    ]);
  });

  test('the tree, where it was left, says which', () => {
    const directory = copy();
    reseal(directory, 20, (entry) => entry.replace('"gateway"', '"nobody"'));
    expect(verify(directory)).toContain(
      `tree-0.bin has another hash for record ${id(20)} and for 25 more: either was changed`,
    );
  });

  test('that was removed is named', () => {
    const directory = copy();
    change(directory, segment(1), (lines) => lines.toSpliced(2, 1));
    const first = Number(segment(1).slice(10, 26));
    expect(verify(directory)).toEqual([
      `${segment(1)}:3 record ${id(first + 1)} is missing before record ${id(first + 2)}`,
    ]);
  });

  test('that was added is named', () => {
    const directory = copy();
    change(directory, segment(1), (lines) => lines.toSpliced(3, 0, lines[2] ?? ''));
    const first = Number(segment(1).slice(10, 26));
    expect(verify(directory)[0]).toBe(
      `${segment(1)}:4 record ${id(first + 1)} stands here, where ${id(first + 2)} follows: it was moved or added`,
    );
  });

  test('that was moved is named', () => {
    const directory = copy();
    change(directory, segment(1), (lines) => lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''));
    const first = Number(segment(1).slice(10, 26));
    expect(verify(directory)).toEqual([
      `${segment(1)}:3 record ${id(first + 1)} is missing before record ${id(first + 2)}`,
      `${segment(1)}:4 record ${id(first + 1)} stands here, where ${id(first + 3)} follows: it was moved or added`,
      expect.stringContaining(`record ${id(first + 2)} is missing before record ${id(first + 3)}`),
    ]);
  });

  test('a line that is none stands for one, or was added', () => {
    const instead = copy();
    change(instead, segment(0), (lines) => lines.with(2, 'nonsense'));
    expect(verify(instead)).toEqual([
      `${segment(0)}:3 the line is no record of format 2; record ${id(2)} was to stand here`,
    ]);
    const added = copy();
    change(added, segment(0), (lines) => lines.toSpliced(2, 0, 'nonsense', ''));
    expect(verify(added)).toEqual([
      `${segment(0)}:3 the line is no record of format 2; record ${id(2)} was to stand here`,
      `${segment(0)}:4 the line is no record of format 2; record ${id(2)} was to stand here`,
    ]);
  });

  test('that is none, or of another node, is named', () => {
    const directory = copy();
    change(directory, segment(0), (lines) =>
      lines.with(2, 'nonsense').with(4, lines[4]?.replaceAll(NODE, 'node-2') ?? ''),
    );
    expect(verify(directory)).toEqual([
      `${segment(0)}:3 the line is no record of format 2; record ${id(2)} was to stand here`,
      expect.stringContaining(`:5 "${id(4).replace(NODE, 'node-2')}" is no record of node "node-1"`),
    ]);
  });
});

describe('a segment', () => {
  test('that was removed from between is found', () => {
    const directory = copy();
    rmSync(join(directory, segment(3)));
    const first = Number(segment(3).slice(10, 26));
    const next = Number(segment(4).slice(10, 26));
    expect(verify(directory)).toEqual([
      `${segment(4)}:1 ${next - first} records, ${id(first)} to ${id(next - 1)}, are missing between this segment and the one before it`,
    ]);
  });

  test('that was removed from the front is told of: what is left is verified', () => {
    const directory = copy();
    rmSync(join(directory, segment(0)));
    rmSync(join(directory, segment(1)));
    const first = Number(segment(2).slice(10, 26));
    const found = verifyDirectory(directory);
    expect(messages(found)).toEqual([]);
    expect(found).toMatchObject({ first, records: RECORDS - first + 1, checkpoints: { verified: 2 } });
    expect(found.notes.map(({ message }) => message)).toEqual([
      `records 1 to ${first - 1} were removed with their segments: verified from ${id(first)} on`,
      '1 of the checkpoints are of records that were removed with their segments: signatures are checked, hashes cannot be',
    ]);
    expect(verify(directory, { complete: true })).toHaveLength(1);
  });

  test('what stood before the front is as the checkpoints say: a changed frontier is found', () => {
    const directory = copy();
    rmSync(join(directory, segment(0)));
    change(directory, segment(1), (lines) =>
      lines.with(0, lines[0]?.replace(/"frontier":\["..../, '"frontier":["0000') ?? ''),
    );
    expect(verify(directory).at(-1)).toMatch(/^checkpoints.jsonl:1 the log does not agree with the checkpoint/);
  });

  test('that was removed from the end is found by the checkpoint', () => {
    const directory = copy();
    rmSync(join(directory, segment(-1)));
    const first = Number(segment(-1).slice(10, 26));
    expect(verify(directory)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^checkpoints.jsonl:3 the checkpoint of .* says that there were 45 records, and the log ends at ${first - 1}: the records ${id(first)} to ${id(45)} are missing$`,
        ),
      ),
    ]);
  });

  test('that was added, or has another name, is found', () => {
    const added = copy();
    cpSync(join(added, segment(2)), join(added, 'decisions-0000000000000046.jsonl'));
    expect(verify(added)[0]).toMatch(
      /^decisions-0000000000000046.jsonl:1 the segment begins with sequence \d+, which is not the one in its name$/,
    );
    const renamed = copy();
    renameSync(join(renamed, segment(2)), join(renamed, segment(2).replace(/.\.jsonl/, '9.jsonl')));
    expect(verify(renamed)[0]).toMatch(/which is not the one in its name$/);
  });

  test('that holds nothing yet begins with nothing', () => {
    const directory = mkdtempSync(join(root, 'begun-'));
    const header = headerLine({ node: NODE, after: GENESIS, frontier: Frontier.empty() });
    write(directory, segment(0), `${header}\n`);
    expect(verify(directory)).toEqual([]);
    write(directory, segment(0), `${header.replace('"previous":"0', '"previous":"1')}\n`);
    expect(verify(directory)).toEqual([`${segment(0)}:1 its "previous" is a hash, where nothing came before`]);
  });

  test('whose header lies is found', () => {
    const directory = copy();
    change(directory, segment(2), (lines) =>
      lines.with(0, lines[0]?.replace(/"previous":"..../, '"previous":"0000') ?? ''),
    );
    change(directory, segment(4), (lines) =>
      lines.with(0, lines[0]?.replace(/"frontier":\["..../, '"frontier":["0000') ?? ''),
    );
    expect(verify(directory)).toEqual([
      `${segment(2)}:1 the segment does not follow the one before it: its "previous" is another hash`,
      `${segment(4)}:1 its "frontier" is not that of the records before it`,
    ]);
  });
});

describe('the end', () => {
  test.each([1, 5, 15, 40])('cut off by %i records is found by a checkpoint that somebody kept', (cut) => {
    const directory = copy();
    truncate(directory, RECORDS - cut);
    write(directory, CHECKPOINTS, '');
    expect(verify(directory)).toEqual([]);
    const missing =
      cut === 1
        ? `the record ${id(RECORDS)} is missing`
        : `the records ${id(RECORDS - cut + 1)} to ${id(RECORDS)} are missing`;
    const found = verify(directory, { kept: [kept()] });
    expect(found.at(-1)).toMatch(
      new RegExp(`^kept.jsonl:3 .* says that there were 45 records, and the log ends at ${RECORDS - cut}: ${missing}$`),
    );
  });

  test('that was not written whole is told of', () => {
    const directory = copy();
    change(directory, segment(-1), (lines) => lines.with(-1, '{"entry":'));
    const found = verifyDirectory(directory);
    expect(messages(found)).toEqual([]);
    expect(found.notes).toEqual([
      expect.objectContaining({
        file: segment(-1),
        message: expect.stringContaining('the last line is not ended: 9 bytes'),
      }),
    ]);
  });

  test('of a segment that others follow must be whole', () => {
    const directory = copy();
    change(directory, segment(1), (lines) => lines.with(-1, '{"entry":'));
    expect(verify(directory)[0]).toMatch(
      /the last line is not ended: 9 bytes that are no record, though records follow$/,
    );
  });
});

describe('checkpoints', () => {
  function forge(directory: string, size: number, keyPath: string, root?: string): string {
    const signer = openSigningKey(keyPath);
    if (!signer.ok) throw new Error(signer.error);
    const [line] = readCheckpointFile(join(directory, CHECKPOINTS)).lines;
    if (line?.note.ok !== true) throw new Error('no checkpoint');
    const last = 'ab'.repeat(32);
    return signCheckpoint({ node: NODE, size, root: root ?? last, at: 5, last }, signer.value);
  }

  test('that another key signed are not believed', () => {
    const directory = copy();
    write(
      directory,
      CHECKPOINTS,
      read(directory, CHECKPOINTS) + checkpointLine(forge(directory, 50, join(root, 'forger.key'))),
    );
    expect(verify(directory)).toEqual([
      expect.stringMatching(
        /^checkpoints.jsonl:4 the checkpoint is not to be believed: it is signed by behalf\/node-1 \(key id [0-9a-f]{8}\), not by/,
      ),
    ]);
  });

  test('of another tree are found, whoever signed them', () => {
    const directory = copy();
    write(directory, CHECKPOINTS, checkpointLine(forge(directory, 7, original.keyPath)));
    expect(verify(directory)).toEqual([
      `checkpoints.jsonl:1 the log does not agree with the checkpoint of 1970-01-01T00:00:00.005Z (7 records): one of the records ${id(1)} to ${id(7)} was changed, removed or added since`,
    ]);
  });

  test('of another last record are found, whatever the root', () => {
    const directory = copy();
    const { root: right = '' } = verifyDirectory(directory);
    write(directory, CHECKPOINTS, checkpointLine(forge(directory, RECORDS, original.keyPath, right)));
    expect(verify(directory)).toEqual([expect.stringMatching(/^checkpoints.jsonl:1 the log does not agree/)]);
  });

  test('of another node are not of this log', () => {
    const directory = copy();
    const signer = openSigningKey(original.keyPath);
    if (!signer.ok) throw new Error(signer.error);
    const { root: right = '', last } = verifyDirectory(directory);
    const of = { node: 'node-2', size: RECORDS, root: right, at: 5, last: last.hash ?? '' };
    write(directory, CHECKPOINTS, checkpointLine(signCheckpoint(of, signer.value)));
    expect(verify(directory)).toEqual(['checkpoints.jsonl:1 the checkpoint is of node "node-2", the log of "node-1"']);
  });

  test('never get smaller', () => {
    const directory = copy();
    change(directory, CHECKPOINTS, (lines) => [...lines.slice(0, 3).reverse(), '']);
    expect(verify(directory)).toEqual([
      'checkpoints.jsonl:2 the checkpoint is of 30 records, and the one before it of 45',
      'checkpoints.jsonl:3 the checkpoint is of 10 records, and the one before it of 30',
    ]);
  });

  test('are checked with the key that is given, not with the one that lies there', () => {
    const other = generateKeyPairSync('ed25519');
    const wrong = verify(original.directory, { publicKey: other.publicKey });
    expect(wrong).toHaveLength(4);
    expect(wrong[0]).toBe('key.pub is another key than the one that was given');
    const own = parsePublicKey(read(original.directory, 'key.pub'));
    if (!own.ok) throw new Error(own.error);
    expect(verify(original.directory, { publicKey: own.value })).toEqual([]);
    const replaced = copy();
    write(replaced, 'key.pub', publicKeyPem(other.publicKey));
    expect(verify(replaced, { publicKey: own.value })).toEqual(['key.pub is another key than the one that was given']);
    rmSync(join(replaced, 'key.pub'));
    expect(verify(replaced, { publicKey: own.value })).toEqual([]);
    expect(verify(replaced)).toEqual(['checkpoints.jsonl the checkpoints cannot be verified: there is no public key']);
  });

  test('that were kept may be a note by itself; a file without one is a mistake', () => {
    const [, second] = readCheckpointFile(join(original.directory, CHECKPOINTS)).lines;
    const note = second?.note.ok === true ? second.note.value : '';
    expect(verifyDirectory(original.directory, { kept: [{ name: 'note', text: note }] }).checkpoints.verified).toBe(4);
    expect(verify(original.directory, { kept: [{ name: 'empty', text: '' }] })).toEqual(['empty holds no checkpoint']);
    expect(verify(original.directory, { kept: [{ name: 'other', text: 'something\n' }] })).toHaveLength(1);
  });
});

describe('the change log', () => {
  const CHANGES = 'changes-0000000000000001.jsonl';

  test('a change that was changed or removed is found', () => {
    const changed = copy();
    change(changed, CHANGES, (lines) => lines.with(1, lines[1]?.replace('change 11', 'change 12') ?? ''));
    expect(verify(changed)).toEqual([
      expect.stringMatching(/^changes-0+1.jsonl:2 the change of revision 2 was changed/),
    ]);
    const removed = copy();
    change(removed, CHANGES, (lines) => lines.toSpliced(1, 1));
    expect(verify(removed).some((message) => message.includes('revision 3 stands where 2 follows'))).toBe(true);
  });

  test('changes that were cut off are found by checkpoints and decisions', () => {
    const directory = copy();
    change(directory, CHANGES, (lines) => [...lines.slice(0, 3), '']);
    expect(verify(directory)).toEqual([
      'checkpoints.jsonl:3 the change log ends at revision 3, where this checkpoint says that it went up to 5: changes are missing',
      expect.stringContaining(`record ${id(31)} was decided at revision 4, and the change log ends at 3`),
    ]);
  });

  test('a change that was changed with all after it sealed again fits no checkpoint', () => {
    const directory = copy();
    let previous = '0'.repeat(64);
    change(directory, CHANGES, (lines) =>
      lines
        .filter((line) => line !== '')
        .map((line) => {
          const { sha256: _own, ...rest } = JSON.parse(line.replace('change 11', 'change 12'));
          const text = canonicalJson({ ...rest, previous });
          previous = createHash('sha256').update(text).digest('hex');
          return `${text.slice(0, -1)},"sha256":"${previous}"}`;
        })
        .concat(''),
    );
    expect(verify(directory)).toEqual([
      expect.stringMatching(/^checkpoints.jsonl:2 the change of revision 3 is another one than this checkpoint says/),
      expect.stringMatching(/^checkpoints.jsonl:3 the change of revision 5 is another one than this checkpoint says/),
    ]);
  });

  test('a mirror that is missing is told of', () => {
    const directory = copy();
    rmSync(join(directory, CHANGES));
    expect(verify(directory)).toContain(
      'checkpoints.jsonl:1 the change log ends at revision 0, where this checkpoint says that it went up to 1: changes are missing',
    );
  });
});

test('what is derived may be missing; what is unknown is told of', () => {
  const directory = copy();
  for (const name of ['tree-0.bin', 'tree-8.bin', 'lock']) rmSync(join(directory, name));
  for (const name of ['lock-journal', 'reserve', 'decisions-0000000000000001.index', `${segment(0)}.torn-5`])
    write(directory, name, 'x');
  write(directory, 'notes.txt', 'x');
  const found = verifyDirectory(directory);
  expect(messages(found)).toEqual([]);
  expect(found.notes.map(({ file, message }) => `${file} ${message}`)).toEqual([
    'notes.txt is no file of a decision log: nothing is known of it',
    'tree-0.bin is missing: it is made again from the records',
    'tree-8.bin is missing: it is made again from the records',
  ]);
});

test('a directory without a log is no log', () => {
  const empty = mkdtempSync(join(root, 'empty-'));
  expect(verify(empty)).toEqual([`${empty} there is no decision log here: no decisions-*.jsonl`]);
  write(empty, segment(0), '{"format":1,"id":"d_1"}\n');
  expect(verify(empty)).toEqual([
    expect.stringMatching(/jsonl, line 1: a log of format 1, of a version before any release/),
  ]);
  write(empty, segment(0), '{"header":');
  expect(verify(empty)).toEqual([`${empty} the log has no header`]);
});

/** Cuts the log off behind a record, as somebody would who knows the format. */
function truncate(directory: string, last: number): void {
  for (const name of segments) {
    const first = Number(name.slice(10, 26));
    if (first > last) rmSync(join(directory, name));
    else change(directory, name, (lines) => [...lines.slice(0, last - first + 2).filter((line) => line !== ''), '']);
  }
  for (const name of readdirSync(directory)) if (name.startsWith('tree-')) rmSync(join(directory, name));
}

/** Changes the entry of one record, and seals it and all that follow again, as somebody would who knows the format. */
function reseal(directory: string, sequence: number, edit: (entry: string) => string): void {
  const frontier = Frontier.empty();
  let last = GENESIS;
  for (const name of segments) {
    const [, ...lines] = read(directory, name).trimEnd().split('\n');
    const header = headerLine({ node: NODE, after: last, frontier });
    const sealed = lines.map((line) => {
      const entry = line.slice('{"entry":'.length, line.lastIndexOf(',"id":'));
      const again = sealRecord(last.sequence + 1 === sequence ? edit(entry) : entry, NODE, last);
      last = again.link;
      frontier.append(recordLeaf(last.hash));
      return again.line;
    });
    write(directory, name, [header, ...sealed, ''].join('\n'));
  }
}
