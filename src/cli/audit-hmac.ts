import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { readRedactKey } from '../audit/privacy/redact-key.ts';
import type { Json } from '../core/entity.ts';
import { CommandError, type Context, EXIT, type Finish } from './command.ts';

interface HmacOptions {
  readonly key: string;
  readonly text?: boolean;
}

const STANDARD_INPUT = 0;

/** What stands in records for a value that is redacted by HMAC: so that an auditor finds those that had it. */
export function auditHmacCommand({ terminal }: Context, finish: Finish): Command {
  return new Command('hmac')
    .description('what stands in records for a value, read from standard input, that is redacted by HMAC')
    .requiredOption('--key <FILE>', 'the redaction key of the node (serve --log-redact-key)')
    .option('--text', 'the input is a text as it stands, without its last line feed; default: it is JSON')
    .action((options: HmacOptions) => {
      const key = readRedactKey(options.key);
      if (!key.ok) throw new CommandError(key.error);
      const input = readFileSync(STANDARD_INPUT, 'utf8');
      terminal.out(hmacOf(options.text === true ? input.replace(/\r?\n$/, '') : valueIn(input), key.value.hmac));
      return finish(EXIT.ok);
    });
}

function valueIn(input: string): Json {
  try {
    return JSON.parse(input) as Json;
  } catch {
    throw new CommandError(
      `the value ${JSON.stringify(input.trim().slice(0, 80))} is no JSON: a text stands in quotes, or take --text`,
    );
  }
}

function hmacOf(value: Json, hmac: (value: Json) => string): string {
  try {
    return hmac(value);
  } catch (fault) {
    throw new CommandError(`the value has no hash: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}
