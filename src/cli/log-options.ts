import { openRedactKey } from '../audit/privacy/redact-key.ts';
import { parseRedactRules, type RedactRule } from '../audit/privacy/redact-rules.ts';
import type { RedactionOptions } from '../audit/privacy/redaction.ts';
import type { RetentionOptions } from '../audit/segments/retention.ts';
import type { Config } from '../config.ts';
import { err, ok, type Result } from '../core/result.ts';
import { readTextFile } from '../text-file.ts';
import type { LogOptions } from './command.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const SEGMENT_MIB = 64;
/** Segments that a log of limited size has, at least: it is kept to that size by removing whole ones. */
const SEGMENTS = 8;

/** What a server tells its decision log. */
export function logOptions(
  { environment, commit, logReserveMib, logKeepDays, logKeepMib }: Config,
  redaction: RedactionOptions | undefined,
  upkeep: Pick<RetentionOptions, 'clock' | 'covered'>,
): LogOptions {
  const keep = {
    ...(logKeepDays === undefined ? undefined : { keepMs: logKeepDays * DAY_MS }),
    ...(logKeepMib === undefined ? undefined : { keepBytes: logKeepMib * MIB }),
  };
  return {
    reserveBytes: logReserveMib * MIB,
    ...(logKeepMib === undefined ? undefined : { segmentBytes: Math.min(SEGMENT_MIB, logKeepMib / SEGMENTS) * MIB }),
    ...(environment === undefined ? undefined : { environment }),
    ...(commit === undefined ? undefined : { commit }),
    ...(redaction === undefined ? undefined : { redaction }),
    ...(Object.keys(keep).length === 0 ? undefined : { retention: { ...keep, ...upkeep } }),
  };
}

/**
 * The rules of `log_redact` and of the file that `log_redact_file` names, with the key where one of them takes it;
 * undefined where there are none. Or what is wrong with them: whoever named something to be left out must not find it
 * in the log.
 */
export function readRedaction({
  logRedact,
  logRedactFile,
  logRedactKey,
}: Config): Result<RedactionOptions | undefined, string> {
  const rules: RedactRule[] = [];
  for (const [name, text] of [
    ['log_redact', ok(logRedact ?? '')],
    [logRedactFile ?? '', logRedactFile === undefined ? ok('') : textOf(logRedactFile)],
  ] as const) {
    if (!text.ok) return text;
    const parsed = parseRedactRules(text.value);
    if (!parsed.ok) return err(`${name}: ${parsed.error}`);
    rules.push(...parsed.value);
  }
  if (rules.length === 0) return ok(undefined);
  if (!rules.some(({ replacement }) => replacement === 'hmac')) return ok({ rules, key: undefined });
  const key = openRedactKey(logRedactKey);
  return key.ok ? ok({ rules, key: key.value }) : key;
}

function textOf(path: string): Result<string, string> {
  try {
    return ok(readTextFile(path));
  } catch (fault) {
    return err(`log_redact_file cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}
