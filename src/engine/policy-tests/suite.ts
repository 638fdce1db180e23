import type { ReasonCode } from '../../core/decision.ts';
import type { Proof } from '../../core/delegation/delegation.ts';
import type { DelegationEntry } from '../../core/delegation/parse-delegations.ts';
import type { Attributes, Json } from '../../core/entity.ts';
import type { CerbosPrincipal, CerbosResource } from '../cerbos.ts';
import type { SeedFile } from '../parse-seed.ts';

/** A test suite of Cerbos (`*_test.yaml`), with what Behalf adds: a world, origins, sessions and reasons. */
export interface Suite {
  readonly file: string;
  readonly name: string;
  readonly description?: string;
  readonly skipped?: Skipped;
  readonly options?: TestOptions;
  readonly fixtures: Fixtures;
  readonly world?: World;
  readonly tests: readonly TestTable[];
}

export interface Skipped {
  readonly because: string;
}

/** What tests refer to by name. */
export interface Fixtures {
  readonly principals: ReadonlyMap<string, CerbosPrincipal>;
  readonly principalGroups: ReadonlyMap<string, readonly string[]>;
  readonly resources: ReadonlyMap<string, CerbosResource>;
  readonly resourceGroups: ReadonlyMap<string, readonly string[]>;
  readonly auxData: ReadonlyMap<string, Attributes>;
}

export const NO_FIXTURES: Fixtures = {
  principals: new Map(),
  principalGroups: new Map(),
  resources: new Map(),
  resourceGroups: new Map(),
  auxData: new Map(),
};

/** Ours (`behalf:`): what the store of the tested world holds. */
export interface World {
  /** The path of a seed, from where the suite is. */
  readonly seedFile?: string;
  /** Entities and relationships of the suite itself. */
  readonly seed: SeedFile;
  /** The path of a delegation file or a directory of them, from where the suite is. */
  readonly delegationFiles?: string;
  readonly delegations: readonly DelegationEntry[];
}

export interface TestOptions {
  /** Milliseconds since 1970: what `now()` answers. */
  readonly now?: number;
  readonly lenientScopeSearch?: boolean;
  readonly globals?: { readonly [name: string]: Json };
  readonly defaultPolicyVersion?: string;
  readonly defaultScope?: string;
}

/** Names of fixtures, by themselves and by groups. */
export interface Named {
  readonly names: readonly string[];
  readonly groups: readonly string[];
}

/** One test of a suite: every principal (for every origin) with every resource and action. */
export interface TestTable {
  readonly name: string;
  readonly description?: string;
  readonly skipped?: Skipped;
  readonly options?: TestOptions;
  readonly principals: Named;
  readonly resources: Named;
  readonly actions: readonly string[];
  readonly auxData?: string;
  /** Ours: on whose behalf the principals act. Absent: on their own authority. */
  readonly onBehalfOf?: Named;
  /** Ours: names of delegations that each origin has a session of. */
  readonly sessions: readonly string[];
  /** Ours: `request.context`. */
  readonly context?: Attributes;
  /** Ours: how well the origin is known; `vouched` where nothing is said. */
  readonly proof?: Proof;
  readonly expected: readonly Expectation[];
}

export interface Expectation {
  readonly principals: Named;
  readonly resources: Named;
  /** Absent: whoever the origin is. */
  readonly onBehalfOf?: Named;
  readonly actions: ReadonlyMap<string, Effect>;
  /** By action, then by the source of the output. */
  readonly outputs: ReadonlyMap<string, ReadonlyMap<string, Json>>;
  /** Ours, by action: a reason that the decision must carry. */
  readonly reasons: ReadonlyMap<string, ReasonCode>;
}

export type Effect = 'EFFECT_ALLOW' | 'EFFECT_DENY';
