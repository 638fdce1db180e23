import type { KeyObject } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { err, ok, type Result } from '../../core/result.ts';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { CHECKPOINTS } from '../checkpoints/checkpoint-file.ts';
import { GENESIS, recordId } from '../records/record.ts';
import { headerOf, listSegments, type SegmentFile } from '../segments/segment.ts';
import { Frontier } from '../tree/frontier.ts';
import { LEVELS, levelFileName } from '../tree/level-files.ts';
import type { Hash } from '../tree/merkle-hash.ts';
import { checkChanges } from './change-check.ts';
import { type Finding, Findings } from './findings.ts';
import { type KeptCheckpoints, knownCheckpoints, PUBLIC_KEY, trustedKey } from './known-checkpoints.ts';
import { RevisionCheck } from './revision-check.ts';
import { SegmentCheck } from './segment-check.ts';
import { TreeCheck } from './tree-check.ts';

export interface VerifyOptions {
  /** The node's key, from somewhere else than the directory: whoever changed the log could have changed that one, too. */
  readonly publicKey?: KeyObject;
  /** Checkpoints that were kept elsewhere. */
  readonly kept?: readonly KeptCheckpoints[];
  /** Removed segments are a fault as well. */
  readonly complete?: boolean;
  readonly progress?: (progress: Progress) => void;
}

export interface Progress {
  readonly records: number;
  readonly bytes: number;
  /** Bytes of all segments. */
  readonly of: number;
}

/** What a log directory was found to be. It is unchanged, as far as that can be known, iff there are no faults. */
export interface Verification {
  readonly node: string | undefined;
  /** The sequence of the oldest record; above 1 where older segments were removed. */
  readonly first: number;
  readonly records: number;
  /** The last record, and the Merkle tree hash over all. */
  readonly last: { readonly sequence: number; readonly hash: Hash | undefined };
  readonly root: Hash | undefined;
  /** Checkpoints that the records agree with, and the newest of them. */
  readonly checkpoints: { readonly verified: number; readonly newest?: Checkpoint };
  /** Changes in the mirror of the change log. */
  readonly changes: number;
  readonly faults: readonly Finding[];
  /** Faults that were found beyond those. */
  readonly unlisted: number;
  readonly notes: readonly Finding[];
}

/** Files that nothing is proved by. */
const DERIVED = /^(lock(-journal)?|reserve|decisions-\d{16}\.index(\.new)?|decisions-\d{16}\.jsonl\.torn-\d+)$/;

/**
 * Checks everything that a log directory proves, from its files alone: each record against its own hash, the one before
 * and its place; headers, checkpoints and the files of the tree against the records; decisions against the change log.
 * A log that is being written may be checked as well.
 *
 * Derived are `tree-*.bin` (compared, made again where they differ), `*.index` (not compared: what they find is read
 * from the records), `lock` and `reserve`; `*.torn-*` is what a crash left behind.
 *
 * @throws where files cannot be read
 */
export function verifyDirectory(directory: string, options: VerifyOptions = {}): Verification {
  const findings = new Findings();
  // In this order, so that what is written meanwhile is in the later ones: checkpoints, records, changes.
  const publicKey = trustedKey(directory, options.publicKey, findings);
  const segments = listSegments(directory);
  const begin = beginning(segments);
  if (!begin.ok) {
    findings.fault({ file: directory, message: begin.error });
    return result(findings, undefined);
  }
  const { node, base } = begin.value;
  const checkpoints = knownCheckpoints(directory, node, options.kept ?? [], publicKey, findings);
  if (checkpoints.length === 0) {
    const message = 'there is no checkpoint: records that were cut off at the end cannot be found out';
    findings.note({ file: CHECKPOINTS, message });
  }
  noteRemoved(base.frontier.size, node, options.complete === true, findings);
  noteStrangers(directory, findings);

  const tree = new TreeCheck(directory, base, checkpoints, findings);
  const revisions = new RevisionCheck(findings);
  const of = segments.reduce((sum, { length }) => sum + length, 0);
  let bytes = 0;
  const check = new SegmentCheck(
    node,
    {
      record: (record, place) => {
        // Behind a gap every place in the tree would be another one.
        if (check.unbroken) tree.add(record.sha256);
        revisions.take(record, place);
      },
      agrees: (header) => header.frontier.root() === tree.root,
      read: (count) => {
        bytes += count;
        options.progress?.({ records: check.records, bytes: Math.min(bytes, of), of });
      },
    },
    findings,
  );
  for (const [index, segment] of segments.entries()) check.check(segment, index === segments.length - 1);
  const compared = tree.close(node, check.unbroken);
  const changes = checkChanges(directory, checkpoints, findings);
  if (changes.files) revisions.close(changes.revision, compared.newest?.size ?? 0);
  return result(findings, {
    node,
    first: base.frontier.size + 1,
    check,
    compared,
    changes: changes.changes,
    root: tree.root,
  });
}

interface Checked {
  readonly node: string;
  readonly first: number;
  readonly check: SegmentCheck;
  readonly compared: Verification['checkpoints'];
  readonly changes: number;
  readonly root: Hash;
}

function result(findings: Findings, checked: Checked | undefined): Verification {
  const { faults, notes, unlisted } = findings;
  return {
    node: checked?.node,
    first: checked?.first ?? 1,
    records: checked?.check.records ?? 0,
    last: checked?.check.last ?? GENESIS,
    root: checked?.check.unbroken === true ? checked.root : undefined,
    checkpoints: checked?.compared ?? { verified: 0 },
    changes: checked?.changes ?? 0,
    faults,
    unlisted,
    notes,
  };
}

interface Beginning {
  readonly node: string;
  readonly base: { readonly frontier: Frontier; readonly last: Hash };
}

/** Whose log it is, and what stood before its oldest record, as the headers say. */
function beginning(segments: readonly SegmentFile[]): Result<Beginning, string> {
  const headers = segments.map(({ path, length }) => headerOf(path, length));
  const [first] = headers;
  if (first === undefined) return err('there is no decision log here: no decisions-*.jsonl');
  const node = headers.map((header) => (header.ok ? header.value?.header.node : undefined)).find(isText);
  if (node === undefined) return err(first.ok ? 'the log has no header' : first.error);
  const header = first.ok ? first.value?.header : undefined;
  // The name of the oldest segment counts where its header was changed.
  const begins = segments[0]?.first ?? 1;
  const base =
    header !== undefined && header.after.sequence + 1 === begins
      ? { frontier: header.frontier, last: header.after.hash }
      : { frontier: Frontier.empty(), last: GENESIS.hash };
  return ok({ node, base });
}

function isText(value: string | undefined): value is string {
  return value !== undefined;
}

function noteRemoved(removed: number, node: string, complete: boolean, findings: Findings): void {
  if (removed === 0) return;
  const message = `records 1 to ${removed} were removed with their segments: verified from ${recordId(removed + 1, node)} on`;
  const finding = { file: 'decisions-*.jsonl', message };
  if (complete) findings.fault(finding);
  else findings.note(finding);
}

function noteStrangers(directory: string, findings: Findings): void {
  const known = new Set([CHECKPOINTS, PUBLIC_KEY, ...LEVELS.map(levelFileName)]);
  for (const name of readdirSync(directory).sort()) {
    if (known.has(name) || DERIVED.test(name) || /^(decisions|changes)-\d{16}\.jsonl$/.test(name)) continue;
    findings.note({ file: name, message: 'is no file of a decision log: nothing is known of it' });
  }
}
