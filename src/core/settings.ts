import type { Json } from './entity.ts';
import type { Semantics } from './policy/judgement.ts';

/** `policies/behalf.yaml`: the settings that change decisions, and so belong to the bundle. */
export interface Settings {
  readonly semantics: Semantics;
  /** `G` in CEL. */
  readonly globals: { readonly [name: string]: Json };
  /** The policy version used where a request names none. */
  readonly defaultVersion: string;
  readonly lenientScopeSearch: boolean;
  readonly schemaEnforcement: 'none' | 'warn' | 'reject';
  /** Types whose entities act for others. A subject of any other type is a human (contracts, section 1). */
  readonly agentTypes: readonly string[];
}

export const DEFAULT_SETTINGS: Settings = {
  semantics: 'strict',
  globals: {},
  defaultVersion: 'default',
  lenientScopeSearch: false,
  schemaEnforcement: 'none',
  agentTypes: ['agent'],
};
