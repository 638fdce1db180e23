import { entityPatternFault } from '../core/delegation/patterns.ts';
import { type EntityId, parseEntity, shorten } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { ASSERTABLE, type Caller, ROLES } from './caller.ts';

/** Something wrong with one field of a caller. */
export interface CallerFault {
  /** `actors/0` and the like; empty for the whole. */
  readonly field: string;
  readonly message: string;
}

/** It becomes part of a key and of every record: no separators of paths, headers or logs. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Callers that have no key: a stored one of that name could not be told from them in the logs. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['dev', 'the caller of --dev'],
  ['operator', 'what the command itself writes as'],
]);
const MODES = ['enforce', 'observe'] as const;
/** Patterns are compared one by one in every check. */
const LONGEST_LIST = 256;

type Report = (field: string, message: string) => void;
type Fields = { readonly [field: string]: unknown };

const FIELDS: ReadonlySet<string> = new Set([
  'id',
  'roles',
  'principal',
  'actors',
  'origins',
  'vouches',
  'direct',
  'asserts',
  'agents',
  'mode',
]);

/**
 * Accepts a caller as an administrator wrote it (API, configuration) or as it is stored, or says everything that is
 * wrong with it. Only `id` and `roles` are required; what is absent is the least: nobody, nothing, `enforce`.
 * An unknown field is an error, because a misspelt restriction must not silently vanish (design, section 3).
 */
export function parseCaller(input: unknown): Result<Caller, readonly CallerFault[]> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return err([{ field: '', message: 'a caller is an object with at least an id and roles' }]);
  }
  const fields = input as Fields;
  const faults: CallerFault[] = [];
  const report: Report = (field, message) => faults.push({ field, message });
  for (const field of Object.keys(fields)) {
    if (!FIELDS.has(field)) report(field, `is unknown: a caller has ${[...FIELDS].join(', ')}`);
  }

  const principal = readPrincipal(fields.principal, report);
  const agents = readAgents(fields.agents, report);
  const caller: Caller = {
    id: readId(fields.id, report),
    roles: readMembers('roles', fields.roles, ROLES, report, true),
    ...(principal === undefined ? undefined : { principal }),
    actors: readPatterns('actors', fields.actors, report),
    origins: readPatterns('origins', fields.origins, report),
    vouches: readPatterns('vouches', fields.vouches, report),
    direct: readFlag('direct', fields.direct, report),
    asserts: readMembers('asserts', fields.asserts, ASSERTABLE, report, false),
    ...(agents === undefined ? undefined : { agents }),
    mode: readMode(fields.mode, report),
  };
  if (principal !== undefined && caller.actors.length > 0) {
    report('actors', `a caller that is ${principal} names only itself as actor: leave actors out, or principal`);
  }
  return faults.length > 0 ? err(faults) : ok(caller);
}

function readId(value: unknown, report: Report): string {
  if (typeof value !== 'string' || !ID.test(value)) {
    report('id', 'is 1 to 64 letters, digits, dots, hyphens and underscores, a letter or digit first');
    return '';
  }
  const reserved = RESERVED.get(value);
  if (reserved !== undefined) report('id', `"${value}" is ${reserved}: take another id`);
  return value;
}

function readMembers<T extends string>(
  field: string,
  value: unknown,
  known: readonly T[],
  report: Report,
  required: boolean,
): readonly T[] {
  if (value === undefined && !required) return [];
  if (!Array.isArray(value) || (required && value.length === 0)) {
    report(field, `is a list of ${known.join(', ')}${required ? ', at least one' : ''}`);
    return [];
  }
  value.forEach((member: unknown, index) => {
    if (!known.some((name) => name === member)) {
      report(`${field}/${index}`, `${show(member)} is none of ${known.join(', ')}`);
    }
  });
  return known.filter((name) => value.includes(name));
}

function readPatterns(field: string, value: unknown, report: Report): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > LONGEST_LIST) {
    report(field, `is a list of at most ${LONGEST_LIST} patterns like agent:mailer, agent:acme/* or * for anyone`);
    return [];
  }
  value.forEach((pattern: unknown, index) => {
    const fault = patternFault(pattern);
    if (fault !== undefined) report(`${field}/${index}`, fault);
  });
  return value.filter((pattern) => typeof pattern === 'string');
}

function patternFault(pattern: unknown): string | undefined {
  if (typeof pattern !== 'string') return `${show(pattern)} is not text`;
  return pattern === '*' ? undefined : entityPatternFault(pattern);
}

function readPrincipal(value: unknown, report: Report): EntityId | undefined {
  if (value === undefined) return undefined;
  const parsed = typeof value === 'string' ? parseEntity(value) : err(`${show(value)} is not text like user:alice`);
  if (parsed.ok) return parsed.value;
  report('principal', parsed.error);
  return undefined;
}

function readAgents(value: unknown, report: Report): Caller['agents'] {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report('agents', 'is a map of bare agent names to entities, like {"claude": "agent:claude"}');
    return undefined;
  }
  const agents: [string, EntityId][] = [];
  for (const [name, entity] of Object.entries(value)) {
    const parsed =
      typeof entity === 'string' ? parseEntity(entity) : err(`${show(entity)} is not text like agent:mailer`);
    if (name === '') report('agents', 'an empty name cannot stand for an agent');
    else if (parsed.ok) agents.push([name, parsed.value]);
    else report(`agents/${name}`, parsed.error);
  }
  return Object.fromEntries(agents);
}

function readFlag(field: string, value: unknown, report: Report): boolean {
  if (value !== undefined && typeof value !== 'boolean') report(field, 'is true or false');
  return value === true;
}

function readMode(value: unknown, report: Report): Caller['mode'] {
  const mode = value === undefined ? 'enforce' : MODES.find((name) => name === value);
  if (mode === undefined) report('mode', `is ${MODES.join(' or ')}`);
  return mode ?? 'enforce';
}

function show(value: unknown): string {
  return shorten(JSON.stringify(value) ?? String(value));
}
