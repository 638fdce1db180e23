import type { Forest } from './delegation/forest.ts';
import type { Attributes, EntityId } from './entity.ts';
import type { Model } from './model/model.ts';
import type { Policies } from './policy/judgement.ts';
import type { TupleReader } from './relationships/tuples.ts';
import type { Settings } from './settings.ts';

/** What the directory holds of an entity. */
export interface EntityRecord {
  readonly entity: EntityId;
  readonly roles: readonly string[];
  readonly attributes: Attributes;
  readonly suspended: boolean;
  /** Final: the id is barred for ever. */
  readonly deleted: boolean;
}

/** One immutable version of model, policies and the settings that change decisions (design, section 7). */
export interface Bundle {
  /** `sha256:…` of its sources. */
  readonly digest: string;
  readonly model?: Model;
  readonly policies: Policies;
  readonly settings: Settings;
  /** Every type that the model declares or a policy is about; entities of other types are denied. */
  readonly types: ReadonlySet<string>;
}

/** Everything that a decision reads, at one revision. Nothing changes while a decision runs. */
export interface Snapshot {
  readonly revision: number;
  readonly bundle: Bundle;
  readonly tuples: TupleReader;
  readonly delegations: Forest;
  entity(id: EntityId): EntityRecord | undefined;
  /** Entities that the directory holds, in no particular order. Decisions never look at it: searches do. */
  registered(): Iterable<EntityRecord>;
}
