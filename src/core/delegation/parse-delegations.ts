import { DURATION_EXPECTED, parseDuration } from '../duration.ts';
import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import { type Place, readYaml, type YamlValue } from '../yaml-value.ts';
import { type ActivationMode, type Capability, PROOFS, type Proof } from './delegation.ts';
import type { DelegationDraft } from './draft.ts';

/** One delegation as a file states it: to be made under a name, below another one of the files by its name. */
export interface DelegationEntry extends Omit<DelegationDraft, 'name' | 'parent' | 'not_before'> {
  readonly name: string;
  /** The name of the entry that it hands on. */
  readonly parent?: string;
  /** Seconds from the moment that it is applied. */
  readonly expires_in?: number;
  /** Where the entry begins. */
  readonly place: Place;
  /** Where its fields stand, by `to`, `capabilities/0/resources/1` and the like. */
  readonly places: ReadonlyMap<string, Place>;
}

const KEYS = [
  'name',
  'parent',
  'from',
  'to',
  'origin',
  'capabilities',
  'condition',
  'proof',
  'activation',
  'expires_at',
  'expires_in',
  'max_session',
  'max_depth',
  'onward_to',
] as const;
const CAPABILITY_KEYS = ['actions', 'resources', 'condition'] as const;
const MODES: readonly ActivationMode[] = ['standing', 'session'];
/** RFC 3339 with a zone: a local time would mean another moment on another machine. */
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads one file of `policies/delegations/`: a list under `delegations:`. Every mistake of form comes at once, with its
 * place; what an entry means (types, patterns, whether its parent has it) is `checkDelegations`'s.
 */
export function parseDelegationFile(file: {
  readonly path: string;
  readonly text: string;
}): Result<readonly DelegationEntry[], readonly Problem[]> {
  const problems: Problem[] = [];
  const list = readYaml(file, problems)?.fields(['delegations'], ['delegations'])?.get('delegations');
  const entries = list === undefined ? [] : readDelegationList(list);
  return problems.length > 0 ? err(problems) : ok(entries);
}

/** The entries of a list that was opened; what is wrong with one has been reported where it was found. */
export function readDelegationList(list: YamlValue): readonly DelegationEntry[] {
  return list.items('a list of delegations')?.flatMap((item) => parseEntry(item) ?? []) ?? [];
}

function parseEntry(item: YamlValue): DelegationEntry | undefined {
  const fields = item.fields(KEYS, ['name', 'to', 'capabilities']);
  if (fields === undefined) return undefined;
  const places = new Map<string, Place>();
  for (const [name, value] of fields) places.set(name, value.place);
  const text = (key: (typeof KEYS)[number], expected: string): string | undefined => fields.get(key)?.string(expected);

  const name = text('name', 'a name');
  const to = text('to', 'a principal, like agent:planner');
  const capabilities = fields
    .get('capabilities')
    ?.items('a list of {actions, resources, condition?}')
    ?.flatMap((value, index) => parseCapability(value, `capabilities/${index}`, places) ?? []);
  const expiresAt = fields.get('expires_at');
  const expiresIn = fields.get('expires_in');
  if (expiresAt !== undefined && expiresIn !== undefined) {
    expiresIn.fail('expires_at and expires_in say the same in two ways', { expected: 'one of them' });
  }
  const entry = {
    name,
    parent: text('parent', 'the name of another delegation'),
    from: text('from', 'a principal or a set, like user:alice or group:finance#member'),
    to,
    origin: text('origin', 'a principal, like user:alice'),
    capabilities,
    condition: text('condition', 'a CEL expression'),
    proof: oneOf<Proof>(fields.get('proof'), PROOFS),
    activation: oneOf<ActivationMode>(fields.get('activation'), MODES),
    expires_at: expiresAt === undefined ? undefined : parseTime(expiresAt),
    expires_in: expiresIn === undefined ? undefined : parseSeconds(expiresIn),
    max_session: fields.has('max_session') ? parseSeconds(fields.get('max_session')) : undefined,
    max_depth: fields.get('max_depth')?.integer('a number of further hops'),
    onward_to: patterns(fields.get('onward_to'), 'onward_to', places),
    place: item.place,
    places,
  };
  if (name === undefined || to === undefined || capabilities === undefined) return undefined;
  // What is absent must be absent: an undefined key would be stored, and compared.
  return Object.fromEntries(
    Object.entries(entry).filter(([, value]) => value !== undefined),
  ) as unknown as DelegationEntry;
}

function parseCapability(value: YamlValue, at: string, places: Map<string, Place>): Capability | undefined {
  const fields = value.fields(CAPABILITY_KEYS, ['actions', 'resources']);
  if (fields === undefined) return undefined;
  places.set(at, value.place);
  for (const [name, field] of fields) places.set(`${at}/${name}`, field.place);
  const actions = patterns(fields.get('actions'), `${at}/actions`, places);
  const resources = patterns(fields.get('resources'), `${at}/resources`, places);
  const condition = fields.get('condition')?.string('a CEL expression');
  if (actions === undefined || resources === undefined) return undefined;
  return { actions, resources, ...(condition === undefined ? undefined : { condition }) };
}

function patterns(value: YamlValue | undefined, at: string, places: Map<string, Place>): readonly string[] | undefined {
  const read = value?.strings('a pattern or a list of patterns');
  read?.forEach(({ place }, index) => {
    places.set(`${at}/${index}`, place);
  });
  return read?.map(({ text }) => text);
}

function oneOf<T extends string>(value: YamlValue | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  return allowed.find((one) => one === value.scalar) ?? value.mistyped(allowed.join(' or '));
}

/** Milliseconds since 1970. */
function parseTime(value: YamlValue): number | undefined {
  const text = value.scalar;
  const ms = typeof text === 'string' && RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? value.mistyped('a time with its zone, like 2027-01-31T00:00:00Z') : ms;
}

function parseSeconds(value: YamlValue | undefined): number | undefined {
  const scalar = value?.scalar;
  const seconds = typeof scalar === 'string' ? parseDuration(scalar) : scalar;
  if (typeof seconds === 'number' && Number.isSafeInteger(seconds) && seconds > 0) return seconds;
  return value?.mistyped(`whole seconds, or ${DURATION_EXPECTED}`);
}
