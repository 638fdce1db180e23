import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../support/command.ts';
import { DELEGATIONS, makeSmallWorld, SEED, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
beforeEach(() => {
  world = makeSmallWorld();
});
afterEach(() => world.remove());

const validate = (...more: readonly string[]) =>
  run(['validate', '--model', world.path('model'), '--policies', world.path('policies'), ...more]);

describe('validate', () => {
  test('says what is valid', async () => {
    const { status, out, err } = await validate('--seed', world.path('seed.yaml'));
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/^valid: 2 files of model and policies, 2 delegations; bundle sha256:[0-9a-f]{12}\n$/);
    expect(JSON.parse((await validate('--json')).out)).toEqual({
      valid: true,
      bundle: expect.stringMatching(/^sha256:/),
      problems: [],
    });
  });

  test('reports every error of model, policies, delegations and seed in one run, each with its place', async () => {
    world.write(
      'model/model.fga',
      'model\n  schema 1.1\ntype user\ntype document\n  relations\n    define reader: [usr]\n',
    );
    world.write('policies/behalf.yaml', 'semantic: strict\n');
    world.write(
      'policies/tool.yaml',
      'apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: tool\n  version: default\n  rules:\n    - actions: [call]\n      effect: EFFECT_ALOW\n      roles: [user]\n',
    );
    world.write('policies/delegations/finance.yaml', DELEGATIONS.replace('max_depth: 1', 'max_depth: one'));
    world.write('seed.yaml', SEED.replace('relation: member', 'relations: member'));
    const { status, out } = await validate('--seed', world.path('seed.yaml'));
    expect(status).toBe(1);
    const lines = out.trimEnd().split('\n');
    for (const file of [
      'model/model.fga:6:',
      'policies/behalf.yaml:1:1: ',
      'policies/tool.yaml:7:',
      'policies/delegations/finance.yaml:6:16: ',
      'seed.yaml:4:',
    ]) {
      expect(lines.filter((line) => line.includes(file)).length, `${file} in\n${out}`).toBeGreaterThan(0);
    }
    expect(lines.at(-1)).toMatch(/^\d+ errors in 5 files$/);
    expect(out).toContain('(found relations; expected user, relation, object, condition)');
    const json = JSON.parse((await validate('--json')).out);
    expect(json.valid).toBe(false);
    expect(json.problems[0]).toMatchObject({
      file: expect.any(String),
      line: expect.any(Number),
      message: expect.any(String),
    });
  });

  test('checks delegations against the types and sets of the model', async () => {
    world.write(
      'policies/delegations/finance.yaml',
      DELEGATIONS.replace('group:finance#member', 'group:finance#owner').replace('[document:*]', '[documents:*]'),
    );
    const { status, out } = await validate();
    expect(status).toBe(1);
    expect(out).toMatch(/finance\.yaml:3:11: from: the model gives the type group no relation owner/);
    expect(out).toMatch(/finance\.yaml:5:\d+: capabilities\/0\/resources\/0: the type "documents" is in neither/);
  });

  test('checks the seed against the model', async () => {
    world.write(
      'seed.yaml',
      SEED.replace('object: document:q3', 'object: file:q3').replace('user:alice,', 'robot:alice,'),
    );
    const { status, out } = await validate('--seed', world.path('seed.yaml'));
    expect(status).toBe(1);
    expect(out).toMatch(/seed\.yaml:2:5: the type of robot:alice is in neither/);
    expect(out).toMatch(/seed\.yaml:5:5: /);
  });

  test('a directory that was named must exist, and settings must have their name', async () => {
    expect(await run(['validate', '--policies', world.path('polcies')])).toMatchObject({
      status: 2,
      err: expect.stringContaining('polcies, which was named for the policies'),
    });
    world.write('policies/behalf.yml', 'semantics: cerbos\n');
    expect((await validate()).err).toMatch(/behalf\.yml: the settings have another name \(expected behalf\.yaml\)/);
  });
});
