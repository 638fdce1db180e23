import { createHash } from 'node:crypto';
import type { ChangeMirror } from '../audit/changes/change-mirror.ts';
import type { Evidence } from '../audit/checkpoints/evidence.ts';
import type { EvidenceOptions } from '../audit/checkpoints/file-evidence.ts';
import type { DecisionLog } from '../audit/log.ts';
import { Coverage } from '../audit/segments/retention.ts';
import type { Config } from '../config.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import { err, ok, type Result } from '../core/result.ts';
import { apply, engineDoor, isDone, planApply } from '../engine/apply.ts';
import { publish, toBundleSource, validateBundle } from '../engine/bundles/publish.ts';
import { Ledger } from '../engine/ledger.ts';
import { parseSeed, type SeedFile, seedProblems } from '../engine/parse-seed.ts';
import { rowFaults } from '../engine/replay/row-faults.ts';
import { isEmpty, seed, seedFaults } from '../engine/seed.ts';
import type { Store } from '../store/store.ts';
import { readTextFile } from '../text-file.ts';
import { type CheckedSources, checkSources } from './check-sources.ts';
import type { Rooms } from './command.ts';
import { counted } from './layout.ts';
import { logOptions, readRedaction } from './log-options.ts';
import { OPERATOR } from './operator.ts';
import { readSources, type Sources, shown } from './read-sources.ts';

/** Everybody but the owner, in the bits of a file's mode. */
const OTHERS = 0o077;
/** Nothing else is ever signed in this form: notes begin with the name of their origin. */
const CACHE_KEY_TEXT = 'key of the relationship cache';

/** Store, log and the state in force, in this process, and what they started from. */
export interface Engine {
  readonly ledger: Ledger;
  readonly log: DecisionLog;
  /** The change log, beside the decisions. */
  readonly mirror: ChangeMirror;
  /** Checkpoints of both, and proofs. */
  readonly evidence: Evidence;
  /** `published`, `unchanged`, `kept` (the directories hold none, or a broken one and that was wanted). */
  readonly bundle: 'published' | 'unchanged' | 'kept';
  /** What was written into an empty store. */
  readonly seeded?: { readonly entities: number; readonly tuples: number; readonly delegations: number };
  /** What whoever started it should know. */
  readonly warnings: readonly string[];
  /** Closes log and store. */
  close(): Promise<void>;
}

/** Why it did not start: mistakes in what people wrote, or a refusal. */
export interface NotStarted {
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** Looks at the callers of a store before anything is written to it: what should be known, or why nothing starts. */
export type Admission = (ledger: Ledger) => Result<readonly string[], NotStarted>;

/**
 * Opens store and log, publishes the directories and plants the seed as design section 10 says, or says why not; a
 * store or log that was made meanwhile stays. Throws what store and log throw where they cannot be opened.
 */
export async function openEngine(
  config: Config,
  rooms: Rooms,
  clock: () => number,
  admit: Admission = () => ok([]),
): Promise<Result<Engine, NotStarted>> {
  const sources = readSources(config);
  if (!sources.ok) return refuse('the directories cannot be used', sources.error);
  const checked = checkSources(sources.value, clock());
  if (!checked.bundle.ok && !config.keepBundle) {
    const count = counted(checked.bundle.error.length, 'error');
    return refuse(`the bundle has ${count}; --keep-bundle serves the last good one instead`, checked.bundle.error);
  }
  const seedFile = config.seed === undefined ? ok(undefined) : readSeed(config.seed);
  if (!seedFile.ok) return refuse('the seed cannot be used', seedFile.error);
  const redaction = readRedaction(config);
  if (!redaction.ok) return refuse(redaction.error);

  let store: Store | undefined;
  let log: DecisionLog | undefined;
  let mirror: ChangeMirror | undefined;
  let evidence: Evidence | undefined;
  let coverage: Coverage | undefined;
  let ledger: Ledger | undefined;
  const close = async (): Promise<void> => {
    await evidence?.close();
    await mirror?.close();
    await log?.close();
    ledger?.cacheRelationships();
    store?.close();
  };
  try {
    // What this process makes is for its owner alone: who reads the store knows everybody's delegations.
    process.umask(process.umask() | OTHERS);
    const cacheKey = await cacheKeyOf(config);
    store = rooms.openStore(config.store, cacheKey === undefined ? {} : { cacheKey });
    const covered = (): number => coverage?.covered ?? 0;
    log = rooms.openLog(config.log, config.node, logOptions(config, redaction.value, { clock, covered }));
    ledger = new Ledger(store, clock, emptyBundle());
    const strange = rowFaults(store, ledger.startedFromCache ? 'relationship' : undefined);
    if (strange.length > 0) {
      // Nothing that somebody else wrote is sealed, mirrored or signed.
      ledger = undefined;
      await close();
      return refuse(
        `the store ${shown(config.store)} is not what its change log made: somebody wrote into it beside this server. Take it from a backup (${strange[0]})`,
        strange.slice(1).map((message) => ({ message })),
      );
    }
    // Before anything is written: it is what finds out that the store was replaced by a backup.
    mirror = rooms.openMirror(config.log, store);
    ledger.follow(() => mirror?.wake());
    mirror.wake();
    const opened = rooms.openEvidence(evidenceOptions(config, clock, { store, log, mirror }));
    evidence = opened;
    coverage = new Coverage(() => opened.state);
    ledger.cacheRelationships();
    const material = { config, sources: sources.value, checked, seedFile: seedFile.value };
    const prepared = await prepare(ledger, material, admit);
    if (prepared.ok) {
      const warnings = [...mirrorWarnings(mirror), ...prepared.value.warnings];
      return ok({ ledger, log, mirror, evidence, ...prepared.value, warnings, close });
    }
    await close();
    return prepared;
  } catch (fault) {
    await close();
    throw fault;
  }
}

/** The key that the cache of relationships is sealed with; absent where the audit key cannot be had. */
async function cacheKeyOf({ auditKey }: Config): Promise<Buffer | undefined> {
  const { openSigningKey } = await import('../audit/checkpoints/signing-key.ts');
  const signer = openSigningKey(auditKey);
  // Signatures of Ed25519 are deterministic (RFC 8032, section 5.1.6): this one is known to whoever has the key.
  return signer.ok
    ? createHash('sha256')
        .update(signer.value.sign(Buffer.from(CACHE_KEY_TEXT)))
        .digest()
    : undefined;
}

function evidenceOptions(
  config: Config,
  clock: () => number,
  { store, log, mirror }: { readonly store: Store; readonly log: DecisionLog; readonly mirror: ChangeMirror },
): EvidenceOptions {
  return {
    directory: config.log,
    node: config.node,
    keyPath: config.auditKey,
    head: () => log.state.last,
    changes: {
      get revision() {
        return store.revision;
      },
      sha256: (revision) => store.sha256(revision),
      mirrored: async () => {
        await mirror.upTo(store.revision);
        return mirror.head;
      },
    },
    pushTo: { file: config.checkpointFile, webhook: config.checkpointWebhook },
    clock,
  };
}

function mirrorWarnings({ damagedFrom }: ChangeMirror): readonly string[] {
  if (damagedFrom === undefined) return [];
  return [
    `the change log beside the decisions was damaged from revision ${damagedFrom} on, as by a power cut; it is written again from the store`,
  ];
}

interface Material {
  readonly config: Config;
  readonly sources: Sources;
  readonly checked: CheckedSources;
  readonly seedFile: SeedFile | undefined;
}

type Prepared = Pick<Engine, 'bundle' | 'seeded' | 'warnings'>;

/** Brings the store to where it can be asked: its bundle, its first content. */
async function prepare(ledger: Ledger, material: Material, admit: Admission): Promise<Result<Prepared, NotStarted>> {
  const { config, sources, checked, seedFile } = material;
  const admitted = admit(ledger);
  if (!admitted.ok) return admitted;
  const warnings = [...admitted.value];

  let bundle: Engine['bundle'] = 'kept';
  if (!checked.bundle.ok) {
    if (ledger.bundle.digest === emptyBundle().digest) {
      return refuse('the bundle is broken, and the store has no good one to keep', checked.bundle.error);
    }
    const count = counted(checked.bundle.error.length, 'error');
    warnings.push(`the directories hold a bundle with ${count}; the one in the store is served instead`);
    warnings.push(...checked.bundle.error.map(formatProblem));
  } else if (!sources.absent) {
    const orphans = config.allowOrphans ? 'allow' : 'refuse';
    const published = publish(ledger, sources.files, OPERATOR, { orphans });
    if (!published.ok) {
      const hint = published.error.code === 'conflict' ? '\n--allow-orphans publishes it all the same' : '';
      return refuse(`${published.error.message}${hint}`);
    }
    bundle = published.value.changed ? 'published' : 'unchanged';
  }

  const seeded = seedFile === undefined || !isEmpty(ledger) ? ok(undefined) : await plant(ledger, seedFile, checked);
  if (!seeded.ok) return seeded;
  warnings.push(...(await delegationWarnings(ledger, checked, bundle)));
  return ok({ bundle, warnings, ...(seeded.value === undefined ? undefined : { seeded: seeded.value }) });
}

/** Writes the seed, then the delegations of the files; nothing where either cannot be. */
async function plant(
  ledger: Ledger,
  file: SeedFile,
  checked: CheckedSources,
): Promise<Result<Engine['seeded'], NotStarted>> {
  const faults = seedFaults(file, ledger.snapshot);
  if (faults.length > 0) return refuse('the seed cannot be used', seedProblems(file, faults));
  if (!checked.delegations.ok) return refuse('the delegation files cannot be used', checked.delegations.error);
  const planned = planApply(checked.delegations.value, [], { prune: false, now: ledger.now() });
  if (!planned.ok) return refuse('the delegation files cannot be used', planned.error);
  const written = seed(ledger, file, OPERATOR);
  if (!written.ok) return refuse(written.error.message);
  const applied = await apply(planned.value, engineDoor(ledger, OPERATOR));
  if (!applied.ok) return refuse(`the seed was written, the delegations were not: ${applied.error.message}`);
  return ok({ entities: file.entities.length, tuples: file.tuples.length, delegations: applied.value.length });
}

/** Where files and store differ: nothing is applied unasked, and nothing passed over in silence. */
async function delegationWarnings(
  ledger: Ledger,
  { delegations }: CheckedSources,
  bundle: Engine['bundle'],
): Promise<readonly string[]> {
  if (!delegations.ok) {
    return [`the delegation files have ${counted(delegations.error.length, 'error')}: behalf validate`];
  }
  const inForce = await engineDoor(ledger, OPERATOR).inForce();
  if (bundle === 'kept' || !inForce.ok) return [];
  const planned = planApply(delegations.value, inForce.value, { prune: false, now: ledger.now() });
  if (planned.ok && isDone(planned.value)) return [];
  return ['the delegations in force are not those of the files: behalf apply --dry-run shows how they differ'];
}

function readSeed(path: string): Result<SeedFile, readonly Problem[]> {
  try {
    return parseSeed({ path: shown(path), text: readTextFile(path) });
  } catch (fault) {
    return err([{ message: `the seed cannot be read: ${fault instanceof Error ? fault.message : fault}` }]);
  }
}

/** In force while none was published: everything is denied. */
function emptyBundle() {
  const empty = validateBundle([]);
  if (!empty.ok) throw new Error(`no files at all (${toBundleSource([]).digest}) do not compile`);
  return empty.value;
}

export function refuse(message: string, problems: readonly Problem[] = []) {
  return err({ message, problems });
}
