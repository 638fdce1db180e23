import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { run } from '../support/command.ts';

/**
 * The same test suites run by the real Cerbos (`cerbos compile`) and by `behalf test`: what passes, what fails and what
 * is in error must be the same. The engine cases of the Cerbos project, read where they lie, become suites that expect
 * nothing to be allowed.
 */

const suites = resolve(import.meta.dirname, '../..', process.env.BEHALF_SUITES ?? '../shared/suites', 'cerbos');
const cerbos = join(
  dirname(createRequire(import.meta.url).resolve('@cerbos/cerbos-linux-x64/package.json')),
  'cerbos-linux-x64',
);

interface Case {
  readonly inputs: readonly {
    readonly actions: readonly string[];
    readonly principal: object;
    readonly resource: object;
    readonly auxData?: object;
  }[];
}

/** Outcomes by suite, test, principal, resource and action; a suite in error has one of its own. */
type Outcomes = { readonly [where: string]: string };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'behalf-cerbos-tests-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function byCerbos(place: string): Outcomes {
  const args = ['compile', '--ignore-schemas', '--output=json', '--color=never', place];
  const { stdout, stderr } = spawnSync(cerbos, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (!stdout.startsWith('{')) throw new Error(`cerbos compile said: ${stdout}${stderr}`);
  const outcomes: { [where: string]: string } = {};
  for (const suite of JSON.parse(stdout).suites) {
    if (suite.error !== undefined) outcomes[suite.file] = 'errored';
    if (suite.summary.overallResult === 'RESULT_SKIPPED' && suite.testCases === undefined) {
      outcomes[suite.file] = 'skipped';
    }
    for (const test of suite.testCases ?? []) {
      for (const principal of test.principals) {
        for (const resource of principal.resources) {
          for (const { name, details } of resource.actions) {
            const where = [suite.file, test.name, principal.name, resource.name, name].join(' | ');
            outcomes[where] = details.result.replace('RESULT_', '').toLowerCase();
          }
        }
      }
    }
  }
  return outcomes;
}

async function byBehalf(place: string): Promise<Outcomes> {
  // Cerbos has read the directory already: to it this file would be a broken policy.
  write(place, 'behalf.yaml', 'semantics: cerbos\n');
  const { out, err } = await run(['test', place, '--json']);
  if (!out.startsWith('{')) throw new Error(`behalf test said: ${out}${err}`);
  const outcomes: { [where: string]: string } = {};
  for (const suite of JSON.parse(out).suites) {
    const file = suite.file.slice(place.length + 1);
    if (suite.error !== undefined) outcomes[file] = 'errored';
    if (suite.skipped !== undefined) outcomes[file] = 'skipped';
    for (const { test, path, kind } of suite.cases) outcomes[[file, test, ...path].join(' | ')] = kind;
  }
  return outcomes;
}

function write(place: string, name: string, content: string | object): void {
  const path = join(place, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
}

describe.skipIf(!existsSync(cerbos))('beside cerbos compile', () => {
  it.skipIf(!existsSync(join(suites, 'store')))('the engine cases as suites', async () => {
    const place = join(directory, 'engine');
    cpSync(join(suites, 'store'), place, { recursive: true });
    let count = 0;
    for (const file of readdirSync(join(suites, 'engine')).filter((name) => name.endsWith('.yaml'))) {
      const { inputs } = parse(readFileSync(join(suites, 'engine', file), 'utf8')) as Case;
      const options = { now: '2024-01-16T10:18:27Z', globals: { environment: 'test' } };
      const fixtures = <T>(key: string, of: (input: Case['inputs'][number]) => T) =>
        Object.fromEntries(inputs.map((input, index) => [`${key}${index}`, of(input)]));
      write(place, `${file.replace('.yaml', '')}_test.yaml`, {
        name: file,
        options,
        principals: fixtures('p', ({ principal }) => principal),
        resources: fixtures('r', ({ resource }) => resource),
        auxData: fixtures('a', ({ auxData }) => auxData ?? {}),
        tests: inputs.map(({ actions }, index) => ({
          name: `input ${index}`,
          input: { principals: [`p${index}`], resources: [`r${index}`], actions, auxData: `a${index}` },
          expected: [{ principal: `p${index}`, resource: `r${index}`, actions: { [actions[0] ?? '']: 'EFFECT_DENY' } }],
        })),
      });
      count += 1;
    }
    const theirs = byCerbos(place);
    expect(await byBehalf(place)).toEqual(theirs);
    expect(count).toBeGreaterThan(10);
    const results = Object.values(theirs);
    expect(results.filter((one) => one === 'passed').length).toBeGreaterThan(10);
    expect(results.filter((one) => one === 'failed').length).toBeGreaterThan(10);
  });

  it('suites that are right, wrong and broken in many ways', async () => {
    const place = join(directory, 'suites');
    write(
      place,
      'album.yaml',
      `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: album:object
  version: default
  rules:
    - name: owner
      actions: [view, delete]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: R.attr.owner == P.id } }
      output: { when: { ruleActivated: '{"who": P.id, "n": 1}', conditionNotMet: '"not yours"' } }
    - { actions: [print], effect: EFFECT_ALLOW, roles: [user], condition: { match: { expr: 'now() < timestamp("2025-01-01T00:00:00Z")' } } }
    - { actions: [share], effect: EFFECT_ALLOW, roles: [user], condition: { match: { expr: 'request.auxData.jwt.aud == "albums"' } } }
    - { actions: [global], effect: EFFECT_ALLOW, roles: [user], condition: { match: { expr: 'G.open' } } }
`,
    );
    write(
      place,
      'staging.yaml',
      `apiVersion: api.cerbos.dev/v1
resourcePolicy: { resource: "album:object", version: staging, rules: [{ actions: ["*"], effect: EFFECT_ALLOW, roles: [user] }] }
`,
    );
    write(
      place,
      'acme.yaml',
      `apiVersion: api.cerbos.dev/v1
resourcePolicy: { resource: "album:object", version: default, scope: acme, rules: [{ actions: [view], effect: EFFECT_DENY, roles: [user] }] }
`,
    );
    const principals = {
      ann: { id: 'ann', roles: ['user'] },
      odd: { id: 'odd one: *', roles: ['user'], attr: { a: null, b: [1, { c: 2 }] } },
      machine: { id: 'm', roles: ['machine'] },
    };
    const resources = {
      anns: { id: 'a/1', kind: 'album:object', attr: { owner: 'ann' } },
      odds: { id: '*', kind: 'album:object', attr: { owner: 'odd one: *' } },
      staged: { id: 's', kind: 'album:object', policyVersion: 'staging' },
      unknown: { id: 'u', kind: 'nothing' },
    };
    const actions = ['view', 'delete', 'share', 'global'];
    const all = { principals: Object.keys(principals), resources: Object.keys(resources), actions };
    const view = { principal: 'ann', resource: 'anns', actions: { view: 'EFFECT_ALLOW' } };
    const output = (val: unknown, src = 'resource.album_object.vdefault#owner') => ({
      ...view,
      outputs: [{ action: 'view', expected: [{ src, val }] }],
    });
    const small = { principals: ['ann'], resources: ['anns'], actions: ['view'] };
    let number = 0;
    const suite = (tests: unknown, more: object = {}): void => {
      number += 1;
      const name = String(number).padStart(2, '0');
      write(place, `s${name}_test.yaml`, {
        name: `S${name}`,
        principals,
        resources,
        auxData: { token: { jwt: { aud: 'albums' } } },
        tests,
        ...more,
      });
    };
    const table = (input: object, expected: unknown, more: object = {}) => ({ name: 'one', input, expected, ...more });
    // Right and wrong.
    suite([table(all, [view]), table({ ...all, auxData: 'token' }, [view], { name: 'two' })]);
    suite([table(all, [view], { options: { globals: { open: true } } })]);
    suite([table(all, [view], { options: { defaultPolicyVersion: 'staging' } })]);
    suite([table(all, [view], { options: { defaultScope: 'acme' } })]);
    suite([table(all, [view], { options: { defaultScope: 'acme.sub', lenientScopeSearch: true } })]);
    suite([table(all, [view], { options: { defaultScope: 'acme.sub' } })]);
    suite([table({ ...small, actions: ['view', 'print'] }, [view])]);
    suite([table({ ...small, actions: ['view', 'print'] }, [view])], { options: { now: '2024-01-01T00:00:00Z' } });
    suite(
      [
        table({ ...small, actions: ['print'] }, [{ ...view, actions: { print: 'EFFECT_ALLOW' } }], {
          options: { globals: {} },
        }),
      ],
      {
        options: { now: '2024-01-01T00:00:00Z' },
      },
    );
    for (const val of [{ n: 1, who: 'ann' }, { n: 2, who: 'ann' }, 'x', null]) suite([table(small, [output(val)])]);
    suite([table(small, [output(1, 'other#rule')])]);
    suite([table(small, [view, view])]);
    suite([table(small, [view], { skip: true, skipReason: 'later' })]);
    suite([table(small, [view])], { skip: true });
    suite(
      [
        table({ principalGroups: ['g'], resources: ['anns'], actions: ['view'] }, [
          { ...view, principal: '', principalGroups: ['g'] },
        ]),
      ],
      {
        principalGroups: { g: { principals: ['ann', 'odd'] } },
      },
    );
    suite([table({ principal_groups: ['g'], resources: ['anns'], actions: ['view'], aux_data: 'token' }, [view])], {
      principal_groups: { g: { principals: ['ann'] } },
    });
    // Broken.
    suite([table(small, [view]), table(small, [view])]);
    suite([table(small, [view, { ...view, actions: { view: 'EFFECT_DENY' } }])]);
    suite([table(small, [{ ...view, actions: { delete: 'EFFECT_DENY' } }])]);
    suite([table(small, [{ ...view, principal: 'odd' }])]);
    suite([table(small, [{ ...view, principals: ['ann'] }])]);
    suite([table(small, [{ ...view, principal: 'nobody' }])]);
    suite([table({ ...small, principals: ['nobody'] }, [view])]);
    suite([table({ ...small, principals: ['ann', 'ann'] }, [view])]);
    suite([table({ ...small, principals: [] }, [view])]);
    suite([table({ ...small, actions: [] }, [view])]);
    suite([table({ ...small, auxData: 'none' }, [view])]);
    suite([table({ ...small, extra: 1 }, [view])]);
    suite([table(small, [])]);
    suite([table(small, [{ ...view, actions: {} }])]);
    suite([table(small, [{ ...view, actions: { view: 'ALLOW' } }])]);
    suite([table(small, [{ ...output(1), outputs: [{ action: 'delete', expected: [{ src: 'a', val: 1 }] }] }])]);
    suite([]);
    suite([table(small, [view])], { principalGroups: { g: { principals: ['nobody'] } } });
    suite([table(small, [view])], { principalGroups: { g: { principals: ['nobody'] } }, skip: true });
    suite([table(small, [view])], { principals: { ...principals, bare: { id: 'bare' } } });
    suite([table(small, [view])], { principals: { ...principals, bare: { id: 'bare', roles: [] } } });
    suite([table(small, [view])], { resources: { ...resources, bare: { id: 'bare' } } });
    suite([table(small, [view])], { options: { now: 'yesterday' } });
    suite([table(small, [view], { skip: true, input: { ...small, principals: ['nobody'] } })]);
    write(place, 'text_test.yaml', 'name: [\n');

    const fixtures = `principals: { zoe: { id: zoe, roles: [user] } }\nprincipalGroups: { all: { principals: [zoe] } }\n`;
    const shared = {
      name: 'Shared',
      resources,
      tests: [
        table({ principalGroups: ['all'], resources: ['anns'], actions: ['view'] }, [{ ...view, principal: 'zoe' }]),
      ],
    };
    write(place, 'good/testdata/principals.yml', fixtures);
    write(place, 'good/shared_test.json', JSON.stringify(shared));
    write(place, 'bad/testdata/principals.yaml', fixtures.replace('[zoe]', '[zoe, max]'));
    write(place, 'bad/shared_test.yaml', shared);
    write(place, 'none/shared_test.yaml', shared);

    const theirs = byCerbos(place);
    expect(await byBehalf(place)).toEqual(theirs);
    expect(Object.values(theirs).filter((one) => one === 'errored').length).toBeGreaterThan(20);
  });
});
