import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../support/command.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
beforeEach(() => {
  world = makeSmallWorld();
});
afterEach(() => world.remove());

const suite = (effect: string): string => `name: "Calls <&>"
behalf: { seed: ../seed.yaml, delegations: delegations }
resources:
  small: { kind: tool, id: erp/pay, attr: { args: { amount: 5 } } }
tests:
  - name: planner
    input: { principals: ["agent:planner"], onBehalfOf: ["user:alice"], resources: [small], actions: [call] }
    expected: [{ principal: "agent:planner", resource: small, actions: { call: ${effect} } }]
  - name: later
    skip: true
    skipReason: not yet
    input: { principals: ["agent:planner"], resources: [small], actions: [call] }
    expected: [{ principal: "agent:planner", resource: small, actions: { call: EFFECT_DENY } }]
`;

describe('behalf test', () => {
  test('passes with 0, fails with 1 and the path of the decision', async () => {
    world.write('policies/calls_test.yaml', suite('EFFECT_ALLOW'));
    expect(await run(['test', world.path('policies')])).toMatchObject({
      status: 0,
      out: expect.stringMatching(
        /✓ \S+calls_test\.yaml {2}Calls <&> {2}\(1 passed, 1 skipped\)\n\n1 passed, 1 skipped in 1 file\n$/,
      ),
    });
    world.write('policies/calls_test.yaml', suite('EFFECT_DENY'));
    const failed = await run(['test', world.directory]);
    expect(failed.status).toBe(1);
    expect(failed.out).toContain('agent:planner for user:alice · small · call');
    expect(failed.out).toContain('effect: expected EFFECT_DENY, was EFFECT_ALLOW');
    expect(failed.out).toContain('group:finance#member delegates to agent:planner');
  });

  test('a single test, the model, and flags choose what is run', async () => {
    world.write('policies/calls_test.yaml', suite('EFFECT_ALLOW'));
    world.write('policies/sub/other_test.yaml', 'name: [');
    world.write(
      'model/m.fga.yaml',
      'tests: [{ check: [{ user: user:a, object: document:1, assertions: { can_read: false } }] }]\n',
    );
    expect((await run(['test', world.path('policies/calls_test.yaml')])).out).toMatch(
      /\n1 passed, 1 skipped in 1 file\n$/,
    );
    expect((await run(['test', world.path('model')])).out).toMatch(/\n1 passed in 1 file\n$/);
    const all = await run(['test', '--model', world.path('model'), '--policies', world.path('policies'), '--json']);
    expect(all.status).toBe(1);
    expect(JSON.parse(all.out).summary).toEqual({ passed: 2, failed: 0, errored: 1, skipped: 1 });
    expect(all.out).toContain(`${world.path('policies/sub/other_test.yaml')}:1:`);
  });

  test('writes JUnit with every case and the reason of each that did not pass', async () => {
    world.write('policies/calls_test.yaml', suite('EFFECT_DENY'));
    world.write('policies/broken_test.yaml', 'name: x\n');
    const file = world.path('results.xml');
    expect((await run(['test', world.directory, '--junit', file])).status).toBe(1);
    const xml = readFileSync(file, 'utf8');
    expect(xml).toContain('<testsuites tests="3" failures="1" errors="1" skipped="1">');
    expect(xml).toContain('<testsuite name="Calls &lt;&amp;&gt;"');
    expect(xml).toMatch(
      /<testcase name="planner: agent:planner for user:alice · small · call" [^>]*>\n {6}<failure message="effect: expected/,
    );
    expect(xml).toMatch(/<skipped message="not yet"\/>/);
    expect(xml).toMatch(/<error message="[^"]*tests missing/);
  });

  test('nothing to run, a path that is not there and a broken bundle are told', async () => {
    expect(await run(['test', world.directory])).toMatchObject({
      status: 2,
      err: expect.stringContaining('there is no test in'),
    });
    expect(await run(['test', world.path('nowhere')])).toMatchObject({
      status: 2,
      err: expect.stringContaining('there is no'),
    });
    expect(await run(['test', world.path('seed.yaml')])).toMatchObject({
      status: 2,
      err: expect.stringContaining('is no test'),
    });
    world.write('policies/calls_test.yaml', suite('EFFECT_ALLOW'));
    world.write('policies/tool.yaml', 'apiVersion: x\n');
    const broken = await run(['test', world.directory]);
    expect(broken.status).toBe(1);
    expect(broken.out).toContain(`${world.path('policies/tool.yaml')}:1:`);
  });
});
