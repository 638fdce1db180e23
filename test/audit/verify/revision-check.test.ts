import { beforeEach, expect, test } from 'vitest';
import { Findings } from '../../../src/audit/verify/findings.ts';
import { RevisionCheck } from '../../../src/audit/verify/revision-check.ts';

let findings: Findings;
let check: RevisionCheck;
let sequence: number;

beforeEach(() => {
  findings = new Findings();
  check = new RevisionCheck(findings);
  sequence = 0;
});

function take(revision: string | undefined, search = false): void {
  sequence += 1;
  const at = revision === undefined ? undefined : { revision };
  check.take({ id: `d_${sequence}`, sequence, sha256: '', search, ...at }, { file: 'f', line: sequence + 1 });
}

const faults = () => findings.faults.map(({ line, message }) => `${line} ${message}`);

test('revisions that stay or grow are as they must be', () => {
  for (const revision of ['e.0', 'e.0', 'e.3', 'e.3', 'e.4']) take(revision);
  check.close(4, 5);
  expect([faults(), findings.notes]).toEqual([[], []]);
});

test('a decision at an earlier revision than the one before it is a fault', () => {
  for (const revision of ['e.3', 'e.5', 'e.4', 'e.5']) take(revision);
  expect(faults()).toEqual(['4 record d_3 was decided at revision 4, after others at revision 5']);
});

test('results of a search may be older, and count for nothing that follows', () => {
  take('e.5');
  take('e.3', true);
  take('e.9', true);
  take('e.5');
  expect(faults()).toEqual([]);
});

test('each opening of the store counts by itself, also without a name', () => {
  for (const revision of ['e.5', 'f.2', 'e.6', 'f.3', '1', '2']) take(revision);
  expect(faults()).toEqual([]);
});

test('a revision that the change log does not have is a fault in what a checkpoint covers', () => {
  for (const revision of ['e.1', 'e.2', 'e.3']) take(revision);
  check.close(1, 2);
  expect(faults()).toEqual(['3 record d_2 was decided at revision 2, and the change log ends at 1']);
});

test('behind the newest checkpoint the change log may be on its way', () => {
  for (const revision of ['e.1', 'e.2', 'e.3']) take(revision);
  check.close(2, 2);
  expect(faults()).toEqual([]);
  expect(findings.notes).toEqual([
    expect.objectContaining({ record: 'd_3', message: expect.stringContaining('it may not have been written yet') }),
  ]);
});

test('a record without a revision is none that was written here', () => {
  take(undefined);
  expect(faults()).toEqual(['2 record d_1 does not say at which revision it was decided']);
});
