import { dirname, join, resolve } from 'node:path';
import { isNodeName } from './audit/records/record.ts';
import { isLoopbackHost } from './core/loopback.ts';
import type { Problem } from './core/problem.ts';
import { err, ok, type Result } from './core/result.ts';
import { readYaml } from './core/yaml-value.ts';
import { readTextFile } from './text-file.ts';

/** Everything that a server is told before it starts. */
export interface Config {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The file of the store. */
  readonly store: string;
  /** The directory of the decision log. */
  readonly log: string;
  readonly model: SourceDirectory;
  readonly policies: SourceDirectory;
  /** A directory of key sets for the JWTs in Cerbos's aux data. */
  readonly jwtKeysets: string | undefined;
  readonly seed: string | undefined;
  readonly dev: boolean;
  /** Names under which pages of the server's own are shown to browsers, lower case, with their port. */
  readonly publicHosts: ReadonlySet<string>;
  /** The id of the one store of the OpenFGA door. */
  readonly storeId: string;
  readonly node: string;
  readonly environment: string | undefined;
  /** The git commit that is deployed, for the decision records. */
  readonly commit: string | undefined;
  /** Decisions a second that each caller may have recorded. */
  readonly logRate: number;
  /** The file of the key that checkpoints of the log are signed with. */
  readonly auditKey: string;
  /** A file, and a URL, that checkpoints are pushed to. */
  readonly checkpointFile: string | undefined;
  readonly checkpointWebhook: string | undefined;
  /** Disk space that is kept back for the decision log. */
  readonly logReserveMib: number;
  /** Rules for what is left out of decision records (see `parseRedactRules`), and a file of more of them. */
  readonly logRedact: string | undefined;
  readonly logRedactFile: string | undefined;
  /** The file of the key for values that are replaced by their HMAC. */
  readonly logRedactKey: string;
  /** How long decision records are kept, and how many of them; absent: all. */
  readonly logKeepDays: number | undefined;
  readonly logKeepMib: number | undefined;
  /** Serve the bundle in the store where the directories hold a broken one. */
  readonly keepBundle: boolean;
  /** Publish a bundle under which stored relationships no longer count. */
  readonly allowOrphans: boolean;
  /** Publish the directories whenever they change. */
  readonly watch: boolean;
  /** Who may read `/metrics`: whoever reaches it, or callers that audit. */
  readonly metrics: 'open' | 'audit';
}

export interface SourceDirectory {
  readonly path: string;
  /** Somebody named it: then it must exist. One that is only the default may be missing. */
  readonly stated: boolean;
}

type Value = string | number | boolean;

interface Key {
  readonly help: string;
  /** What stands for the value in the help of the flag; none: it is on or off. */
  readonly placeholder?: string;
  readonly expected: string;
  readonly default?: string | number | boolean;
  /** A path in the file counts from where the file is. */
  readonly isPath?: true;
  readonly accepts: (value: string) => boolean;
}

const isText = (value: string): boolean => value.trim() !== '';
const hostList = (value: string): readonly string[] =>
  value
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
const isFlag = (value: string): boolean => value === 'true' || value === 'false';
const path = (help: string, placeholder: string): Key => ({
  help,
  placeholder,
  expected: 'a path',
  isPath: true,
  accepts: isText,
});
const flag = (help: string): Key => ({ help, expected: 'true or false', default: false, accepts: isFlag });

/** Every key: as it is written in the file; the flag is `--store-id`, the variable `BEHALF_STORE_ID`. */
export const CONFIG_KEYS = {
  host: {
    help: 'address to listen on; beyond loopback the server needs callers',
    placeholder: 'ADDRESS',
    expected: 'an address or a host name',
    default: '127.0.0.1',
    accepts: isText,
  },
  port: {
    help: 'port to listen on; 0 takes any that is free',
    placeholder: 'PORT',
    expected: 'a whole number from 0 to 65535',
    default: 7420,
    accepts: (value) => /^\d{1,5}$/.test(value) && Number(value) <= 65_535,
  },
  store: { ...path('file of the store', 'FILE'), default: '.behalf/behalf.db' },
  log: path('directory of the decision log (default: "decisions" next to the store)', 'DIR'),
  model: path('directory of the model, *.fga (default: "model", if it exists)', 'DIR'),
  policies: path('directory of the policies (default: "policies", if it exists)', 'DIR'),
  jwt_keysets: path(
    'directory of the key sets, NAME.jwk, .jwks, .json or .pem, that JWTs of Cerbos requests are verified with',
    'DIR',
  ),
  seed: path('entities and relationships for an empty store', 'FILE'),
  dev: flag('one caller that may do everything, without a key; on loopback only'),
  public_hosts: {
    help: 'names under which browsers reach the server, parted by commas: their pages may change something',
    placeholder: 'HOSTS',
    expected: 'host names, with a port where it is not the usual one, as in behalf.example.com,localhost:8443',
    accepts: (value) => isText(value) && hostList(value).every((host) => /^[a-z0-9.-]+(:\d{1,5})?$/.test(host)),
  },
  store_id: {
    help: 'id of the store at the OpenFGA door',
    placeholder: 'ULID',
    expected: '26 characters, digits and letters without I, L, O and U, beginning with 0 to 7',
    default: '01BEHAF0000000000000000000',
    accepts: (value) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value),
  },
  node: {
    help: 'name of this node, part of every decision id',
    placeholder: 'NAME',
    expected: '1 to 64 letters, digits, dots and hyphens',
    default: 'local',
    accepts: isNodeName,
  },
  environment: { help: 'name of the environment', placeholder: 'NAME', expected: 'a name', accepts: isText },
  commit: {
    help: 'git commit that is deployed; it stands in every decision record',
    placeholder: 'HASH',
    expected: '7 to 64 hexadecimal digits',
    accepts: (value) => /^[0-9a-f]{7,64}$/.test(value),
  },
  log_rate: {
    help: 'decisions a second that each caller may have recorded; beyond it its requests are refused (429)',
    placeholder: 'NUMBER',
    expected: 'a whole number from 1 to 1000000',
    // Half of what one core answers: no caller alone keeps the others out.
    default: 5000,
    accepts: (value) => /^[1-9]\d{0,6}$/.test(value) && Number(value) <= 1_000_000,
  },
  log_reserve_mib: {
    help: 'disk space, in MiB, kept back for the decision log for when the disk is full; 0: none',
    placeholder: 'NUMBER',
    expected: 'a whole number from 0 to 1000000',
    // Some fifty thousand decisions: time for somebody to come.
    default: 32,
    accepts: (value) => /^\d{1,7}$/.test(value) && Number(value) <= 1_000_000,
  },
  log_redact: {
    help: 'what is left out of decision records: paths, each with omit or hmac, as in "request.context.email omit"',
    placeholder: 'RULES',
    expected: 'paths, each with omit or hmac, parted by commas or line feeds',
    accepts: isText,
  },
  log_redact_file: path('file of more such rules, one on a line', 'FILE'),
  log_redact_key: path(
    'key of the HMACs in decision records, made where it is needed (default: "redact.key" next to the store)',
    'FILE',
  ),
  log_keep_days: {
    help: 'days that decision records are kept; their segments are removed whole (default: for ever)',
    placeholder: 'NUMBER',
    expected: 'a whole number from 1 to 36500',
    accepts: (value) => /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 36_500,
  },
  log_keep_mib: {
    help: 'size of the decision log, in MiB, beyond which its oldest segments are removed (default: none)',
    placeholder: 'NUMBER',
    expected: 'a whole number from 8 to 100000000',
    accepts: (value) => /^[1-9]\d{0,8}$/.test(value) && Number(value) >= 8 && Number(value) <= 100_000_000,
  },
  audit_key: path(
    'private key that checkpoints of the log are signed with, made at the first start (default: "audit.key" next to the store)',
    'FILE',
  ),
  checkpoint_file: path('file that every checkpoint is appended to, best on another machine', 'FILE'),
  checkpoint_webhook: {
    help: 'URL that every checkpoint is posted to',
    placeholder: 'URL',
    expected: 'a URL that begins with https:// or http://',
    accepts: (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
  },
  keep_bundle: flag('serve the last good bundle where the directories hold a broken one'),
  allow_orphans: flag('publish a bundle even if stored relationships no longer count under it'),
  watch: flag('publish the directories whenever they change; delegations are not applied'),
  metrics: {
    help: 'who may read /metrics: everybody who reaches it, or callers that audit (default: open on loopback only)',
    placeholder: 'WHO',
    expected: 'open or audit',
    accepts: (value) => value === 'open' || value === 'audit',
  },
} as const satisfies { readonly [key: string]: Key };

type ConfigKey = keyof typeof CONFIG_KEYS;
const NAMES = Object.keys(CONFIG_KEYS) as readonly ConfigKey[];

/** Variables that mean something to others than the server: the command as a client, and the tests. */
const OTHER_VARIABLES = ['BEHALF_CONFIG', 'BEHALF_URL', 'BEHALF_KEY', 'BEHALF_SUITES'];

type Environment = { readonly [name: string]: string | undefined };
/** Only those that were given, by their key. */
type Flags = { readonly [key: string]: Value | undefined };

interface Source {
  readonly name: (key: ConfigKey) => string;
  readonly values: ReadonlyMap<string, Value>;
  readonly place?: (key: ConfigKey) => Partial<Problem>;
}

/**
 * The configuration: a flag beats the environment, which beats the file. Or everything that is wrong with any of them,
 * whether it would have counted or not.
 */
export function parseConfig(sources: {
  readonly flags: Flags;
  readonly env: Environment;
  readonly file?: { readonly path: string; readonly text: string };
}): Result<Config, readonly Problem[]> {
  const problems: Problem[] = [];
  const file = sources.file === undefined ? undefined : fileSource(sources.file, problems);
  const inOrder = [flagSource(sources.flags), environmentSource(sources.env, problems), ...(file ? [file] : [])];
  for (const source of inOrder) {
    for (const key of NAMES) {
      const value = source.values.get(key);
      if (value === undefined || CONFIG_KEYS[key].accepts(String(value))) continue;
      const { expected } = CONFIG_KEYS[key];
      problems.push({
        ...source.place?.(key),
        message: `wrong value for ${source.name(key)}`,
        found: JSON.stringify(value),
        expected,
      });
    }
  }
  const stated = (key: ConfigKey): Value | undefined =>
    inOrder.map(({ values }) => values.get(key)).find((value) => value !== undefined);
  const config = toConfig(stated);
  if (config.dev && !isLoopbackHost(config.host)) {
    problems.push({
      message: `--dev lets everybody do everything, and ${config.host} is not a loopback address: take 127.0.0.1, or callers instead of --dev`,
    });
  }
  return problems.length > 0 ? err(problems) : ok(Object.freeze(config));
}

/** The same with the file read that `--config` or BEHALF_CONFIG names. */
export function loadConfig(flags: Flags, env: Environment): Result<Config, readonly Problem[]> {
  const named = flags.config ?? env.BEHALF_CONFIG;
  if (named === undefined) return parseConfig({ flags, env });
  const file = String(named);
  try {
    return parseConfig({ flags, env, file: { path: file, text: readTextFile(file) } });
  } catch (fault) {
    return err([{ message: `the configuration cannot be read: ${fault instanceof Error ? fault.message : fault}` }]);
  }
}

function toConfig(stated: (key: ConfigKey) => Value | undefined): Config {
  const text = (key: ConfigKey): string | undefined => {
    const value = stated(key);
    return value === undefined ? undefined : String(value);
  };
  const on = (key: ConfigKey): boolean => text(key) === 'true';
  const number = (key: ConfigKey): number | undefined => {
    const value = text(key);
    return value === undefined ? undefined : Number(value);
  };
  const directory = (key: 'model' | 'policies'): SourceDirectory => ({
    path: text(key) ?? key,
    stated: stated(key) !== undefined,
  });
  const store = text('store') ?? CONFIG_KEYS.store.default;
  const host = text('host') ?? CONFIG_KEYS.host.default;
  return {
    host,
    port: Number(text('port') ?? CONFIG_KEYS.port.default),
    store,
    log: text('log') ?? join(dirname(store), 'decisions'),
    model: directory('model'),
    policies: directory('policies'),
    jwtKeysets: text('jwt_keysets'),
    seed: text('seed'),
    dev: on('dev'),
    publicHosts: new Set(hostList(text('public_hosts') ?? '')),
    storeId: text('store_id') ?? CONFIG_KEYS.store_id.default,
    node: text('node') ?? CONFIG_KEYS.node.default,
    environment: text('environment'),
    commit: text('commit'),
    logRate: Number(text('log_rate') ?? CONFIG_KEYS.log_rate.default),
    logReserveMib: Number(text('log_reserve_mib') ?? CONFIG_KEYS.log_reserve_mib.default),
    logRedact: text('log_redact'),
    logRedactFile: text('log_redact_file'),
    logRedactKey: text('log_redact_key') ?? join(dirname(store), 'redact.key'),
    logKeepDays: number('log_keep_days'),
    logKeepMib: number('log_keep_mib'),
    auditKey: text('audit_key') ?? join(dirname(store), 'audit.key'),
    checkpointFile: text('checkpoint_file'),
    checkpointWebhook: text('checkpoint_webhook'),
    keepBundle: on('keep_bundle'),
    allowOrphans: on('allow_orphans'),
    watch: on('watch'),
    metrics: (text('metrics') ?? (isLoopbackHost(host) ? 'open' : 'audit')) === 'open' ? 'open' : 'audit',
  };
}

function flagSource(flags: Flags): Source {
  const values = NAMES.flatMap((key) => {
    const value = flags[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return { name: flagOf, values: new Map(values) };
}

function environmentSource(env: Environment, problems: Problem[]): Source {
  const values = new Map<string, Value>();
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('BEHALF_') || value === undefined || OTHER_VARIABLES.includes(variable)) continue;
    const key = NAMES.find((name) => variableOf(name) === variable);
    if (key !== undefined) values.set(key, value);
    else {
      const expected = [...NAMES.map(variableOf), 'BEHALF_CONFIG'].join(', ');
      problems.push({ message: 'unknown environment variable', found: variable, expected });
    }
  }
  return { name: variableOf, values };
}

function fileSource(file: { readonly path: string; readonly text: string }, problems: Problem[]): Source {
  const fields = readYaml(file, problems)?.fields(NAMES) ?? new Map();
  const values = new Map<string, Value>();
  for (const key of NAMES) {
    const field = fields.get(key);
    if (field === undefined) continue;
    const value = field.scalar;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      field.mistyped(CONFIG_KEYS[key].expected);
    } else {
      values.set(key, 'isPath' in CONFIG_KEYS[key] ? resolve(dirname(file.path), String(value)) : value);
    }
  }
  return { name: (key) => key, values, place: (key) => fields.get(key)?.place ?? { file: file.path } };
}

/** `--store-id`, the flag of `store_id`. */
export function flagOf(key: ConfigKey): string {
  return `--${key.replaceAll('_', '-')}`;
}

function variableOf(key: ConfigKey): string {
  return `BEHALF_${key.toUpperCase()}`;
}
