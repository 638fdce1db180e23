import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Relationship } from '../../src/core/relationships/membership.ts';

/** A test of OpenFGA's: stages share a store, the model is replaced by each, relationships add up. */
export interface SuiteTest {
  readonly name: string;
  readonly stages: readonly Stage[];
}

export interface Stage {
  readonly model: string;
  readonly tuples?: readonly Relationship[] | null;
  readonly checkAssertions?: readonly CheckAssertion[] | null;
  readonly listObjectsAssertions?: readonly ObjectsAssertion[] | null;
  readonly listUsersAssertions?: readonly UsersAssertion[] | null;
}

export interface Assertion {
  readonly contextualTuples?: readonly Relationship[] | null;
  readonly context?: { readonly [key: string]: unknown } | null;
  readonly errorCode?: number;
}

export interface CheckAssertion extends Assertion {
  readonly tuple: Relationship;
  readonly expectation?: boolean;
}

export interface ObjectsAssertion extends Assertion {
  readonly request: { readonly user: string; readonly type: string; readonly relation: string };
  readonly expectation?: readonly string[] | null;
}

export interface UsersAssertion extends Assertion {
  readonly request: { readonly filters: readonly string[]; readonly object: string; readonly relation: string };
  readonly expectation?: readonly string[] | null;
}

/** OpenFGA's error codes (API, ErrorCode). */
export const CODE = {
  validation: 2000,
  tooComplex: 2002,
  typeNotFound: 2021,
  relationNotFound: 2022,
  invalidTuple: 2027,
};

const directory = resolve(
  process.env.BEHALF_SUITES ?? resolve(import.meta.dirname, '../../../shared/suites'),
  'openfga',
);
const FILES = ['consolidated_1_1_tests.yaml', 'abac_tests.yaml'];

/** Runs every test of the suites that are there; in CI the first must be. */
export function runSuites(where: string, run: (test: SuiteTest) => void | Promise<void>): void {
  describe.each(FILES)(`OpenFGA, ${where}: %s`, (file) => {
    const path = resolve(directory, file);
    if (!existsSync(path)) {
      const required = file === FILES[0] && process.env.CI !== undefined;
      if (required) it('is there', () => expect.fail(`${path} is missing`));
      else it.skip(`${path} is missing`, () => {});
      return;
    }
    const suite: { readonly tests: readonly SuiteTest[] } = parse(readFileSync(path, 'utf8'));
    it.each(suite.tests.map((test) => [test.name, test] as const))('%s', (_name, test) => run(test));
  });
}
