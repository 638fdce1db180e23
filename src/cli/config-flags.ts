import type { Command } from 'commander';
import { CONFIG_KEYS, flagOf } from '../config.ts';

export type ConfigKey = keyof typeof CONFIG_KEYS;

/** Those of an engine without a server: what is decided by, and where it is recorded. */
export const ENGINE_KEYS: readonly ConfigKey[] = [
  'store',
  'log',
  'log_rate',
  'log_reserve_mib',
  'log_redact',
  'log_redact_file',
  'log_redact_key',
  'log_keep_days',
  'log_keep_mib',
  'audit_key',
  'checkpoint_file',
  'checkpoint_webhook',
  'model',
  'policies',
  'seed',
  'node',
  'environment',
  'commit',
  'keep_bundle',
  'allow_orphans',
  'watch',
];

/** Adds flags for keys of the configuration, each with its help from the one table. */
export function withConfigFlags(command: Command, keys: readonly ConfigKey[]): Command {
  command.option('--config <FILE>', 'keys of the configuration as YAML (BEHALF_CONFIG)');
  for (const key of keys) {
    const { help, ...shape } = CONFIG_KEYS[key];
    const placeholder = 'placeholder' in shape ? ` <${shape.placeholder}>` : '';
    const fallback = 'placeholder' in shape && 'default' in shape ? ` (default ${shape.default})` : '';
    command.option(`${flagOf(key)}${placeholder}`, `${help}${fallback}`);
  }
  return command;
}

/** Commander's `storeId` is the key `store_id`. */
export function flagsOf(options: { readonly [name: string]: unknown }): { readonly [key: string]: string | boolean } {
  const flags = Object.entries(options).filter(([, value]) => typeof value === 'string' || typeof value === 'boolean');
  return Object.fromEntries(
    flags.map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value as string | boolean,
    ]),
  );
}
