import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isBundleFile } from '../../src/core/bundle.ts';
import type { Attributes, Json } from '../../src/core/entity.ts';
import { Budget } from '../../src/core/limits.ts';
import { compilePolicies } from '../../src/core/policy/compile-policies.ts';
import type { Judgement, PathView, Policies } from '../../src/core/policy/judgement.ts';
import { isPolicyFile } from '../../src/core/policy/policy-file.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { DEFAULT_SETTINGS } from '../../src/core/settings.ts';
import { openServer, type ServerUnderTest } from '../wire/server-under-test.ts';

/**
 * The engine cases of the Cerbos project against core/policy, with the semantics `cerbos` (contracts, section 3). Read
 * where they lie, never copied. Compared: effect, policy and scope of every action, derived roles, outputs, evaluation
 * errors by their expressions.
 */

const root = resolve(import.meta.dirname, '../..');
const suites = resolve(root, process.env.BEHALF_SUITES ?? '../shared/suites');
const suite = join(suites, 'cerbos');
const present = existsSync(join(suite, 'store'));

/** Cases that need a part which does not exist yet. They must fail: once the part is there, they leave this list. */
const KNOWN_GAPS: ReadonlyMap<string, string> = new Map();

interface Entity {
  readonly id: string;
  readonly kind?: string;
  readonly roles?: readonly string[];
  readonly attr?: Attributes;
  readonly scope?: string;
  readonly policyVersion?: string;
}

interface Case {
  readonly description: string;
  readonly inputs: readonly {
    readonly actions: readonly string[];
    readonly principal: Entity;
    readonly resource: Entity;
    readonly auxData?: Attributes;
  }[];
  readonly wantOutputs: readonly Wanted[];
}

interface Wanted {
  readonly actions: { readonly [action: string]: { effect: string; policy: string; scope?: string } };
  readonly effectiveDerivedRoles?: readonly string[];
  readonly outputs?: readonly { src: string; action: string; val?: Json; error?: string }[];
  readonly evaluationErrors?: readonly { celError: { expression: string; message: string } }[];
}

function loadPolicies(): Policies {
  const store = join(suite, 'store');
  const files = readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(store, path), text: readFileSync(path, 'utf8') }))
    .filter(({ path }) => isPolicyFile(path));
  const compiled = compilePolicies(files, {
    ...DEFAULT_SETTINGS,
    semantics: 'cerbos',
    globals: { environment: 'test' },
  });
  if (!compiled.ok) throw new Error(compiled.error.map(formatProblem).join('\n'));
  return compiled.value;
}

/** Field names occur in snake_case and in camelCase; the names of actions and attributes are data and stay. */
function camelCased(value: Json): Json {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, Json] => {
    const name = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return [name, ['attr', 'actions', 'val', 'auxData'].includes(name) ? inner : camelCased(inner)];
  });
  return Object.fromEntries(entries);
}

function readCase(file: string): Case {
  return camelCased(parse(readFileSync(join(suite, 'engine', file), 'utf8')) as Json) as unknown as Case;
}

function judge(policies: Policies, input: Case['inputs'][number], action: string): Judgement {
  const { principal, resource, auxData } = input;
  const entity = `principal:${principal.id}`;
  const path: PathView = { origin: entity, actor: entity, path: [entity], depth: 0n };
  const kind = resource.kind ?? '';
  return policies.judge({
    principal: { ...principal, entity, type: 'principal', roles: principal.roles ?? [], attr: principal.attr ?? {} },
    resource: { ...resource, entity: `${kind}:${resource.id}`, kind, attr: resource.attr ?? {} },
    action,
    ...(auxData === undefined ? {} : { auxData }),
    now: Date.UTC(2024, 0, 16, 10, 18, 27),
    visible: path,
    whole: path,
    related: () => ({ kind: 'no' }),
    budget: new Budget(),
    explain: false,
  });
}

/** The answer to one input as the suite writes it. */
function answer(policies: Policies, input: Case['inputs'][number]) {
  const judged = input.actions.map((action) => ({ action, judgement: judge(policies, input, action) }));
  return {
    actions: Object.fromEntries(
      judged.map(({ action, judgement: { effect, attributedTo } }) => {
        return [action, { effect: effect === 'allow' ? 'EFFECT_ALLOW' : 'EFFECT_DENY', ...attributedTo }];
      }),
    ),
    derivedRoles: distinct(judged.flatMap(({ judgement }) => judgement.derivedRoles)),
    outputs: inOrder(
      judged.flatMap(({ action, judgement }) => {
        return judgement.outputs.map(({ src, val, error }) => ({ src, action, val, failed: error !== undefined }));
      }),
    ),
    errors: distinct(judged.flatMap(({ judgement }) => judgement.errors.map((error) => error.expression))),
  };
}

function wanted(want: Wanted) {
  return {
    actions: Object.fromEntries(
      Object.entries(want.actions).map(([action, { effect, policy, scope }]) => {
        return [action, { effect, policy, scope: scope ?? '' }];
      }),
    ),
    derivedRoles: distinct(want.effectiveDerivedRoles ?? []),
    outputs: inOrder(
      (want.outputs ?? []).map(({ src, action, val, error }) => ({
        src,
        action,
        val: val ?? null,
        failed: error !== undefined,
      })),
    ),
    errors: distinct((want.evaluationErrors ?? []).map(({ celError }) => celError.expression)),
  };
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

function inOrder<T>(outputs: readonly T[]): readonly T[] {
  return outputs.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

describe('Cerbos engine suite', () => {
  if (!present) {
    // A run that silently had nothing to compare must not pass where it matters.
    it.skipIf(process.env.CI === undefined)('finds the suite', () => {
      expect.fail(`no Cerbos suite at ${suite}; set BEHALF_SUITES`);
    });
    return;
  }
  const policies = loadPolicies();
  for (const file of readdirSync(join(suite, 'engine')).filter((name) => name.endsWith('.yaml'))) {
    const engineCase = readCase(file);
    const gap = KNOWN_GAPS.get(file);
    const run = gap === undefined ? it : it.fails;
    run(`${file}: ${engineCase.description}${gap === undefined ? '' : ` (needs ${gap})`}`, () => {
      expect(engineCase.inputs.map((input) => answer(policies, input))).toEqual(engineCase.wantOutputs.map(wanted));
    });
  }
});

interface CheckCase {
  readonly description: string;
  readonly wantStatus: { readonly httpStatusCode: number };
  readonly wantError?: boolean;
  readonly checkResources: { readonly input: Json; readonly wantResponse?: { readonly [name: string]: Json } };
}

/** The whole store, schemas included, with the settings that Cerbos runs these requests under. */
function storeFiles(): readonly { readonly path: string; readonly text: string }[] {
  const store = join(suite, 'store');
  const files = readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: `policies/${relative(store, path)}`, text: readFileSync(path, 'utf8') }))
    .filter(({ path }) => isBundleFile(path));
  const settings = 'semantics: cerbos\nglobals: { environment: test }\nschema_enforcement: reject\n';
  return [...files, { path: 'policies/behalf.yaml', text: settings }];
}

/** Order says nothing in derived roles, outputs and validation errors; the id of the call is the server's own. */
function comparable(response: Json | undefined): Json {
  if (typeof response !== 'object' || response === null || Array.isArray(response)) return response ?? null;
  const { cerbosCallId, ...rest } = response as { readonly [name: string]: Json };
  const results = (rest.results ?? []) as readonly { readonly [name: string]: Json }[];
  const sorted = results.map((result) => {
    const { outputs, validationErrors, meta, ...others } = result;
    const roles = (meta as { readonly effectiveDerivedRoles?: readonly string[] } | undefined)?.effectiveDerivedRoles;
    return {
      ...others,
      ...(outputs === undefined ? {} : { outputs: inOrder(outputs as Json[]) }),
      ...(validationErrors === undefined ? {} : { validationErrors: inOrder(validationErrors as Json[]) }),
      ...(meta === undefined
        ? {}
        : { meta: { ...(meta as object), ...(roles && { effectiveDerivedRoles: distinct(roles) }) } }),
    };
  });
  return { ...rest, results: sorted } as Json;
}

describe.skipIf(!present)('Cerbos requests over HTTP', () => {
  let server: ServerUnderTest;
  beforeAll(() => {
    // The suite expects six resources to be too many, which is a matter of configuration.
    const cerbos = { maxActionsPerResource: 5, maxResourcesPerRequest: 5 };
    server = openServer({ files: storeFiles(), dev: true, cerbos });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const directory = join(suite, 'check_resources');
  for (const file of present ? readdirSync(directory).filter((name) => name.endsWith('.yaml')) : []) {
    const { description, wantStatus, wantError, checkResources } = parse(
      readFileSync(join(directory, file), 'utf8'),
    ) as CheckCase;
    it(`${file}: ${description}`, async () => {
      const reply = await server.ask('POST', '/api/check/resources', { body: checkResources.input });
      expect(reply.status, reply.text).toBe(wantStatus.httpStatusCode);
      if (wantError === true) expect(reply.json).toEqual({ code: 3, message: expect.any(String) });
      else expect(comparable(reply.json)).toEqual(comparable(checkResources.wantResponse));
    });
  }
});
