import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Caller } from '../../src/callers/caller.ts';
import { compileBundle, isBundleFile } from '../../src/core/bundle.ts';
import { type Change, relationshipKey } from '../../src/core/change.ts';
import type { Delegation } from '../../src/core/delegation/delegation.ts';
import type { DelegationDraft } from '../../src/core/delegation/draft.ts';
import { type DelegationEntry, parseDelegationFile } from '../../src/core/delegation/parse-delegations.ts';
import type { Attributes } from '../../src/core/entity.ts';
import { formatProblem } from '../../src/core/problem.ts';
import type { Relationship } from '../../src/core/relationships/membership.ts';
import type { Bundle, EntityRecord } from '../../src/core/snapshot.ts';
import { State } from '../../src/core/state.ts';
import { planDelegation } from '../../src/engine/delegate.ts';

const ROOT = join(import.meta.dirname, '../..');

/** When the example world is looked at; every test takes its own time from here. */
export const NOW = Date.parse('2026-12-01T09:00:00Z');

const ADMINISTRATOR: Caller = {
  id: 'apply',
  roles: ['administer'],
  actors: [],
  origins: [],
  vouches: [],
  direct: false,
  asserts: [],
  mode: 'enforce',
};

interface Seed {
  readonly entities: readonly { entity: string; roles?: readonly string[]; attributes?: Attributes }[];
  readonly tuples: readonly Relationship[];
}

/** The example world of the repository in memory, as `npm start` seeds it. */
export class Company {
  readonly state = new State();
  readonly bundle: Bundle;
  private readonly ids = new Map<string, string>();
  private revision = 1;

  constructor() {
    this.bundle = bundleOfTheExample();
    const seed = parse(read('model/seed.yaml')) as Seed;
    for (const { entity, roles = [], attributes = {} } of seed.entities) this.register({ entity, roles, attributes });
    for (const tuple of seed.tuples) this.apply({ kind: 'relationship', key: relationshipKey(tuple), value: tuple });
    for (const file of filesBelow('policies/delegations')) {
      for (const { place, places, expires_in, ...entry } of entriesOf(file)) {
        this.delegate({
          ...entry,
          ...(expires_in === undefined ? undefined : { expires_at: NOW + expires_in * 1000 }),
        });
      }
    }
  }

  apply(change: Change): void {
    this.state.apply(change, this.revision);
    this.revision += 1;
  }

  register(entity: Partial<EntityRecord> & { readonly entity: string }): void {
    const before = this.state.snapshot(this.bundle).entity(entity.entity);
    const value = { roles: [], attributes: {}, suspended: false, deleted: false, ...before, ...entity };
    this.apply({ kind: 'entity', key: entity.entity, value });
  }

  /** Makes a delegation as an administrator, checked as the server checks it. `parent` is a name. */
  delegate({ parent, ...draft }: DelegationDraft & { readonly name: string }): string {
    const below = parent === undefined ? draft : { ...draft, parent: this.id(parent) };
    const planned = planDelegation(this.state.snapshot(this.bundle), below, ADMINISTRATOR, NOW);
    if (!planned.ok) throw new Error(`${draft.name}: ${JSON.stringify(planned.error)}`);
    const id = `dlg_${String(this.ids.size + 1).padStart(2, '0')}`;
    const value: Delegation = {
      ...planned.value,
      id,
      created_at: NOW,
      created_by: ADMINISTRATOR.id,
      revision: this.revision,
    };
    this.apply({ kind: 'delegation', key: id, value });
    this.ids.set(draft.name, id);
    return id;
  }

  /** The id of the delegation that the files give this name. */
  id(name: string): string {
    const id = this.ids.get(name);
    if (id === undefined) throw new Error(`no delegation is named ${name}`);
    return id;
  }
}

function bundleOfTheExample(): Bundle {
  const paths = [...filesBelow('model'), ...filesBelow('policies')].filter(isBundleFile);
  const bundle = compileBundle({ digest: 'sha256:example', files: paths.map((path) => ({ path, text: read(path) })) });
  if (!bundle.ok) throw new Error(bundle.error.map(formatProblem).join('\n'));
  return bundle.value;
}

function entriesOf(path: string): readonly DelegationEntry[] {
  const entries = parseDelegationFile({ path, text: read(path) });
  if (!entries.ok) throw new Error(entries.error.map(formatProblem).join('\n'));
  return entries.value;
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
