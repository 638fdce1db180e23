import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROJECT = resolve(import.meta.dirname, '..');
const CRUISER = join(PROJECT, 'node_modules/.bin/depcruise');
const CONFIG = join(PROJECT, '.dependency-cruiser.cjs');
const { forbidden } = createRequire(import.meta.url)(CONFIG) as { forbidden: readonly { readonly name: string }[] };

/** For each layer rule, files that break it and nothing worse. */
const BREACHES: { readonly [rule: string]: { readonly [file: string]: string } } = {
  'core-is-pure': { 'src/core/io.ts': "import { readFileSync } from 'node:fs';\nexport const x = readFileSync;" },
  'one-room-knows-cel': {
    'src/core/policy/cel.ts': "import { parse } from '@marcbachmann/cel-js';\nexport const x = parse;",
  },
  'engine-uses-types-of-ports': {
    'src/engine/port.ts': "import { impl } from '../store/impl.ts';\nexport const x = impl;",
  },
  'engine-points-inwards': { 'src/engine/out.ts': "import { door } from '../wire/a/door.ts';\nexport const x = door;" },
  'ports-point-inwards': { 'src/store/out.ts': "import { use } from '../engine/use.ts';\nexport const x = use;" },
  'wire-siblings': { 'src/wire/b/other.ts': "import { door } from '../a/door.ts';\nexport const x = door;" },
  'wire-reaches-the-engine-only': {
    'src/wire/b/deep.ts': "import { impl } from '../../store/impl.ts';\nexport const x = impl;",
  },
  'store-siblings': {
    'src/store/one/a.ts': "import { b } from '../two/b.ts';\nexport const x = b;",
    'src/store/two/b.ts': 'export const b = 1;',
  },
  'client-stands-alone': { 'src/client/c.ts': "import { use } from '../engine/use.ts';\nexport const x = use;" },
  'mcp-is-a-client': { 'src/mcp/m.ts': "import { use } from '../engine/use.ts';\nexport const x = use;" },
  'main-opens-the-rooms': { 'src/cli/m.ts': "import { main } from '../main.ts';\nexport const x = main;" },
  'no-cycles': {
    'src/core/one.ts': "import { two } from './two.ts';\nexport const one = (): number => two();",
    'src/core/two.ts': "import { one } from './one.ts';\nexport const two = (): number => one();",
  },
  'no-barrels': {
    'src/core/room/index.ts': 'export const x = 1;',
    'src/core/from-barrel.ts': "import { x } from './room/index.ts';\nexport const y = x;",
  },
  resolvable: { 'src/core/lost.ts': "import { gone } from './gone.ts';\nexport const x = gone;" },
};

const SOUND: { readonly [file: string]: string } = {
  'src/main.ts': 'export const main = 1;',
  'src/engine/use.ts': "import type { Impl } from '../store/impl.ts';\nexport const use = (impl: Impl): Impl => impl;",
  'src/store/impl.ts': 'export type Impl = number;\nexport const impl: Impl = 1;',
  'src/wire/a/door.ts': "import { use } from '../../engine/use.ts';\nexport const door = use;",
};

let world: string;
let fired: ReadonlySet<string>;

function write(files: { readonly [file: string]: string }): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(world, file)), { recursive: true });
    writeFileSync(join(world, file), text);
  }
}

function violations(): ReadonlySet<string> {
  const run = spawnSync(CRUISER, ['--config', CONFIG, '--output-type', 'json', 'src'], {
    cwd: world,
    encoding: 'utf8',
  });
  const report = JSON.parse(run.stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return new Set(report.summary.violations.map(({ rule }) => rule.name));
}

beforeAll(() => {
  world = mkdtempSync(join(tmpdir(), 'behalf-layers-'));
  symlinkSync(join(PROJECT, 'node_modules'), join(world, 'node_modules'));
  symlinkSync(join(PROJECT, 'tsconfig.json'), join(world, 'tsconfig.json'));
  write(SOUND);
  expect(violations()).toEqual(new Set());
  for (const files of Object.values(BREACHES)) write(files);
  fired = violations();
});

afterAll(() => rmSync(world, { recursive: true, force: true }));

describe('layer rules', () => {
  it.each(forbidden.map(({ name }) => name))('%s fires on a breach', (name) => {
    expect(BREACHES).toHaveProperty(name);
    expect(fired).toContain(name);
  });
});
