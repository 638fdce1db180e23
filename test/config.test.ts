import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CONFIG_KEYS, loadConfig, parseConfig } from '../src/config.ts';
import { isLoopbackHost } from '../src/core/loopback.ts';
import { formatProblem } from '../src/core/problem.ts';

const directory = mkdtempSync(join(tmpdir(), 'behalf-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

type Sources = Parameters<typeof parseConfig>[0];

function config(sources: Partial<Sources>) {
  const parsed = parseConfig({ flags: {}, env: {}, ...sources });
  if (!parsed.ok) throw new Error(parsed.error.map(formatProblem).join('\n'));
  return parsed.value;
}

function problems(sources: Partial<Sources>): readonly string[] {
  const parsed = parseConfig({ flags: {}, env: {}, ...sources });
  return parsed.ok ? [] : parsed.error.map(formatProblem);
}

const yaml = (text: string) => ({ file: { path: '/etc/behalf.yaml', text } });

describe('config', () => {
  test('has a default for everything that needs one, and is frozen', () => {
    const value = config({});
    expect(value).toMatchObject({
      host: '127.0.0.1',
      port: 7420,
      store: '.behalf/behalf.db',
      log: '.behalf/decisions',
      auditKey: '.behalf/audit.key',
      model: { path: 'model', stated: false },
      dev: false,
      node: 'local',
    });
    expect(Object.isFrozen(value)).toBe(true);
  });

  test('a flag beats the environment, which beats the file', () => {
    const file = yaml('port: 1\nnode: from-file\nhost: ::1').file;
    const env = { BEHALF_PORT: '2', BEHALF_NODE: 'from-env' };
    expect(config({ flags: { port: '3' }, env, file })).toMatchObject({ port: 3, node: 'from-env', host: '::1' });
    expect(config({ env, file }).port).toBe(2);
    expect(config({ file }).port).toBe(1);
  });

  test.each(Object.keys(CONFIG_KEYS))('%s has a flag, a variable and a key of the file', (key) => {
    const values: { readonly [key: string]: string } = {
      host: '127.0.0.2',
      port: '7',
      store_id: '01BX5ZZKBKACTAV9WEVGEMMVRZ',
      commit: 'abcdef1',
      log_rate: '7',
      log_reserve_mib: '7',
      log_keep_days: '30',
      log_keep_mib: '512',
      dev: 'true',
      public_hosts: 'behalf.example.com,localhost:8443',
      checkpoint_webhook: 'https://witness.example/checkpoints',
      keep_bundle: 'true',
      allow_orphans: 'true',
      watch: 'true',
      metrics: 'audit',
    };
    const value = values[key] ?? '/somewhere';
    if (key === 'node')
      return expect(config({ flags: { node: 'n1' } })).toEqual(config({ env: { BEHALF_NODE: 'n1' } }));
    const byFlag = config({ flags: { [key]: value } });
    expect(byFlag).not.toEqual(config({}));
    expect(config({ env: { [`BEHALF_${key.toUpperCase()}`]: value } })).toEqual(byFlag);
    expect(config(yaml(`${key}: ${value}`))).toEqual(byFlag);
  });

  test('metrics are open on loopback only, unless somebody says so', () => {
    expect(config({}).metrics).toBe('open');
    expect(config({ flags: { host: '10.0.0.1' } }).metrics).toBe('audit');
    expect(config({ flags: { host: '10.0.0.1', metrics: 'open' } }).metrics).toBe('open');
    expect(problems({ flags: { metrics: 'all' } })).toEqual([expect.stringContaining('open or audit')]);
  });

  test('the log lies next to the store, and paths of the file count from the file', () => {
    expect(config({ flags: { store: '/var/b/x.db' } }).log).toBe('/var/b/decisions');
    expect(config(yaml('store: data/x.db\npolicies: ../p'))).toMatchObject({
      store: '/etc/data/x.db',
      log: '/etc/data/decisions',
      policies: { path: '/p', stated: true },
    });
  });

  test('refuses what is unknown and names what is known', () => {
    expect(problems(yaml('port: 1\nprot: 2'))).toEqual([
      expect.stringMatching(/^\/etc\/behalf\.yaml:2:1: unknown key \(found prot; expected host, port, /),
    ]);
    expect(problems({ env: { BEHALF_PROT: '1' } })).toEqual([
      expect.stringMatching(/found BEHALF_PROT; expected BEHALF_HOST, BEHALF_PORT/),
    ]);
    expect(problems({ env: { BEHALF_URL: 'http://x', BEHALF_KEY: 'k', BEHALF_CONFIG: 'f', PATH: '/' } })).toEqual([]);
  });

  test.each([
    ['port', '70000'],
    ['checkpoint_webhook', 'ftp://witness.example'],
    ['checkpoint_webhook', 'witness'],
    ['port', '80a'],
    ['port', ''],
    ['dev', 'yes'],
    ['store_id', 'mine'],
    ['node', 'a b'],
    ['host', ' '],
  ])('refuses %s = "%s", wherever it comes from', (key, value) => {
    expect(problems({ flags: { [key]: value } })).toHaveLength(1);
    expect(problems({ env: { [`BEHALF_${key.toUpperCase()}`]: value } })).toHaveLength(1);
    expect(problems(yaml(`${key}: "${value}"`))).toEqual([expect.stringContaining('/etc/behalf.yaml:1:')]);
  });

  test('reports everything at once, also what would not have counted', () => {
    expect(
      problems({ flags: { port: '1' }, env: { BEHALF_PORT: 'x', BEHALF_NODE: '!' }, ...yaml('dev: [1]') }),
    ).toHaveLength(3);
  });

  test('--dev is for loopback only', () => {
    expect(problems({ flags: { dev: true, host: '0.0.0.0' } })).toEqual([
      expect.stringContaining('0.0.0.0 is not a loopback address'),
    ]);
    expect(config({ flags: { dev: true, host: 'localhost' } }).dev).toBe(true);
  });

  test.each([
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['[::1]', true],
    ['LOCALHOST', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.example.com', false],
    ['10.0.0.1', false],
    ['localhost.example.com', false],
    ['127.0.0.256', false],
    ['127.0.0.01', false],
    ['127.255.0.9', true],
  ])('%s is loopback: %s', (host, expected) => {
    expect(isLoopbackHost(host)).toBe(expected);
  });

  test('reads the file that the flag or the variable names, or says why it cannot', () => {
    const path = join(directory, 'behalf.yaml');
    writeFileSync(path, 'port: 9\n');
    expect(loadConfig({ config: path }, {})).toMatchObject({ ok: true, value: { port: 9 } });
    expect(loadConfig({}, { BEHALF_CONFIG: path })).toMatchObject({ ok: true, value: { port: 9 } });
    const missing = loadConfig({ config: join(directory, 'none.yaml') }, {});
    expect(missing.ok ? '' : missing.error[0]?.message).toMatch(/cannot be read: ENOENT/);
  });
});
