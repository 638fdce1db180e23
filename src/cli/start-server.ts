import { readFileSync } from 'node:fs';
import type { DecisionLog } from '../audit/log.ts';
import { type Config, isLoopback } from '../config.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import { err, ok, type Result } from '../core/result.ts';
import { apply, engineDoor, isDone, planApply } from '../engine/apply.ts';
import { publish, toBundleSource, validateBundle } from '../engine/bundles/publish.ts';
import { Checks } from '../engine/check.ts';
import { Ledger } from '../engine/ledger.ts';
import { parseSeed, type SeedFile, seedProblems } from '../engine/parse-seed.ts';
import { isEmpty, seed, seedFaults } from '../engine/seed.ts';
import type { Store } from '../store/store.ts';
import { type CheckedSources, checkSources } from './check-sources.ts';
import type { Listener, Rooms } from './command.ts';
import { counted } from './layout.ts';
import { OPERATOR } from './operator.ts';
import { readKeySets } from './read-key-sets.ts';
import { readSources, type Sources, shown } from './read-sources.ts';
import { type Watching, watchSources } from './watch.ts';

/** A server that answers, and what it started from. */
export interface Running {
  readonly url: string;
  readonly ledger: Ledger;
  /** `published`, `unchanged`, `kept` (the directories hold none, or a broken one and that was wanted). */
  readonly bundle: 'published' | 'unchanged' | 'kept';
  /** What was written into an empty store. */
  readonly seeded?: { readonly entities: number; readonly tuples: number; readonly delegations: number };
  /** What whoever started it should know. */
  readonly warnings: readonly string[];
  /** Lets the answers under way finish, then closes log and store. */
  close(): Promise<void>;
}

/** Why it did not start: mistakes in what people wrote, or a refusal. */
export interface NotStarted {
  readonly message: string;
  readonly problems: readonly Problem[];
}

/**
 * Starts a server as design section 10 says, or says why it did not; a store or log that was made meanwhile stays.
 *
 * @param tell hears what happens while it runs, where directories are watched
 */
export async function startServer(
  config: Config,
  rooms: Rooms,
  clock: () => number,
  tell: (text: string) => void = () => {},
): Promise<Result<Running, NotStarted>> {
  const sources = readSources(config);
  if (!sources.ok) return refuse('the directories cannot be used', sources.error);
  const checked = checkSources(sources.value, clock());
  if (!checked.bundle.ok && !config.keepBundle) {
    const count = counted(checked.bundle.error.length, 'error');
    return refuse(`the bundle has ${count}; --keep-bundle serves the last good one instead`, checked.bundle.error);
  }
  const seedFile = config.seed === undefined ? ok(undefined) : readSeed(config.seed);
  if (!seedFile.ok) return refuse('the seed cannot be used', seedFile.error);

  let store: Store | undefined;
  let log: DecisionLog | undefined;
  let server: Listener | undefined;
  let watching: Watching | undefined;
  let ledger: Ledger | undefined;
  const close = async (): Promise<void> => {
    watching?.close();
    if (server !== undefined) await stop(server);
    await log?.close();
    ledger?.cacheRelationships();
    store?.close();
  };
  try {
    store = rooms.openStore(config.store);
    log = rooms.openLog(config.log, config.node);
    ledger = new Ledger(store, clock, emptyBundle());
    const prepared = await prepare(ledger, { config, sources: sources.value, checked, seedFile: seedFile.value });
    if (!prepared.ok) {
      await close();
      return prepared;
    }
    const { dev, storeId, host, port } = config;
    const orphans = config.allowOrphans ? 'allow' : 'refuse';
    const keySets = config.jwtKeysets === undefined ? [] : readKeySets(config.jwtKeysets);
    server = rooms.buildServer({
      ledger,
      checks: new Checks(ledger, log),
      log,
      dev,
      storeId,
      orphans,
      cerbos: { keySets },
    });
    const url = await server.listen({ host, port });
    if (config.watch) watching = watchSources(config, ledger, tell);
    return ok({ url, ledger, ...prepared.value, close });
  } catch (fault) {
    await close();
    return refuse(reasonOf(fault, config));
  }
}

/** Milliseconds between two looks at which connections have become idle, and until those that have not are cut. */
const STOPPING = { sweepMs: 50, atMostMs: 10_000 };

/** A connection that is kept alive after its last answer would hold the server up for as long as its client likes. */
async function stop(listener: Listener): Promise<void> {
  const sweep = setInterval(() => listener.server.closeIdleConnections(), STOPPING.sweepMs);
  const cut = setTimeout(() => listener.server.closeAllConnections(), STOPPING.atMostMs);
  try {
    await listener.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
}

interface Material {
  readonly config: Config;
  readonly sources: Sources;
  readonly checked: CheckedSources;
  readonly seedFile: SeedFile | undefined;
}

type Prepared = Pick<Running, 'bundle' | 'seeded' | 'warnings'>;

/** Brings the store to where it can be served: its callers, its bundle, its first content. */
async function prepare(ledger: Ledger, material: Material): Promise<Result<Prepared, NotStarted>> {
  const { config, sources, checked, seedFile } = material;
  const warnings: string[] = [];
  const hasCallers = [...ledger.callers()].length > 0;
  if (!hasCallers && !isLoopback(config.host)) {
    return refuse(
      `${config.host} is reachable from other machines, and the store has no callers: add one first with\n  behalf callers add admin --role administer --store ${shown(config.store)}`,
    );
  }
  if (!hasCallers && !config.dev) {
    warnings.push(`nobody can ask: behalf callers add ID --role … --store ${shown(config.store)}, or --dev`);
  }

  let bundle: Running['bundle'] = 'kept';
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
): Promise<Result<Running['seeded'], NotStarted>> {
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
  bundle: Running['bundle'],
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
    return parseSeed({ path: shown(path), text: readFileSync(path, 'utf8') });
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

function reasonOf(fault: unknown, { host, port }: Config): string {
  const { code, message } = fault as { readonly code?: unknown; readonly message?: string };
  if (code === 'EADDRINUSE') return `${host}:${port} is in use: another server runs there; --port takes another one`;
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `cannot listen on ${host}:${port}: ${message}`;
  }
  return message ?? String(fault);
}

function refuse(message: string, problems: readonly Problem[] = []) {
  return err({ message, problems });
}
