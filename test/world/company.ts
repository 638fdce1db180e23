import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Caller } from '../../src/callers/caller.ts';
import { checkSources } from '../../src/cli/check-sources.ts';
import { readSources } from '../../src/cli/read-sources.ts';
import { type Change, relationshipKey } from '../../src/core/change.ts';
import { toDraft } from '../../src/core/delegation/check-delegations.ts';
import type { Delegation } from '../../src/core/delegation/delegation.ts';
import type { DelegationDraft } from '../../src/core/delegation/draft.ts';
import { formatProblem, type Problem } from '../../src/core/problem.ts';
import type { Result } from '../../src/core/result.ts';
import type { Bundle, EntityRecord } from '../../src/core/snapshot.ts';
import { State } from '../../src/core/state.ts';
import { planDelegation } from '../../src/engine/delegate.ts';
import { parseSeed, seedProblems } from '../../src/engine/parse-seed.ts';
import { seedFaults } from '../../src/engine/seed.ts';

const ROOT = join(import.meta.dirname, '../..');

/** When the example world is looked at; every test takes its own time from here. */
export const NOW = Date.parse('2026-12-01T09:00:00Z');

const ADMINISTRATOR: Caller = {
  id: 'administrator',
  roles: ['administer'],
  actors: [],
  origins: [],
  vouches: [],
  direct: false,
  asserts: [],
  mode: 'enforce',
};

/** The example world of the repository in memory: read, checked and filled as `npm start` does it. */
export class Company {
  readonly state = new State();
  readonly bundle: Bundle;
  private readonly ids = new Map<string, string>();
  private revision = 1;

  constructor() {
    const directory = (name: string) => ({ path: join(ROOT, name), stated: true });
    const sources = valid(readSources({ model: directory('model'), policies: directory('policies') }));
    const { bundle, delegations } = checkSources(sources, NOW);
    this.bundle = valid(bundle);

    const seed = valid(parseSeed({ path: 'seed.yaml', text: readFileSync(join(ROOT, 'model/seed.yaml'), 'utf8') }));
    const faults = seedProblems(seed, seedFaults(seed, this));
    if (faults.length > 0) throw new Error(faults.map(formatProblem).join('\n'));
    for (const entity of seed.entities) this.register(entity);
    for (const tuple of seed.tuples) this.apply({ kind: 'relationship', key: relationshipKey(tuple), value: tuple });
    for (const entry of valid(delegations)) {
      const { parent: _provisional, ...draft } = toDraft(entry, NOW);
      this.delegate({ ...draft, name: entry.name, ...(entry.parent === undefined ? {} : { parent: entry.parent }) });
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

function valid<T>(read: Result<T, readonly Problem[]>): T {
  if (read.ok) return read.value;
  throw new Error(read.error.map(formatProblem).join('\n'));
}
