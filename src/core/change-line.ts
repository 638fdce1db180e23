import { err, ok, type Result } from './result.ts';

/**
 * The change log, as it is chained in the store and mirrored beside the decision log: one commit is one line, canonical
 * JSON (RFC 8785) of `{act, at, by, changes, credential, epoch, format, previous, revision, sha256}`, ended by a line
 * feed. `sha256` (SHA-256, hexadecimal) is that of the same object without the member `sha256`, which are the line's
 * bytes up to `,"sha256"` and a closing brace; `previous` is the one of the commit before. Commits made before there
 * was such a chain have no `credential`.
 */
export interface ChangeHead {
  readonly act: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Caller id. */
  readonly by: string;
  /** What the caller proved itself with. */
  readonly credential?: string | undefined;
  readonly epoch: string;
  readonly previous: string;
  readonly revision: number;
}

/** Of the lines; formats below it were never chained. */
const CHANGE_FORMAT = 2;

/** What the first commit follows. */
export const NO_CHANGE = '0'.repeat(64);

const TAIL =
  /,"epoch":"([0-9a-z-]{1,64})","format":(\d{1,9}),"previous":"([0-9a-f]{64})","revision":([1-9]\d{0,15}),"sha256":"([0-9a-f]{64})"\}$/;
/** Bytes in which a tail fits. */
export const CHANGE_TAIL_BYTES = 384;
/** Of `,"sha256":"…"}`. */
export const CHANGE_SEAL_BYTES = 77;

/** What stands before and after the canonical JSON of the changes in what is hashed. Texts are well-formed Unicode. */
export function aroundChanges(head: ChangeHead): readonly [before: string, after: string] {
  const { act, at, by, credential, epoch, previous, revision } = head;
  const proof = credential === undefined ? '' : `,"credential":${JSON.stringify(credential)}`;
  return [
    `{"act":${JSON.stringify(act)},"at":${JSON.stringify(at)},"by":${JSON.stringify(by)},"changes":`,
    `${proof},"epoch":${JSON.stringify(epoch)},"format":${CHANGE_FORMAT},"previous":"${previous}","revision":${revision}}`,
  ];
}

/** The same of its line, which is sealed with the hash of that, without its line feed. */
export function aroundChangeText(head: ChangeHead, sha256: string): readonly [before: string, after: string] {
  const [before, after] = aroundChanges(head);
  return [before, `${after.slice(0, -1)},"sha256":"${sha256}"}`];
}

/** Where a line stands in the chain. */
export interface ChangeLink {
  readonly epoch: string;
  readonly revision: number;
  readonly previous: string;
  readonly sha256: string;
}

/** The link at the end of a line, of which `CHANGE_TAIL_BYTES` suffice; or what is wrong. */
export function readChangeLink(tail: string): Result<ChangeLink, string> {
  const [, epoch, format, previous, revision, sha256] = TAIL.exec(tail) ?? [];
  if (epoch === undefined || previous === undefined || sha256 === undefined) {
    return err('this is no line of a change log');
  }
  if (Number(format) !== CHANGE_FORMAT) {
    return err(
      `a change of format ${format}; this version of behalf reads format ${CHANGE_FORMAT}: use the version that wrote it`,
    );
  }
  return ok({ epoch, revision: Number(revision), previous, sha256 });
}
