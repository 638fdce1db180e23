import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Evidence } from '../../src/audit/checkpoints/evidence.ts';
import { openFileEvidence } from '../../src/audit/checkpoints/file-evidence.ts';
import { openFileLog } from '../../src/audit/file-log.ts';
import type { DecisionLog } from '../../src/audit/log.ts';
import { openRecordFiles } from '../../src/audit/records/record-files.ts';
import type { Caller } from '../../src/callers/caller.ts';
import { toCallerRow } from '../../src/callers/caller-row.ts';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { makeKey } from '../../src/callers/key.ts';
import { compileBundle } from '../../src/core/bundle.ts';
import { publish, type SourceFile, toBundleSource } from '../../src/engine/bundles/publish.ts';
import { addCaller } from '../../src/engine/callers.ts';
import { Checks } from '../../src/engine/check.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import type { LogRate } from '../../src/engine/log-rate.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { App, CerbosOptions } from '../../src/wire/app.ts';
import { buildServer } from '../../src/wire/server.ts';

export const STORE_ID = '01HVMMBCMGZNT3SED4Z17ECXCA';

/** A clock that tests move. */
interface Clock {
  now: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: { readonly [name: string]: unknown };
  readonly text: string;
  /** The body, where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

interface Ask {
  readonly key?: string;
  readonly headers?: { readonly [name: string]: string };
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** A server on real parts: a SQLite file, a log of files, the whole engine. */
export interface ServerUnderTest extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly ledger: Ledger;
  readonly log: DecisionLog;
  readonly clock: Clock;
  /** Adds a caller and returns its key. */
  key(caller: Partial<Caller> & Pick<Caller, 'id' | 'roles'>): string;
  ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD', url: string, ask?: Ask): Promise<Reply>;
}

export interface Options {
  readonly files: readonly SourceFile[];
  readonly dev?: boolean;
  readonly orphans?: 'refuse' | 'allow';
  /** Puts something between the checks and the real log. */
  readonly wrapLog?: (log: DecisionLog) => DecisionLog;
  /** Puts something between the doors and the real evidence. */
  readonly wrapEvidence?: (evidence: Evidence) => Evidence;
  readonly cerbos?: CerbosOptions;
  readonly rate?: LogRate;
  readonly metrics?: NonNullable<App['metrics']>;
}

/** A log that does what `log` does, except where it does something else. */
export function logLike(log: DecisionLog, other: Partial<DecisionLog>): DecisionLog {
  return {
    append: (entry) => log.append(entry),
    has: (id) => log.has(id),
    get: (id) => log.get(id),
    list: (filter, page) => log.list(filter, page),
    summarize: (filter, options, nextTurn) => log.summarize(filter, options, nextTurn),
    close: () => log.close(),
    get state() {
      return log.state;
    },
    ...other,
  };
}

export function openServer({
  files,
  dev = false,
  orphans = 'refuse',
  wrapLog = (log) => log,
  wrapEvidence = (evidence) => evidence,
  cerbos = {},
  rate,
  metrics,
}: Options): ServerUnderTest {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-wire-'));
  const clock: Clock = { now: Date.parse('2030-01-01T12:00:00Z') };
  const store = openSqliteStore(join(directory, 'store.db'));
  const files0 = openFileLog(join(directory, 'log'), 'test');
  const log = wrapLog(files0);
  const empty = compileBundle(toBundleSource([]));
  if (!empty.ok) throw new Error('the empty bundle does not compile');
  const ledger = new Ledger(store, () => clock.now, empty.value);
  const published = publish(ledger, files, DEV_CALLER, { orphans: 'refuse' });
  if (!published.ok) throw new Error(published.error.message);
  const checks = new Checks(ledger, log, rate);
  const limits = rate === undefined ? {} : { rate };
  const evidence = openFileEvidence({
    directory: join(directory, 'log'),
    node: 'test',
    keyPath: join(directory, 'audit.key'),
    head: () => files0.state.last,
    changes: { revision: 0, sha256: () => undefined, mirrored: async () => undefined },
    pushTo: {},
    clock: () => clock.now,
  });
  const records = openRecordFiles(join(directory, 'log'));
  const app = buildServer({
    records,
    ledger,
    checks,
    log,
    evidence: wrapEvidence(evidence),
    dev,
    storeId: STORE_ID,
    orphans,
    cerbos,
    ...limits,
    ...(metrics === undefined ? undefined : { metrics }),
  });

  return {
    app,
    ledger,
    log,
    clock,
    key: (caller) => {
      const { key, keyHash } = makeKey(caller.id);
      const whole: Caller = {
        actors: [],
        origins: [],
        vouches: [],
        direct: false,
        asserts: [],
        mode: 'enforce',
        ...caller,
      };
      const added = addCaller(ledger, toCallerRow(whole, keyHash), DEV_CALLER);
      if (!added.ok) throw new Error(added.error.message);
      return key;
    },
    ask: async (method, url, { key, headers = {}, body } = {}) => {
      const reply = await app.inject({
        method,
        url,
        headers: {
          ...(body === undefined ? undefined : { 'content-type': 'application/json' }),
          ...(key === undefined ? undefined : { authorization: `Bearer ${key}` }),
          ...headers,
        },
        ...(body === undefined ? undefined : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const isJson = /[/+]json\b/.test(String(reply.headers['content-type']));
      return {
        status: reply.statusCode,
        headers: reply.headers,
        text: reply.body,
        json: isJson && reply.body !== '' ? JSON.parse(reply.body) : undefined,
      };
    },
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await evidence.close();
      await files0.close();
      store.close();
      rmSync(directory, { recursive: true });
    },
  };
}
