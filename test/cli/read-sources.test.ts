import { symlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSources } from '../../src/cli/read-sources.ts';
import { toBundleSource } from '../../src/engine/bundles/publish.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
beforeEach(() => {
  world = makeSmallWorld();
});
afterEach(() => world.remove());

function read(policies = 'policies') {
  const directory = (name: string) => ({ path: world.path(name), stated: true });
  const sources = readSources({ model: directory('model'), policies: directory(policies) });
  if (!sources.ok) throw new Error(sources.error.map(({ message }) => message).join('\n'));
  return sources.value;
}

test('names files as a bundle does, in order, and keeps delegations apart', () => {
  world.write('policies/a/deep/x.yaml', '');
  world.write('policies/notes.txt', 'no policy');
  world.write('policies/.hidden/x.yaml', '');
  world.write('policies/delegations/old.json', '{}');
  const { files, delegations } = read();
  expect(files.map(({ path }) => path)).toEqual(['model/model.fga', 'policies/a/deep/x.yaml', 'policies/tool.yaml']);
  expect(delegations.map(({ path }) => path)).toEqual(['policies/delegations/finance.yaml']);
});

test('follows symbolic links, as a mounted ConfigMap has them, and the name of the directory has no influence', () => {
  const before = toBundleSource(read().files).digest;
  world.write('elsewhere/..data/tool.yaml', read().files.find(({ path }) => path.endsWith('tool.yaml'))?.text ?? '');
  symlinkSync(world.path('elsewhere/..data/tool.yaml'), world.path('elsewhere/tool.yaml'));
  const linked = read('elsewhere');
  expect(linked.files.map(({ path }) => path)).toEqual(['model/model.fga', 'policies/tool.yaml']);
  expect(toBundleSource(linked.files).digest).toBe(before);
});

test('tells problems under the path that their reader knows', () => {
  const { inPlace } = read();
  expect(inPlace({ file: 'policies/tool.yaml', line: 3, message: 'm' })).toEqual({
    file: world.path('policies/tool.yaml'),
    line: 3,
    message: 'm',
  });
  expect(inPlace({ message: 'm' })).toEqual({ message: 'm' });
});

test('one that is only a default may be missing; a broken link is said, not passed over', () => {
  const nowhere = { path: world.path('nowhere'), stated: false };
  expect(readSources({ model: nowhere, policies: nowhere })).toMatchObject({
    ok: true,
    value: { absent: true, files: [] },
  });
  symlinkSync(world.path('gone.yaml'), world.path('policies/link.yaml'));
  expect(() => read()).toThrow(/cannot be read: ENOENT/);
});
