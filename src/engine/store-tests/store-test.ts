import type { Relationship } from '../../core/relationships/membership.ts';

/** A store test of OpenFGA's command (`*.fga.yaml`; OpenFGA, "Store file format"). */
export interface StoreTest {
  readonly file: string;
  readonly name: string;
  /** Inline, or the path of a model from where the test is. Neither: the model beside the tests. */
  readonly model?: { readonly text: string } | { readonly path: string };
  readonly tuples: Tuples;
  readonly tests: readonly StoreTestCase[];
}

export interface Tuples {
  readonly inline: readonly Relationship[];
  /** Paths of files with more, from where the test is. */
  readonly files: readonly string[];
}

export type Context = { readonly [name: string]: unknown };

export interface StoreTestCase {
  readonly name: string;
  readonly description?: string;
  /** Besides those of the store. */
  readonly tuples: Tuples;
  readonly checks: readonly {
    readonly users: readonly string[];
    readonly objects: readonly string[];
    readonly context: Context;
    /** By relation. */
    readonly assertions: ReadonlyMap<string, boolean>;
  }[];
  readonly listObjects: readonly {
    readonly user: string;
    readonly type: string;
    readonly context: Context;
    readonly assertions: ReadonlyMap<string, readonly string[]>;
  }[];
  readonly listUsers: readonly {
    readonly object: string;
    readonly filter: { readonly type: string; readonly relation?: string };
    readonly context: Context;
    readonly assertions: ReadonlyMap<string, readonly string[]>;
  }[];
}
