import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * Runs the requests of the guides against the example world, served as `npm start` serves it, and compares what comes
 * back with what the guides print. `GUIDES=write npx vitest run test/world/guides` prints it anew.
 * `-t docs/audit` runs one of them.
 */
const GUIDES = [
  'README',
  'docs/delegate',
  'docs/policies',
  'docs/callers',
  'docs/authzen',
  'docs/relationships',
  'docs/search',
  'docs/cerbos',
  'docs/testing',
  'docs/bundles',
  'docs/mcp',
];
/** Those that look at the files of the server and count what is in them: each has one of its own, with these flags. */
const GUIDES_ALONE: readonly (readonly [name: string, ...flags: string[]])[] = [
  ['docs/audit'],
  ['docs/export'],
  ['docs/privacy', '--log-redact', 'request.resource_attributes.args.amount hmac, request.context.ticket omit'],
];
const ROOT = join(import.meta.dirname, '../..');
const URL_IN_GUIDES = 'http://127.0.0.1:7420';
const DIRECTORY_IN_GUIDES = '.behalf/';

/** A block of commands with what it prints; or the one that only sets the variables of the guide. */
const BLOCK = /```sh\n([^`]*)\n```\n\n```(json|text)\n([^`]*)\n```|```sh\n(B=[^`]*)\n```/g;
const END = '--- end of block ---';

/** What is another one each time. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b(dlg|act)_[0-9a-z]+/g, '$1_ID'],
  [/\bd_[0-9a-z]+_local/g, 'd_ID'],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.\d+)?/g, 'REVISION'],
  [/\d{4}-\d{2}-\d{2}T[0-9:.]+Z/g, 'TIME'],
  [/\(in \w+\)|, \d+ d \d+ h left/g, 'LEFT'],
  [/sha256:[0-9a-f]+/g, 'DIGEST'],
  [/[0-9a-f]{64}/g, 'SHA256'],
  [/^[A-Za-z0-9+/]{43}=$/gm, 'ROOT'],
  [/^(— \S+) \S+$/gm, '$1 SIGNATURE'],
  [/^ {2}checkpoints {2}.*$/gm, 'CHECKPOINTS'],
  [/in \d+\.\d s(?:, \d+ a second)?/g, 'SECONDS'],
  [/\d{4}-\d{2}-\d{2}/g, 'DATE'],
  [/tmp\.\w+/g, 'tmp.NAME'],
  [/hmac:[0-9a-f:]+/g, 'HMAC'],
  [/bhf\.([a-z-]+)\.\S+…/g, 'bhf.$1.KEY'],
];

const missing = ['bash', 'curl', 'jq', 'column'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);

describe.skipIf(missing.length > 0)('the guides', () => {
  let world: World;

  beforeAll(async () => {
    world = await serveWorld();
  });

  afterAll(() => world.stop());

  it.each(GUIDES)('%s.md prints what the server answers', (name) => compare(name, world), 180_000);
});

describe.skipIf(missing.length > 0)('the guides that need a world of their own', () => {
  it.each(GUIDES_ALONE)(
    '%s.md prints what the server answers',
    async (name, ...flags) => {
      const world = await serveWorld(flags);
      try {
        compare(name, world);
      } finally {
        await world.stop();
      }
    },
    180_000,
  );
});

interface World {
  readonly url: string;
  /** What is `.behalf` in the guides. */
  readonly directory: string;
  stop(): Promise<void>;
}

async function serveWorld(flags: readonly string[] = []): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-guides-'));
  const world = ['--dev', '--model', 'model', '--policies', 'policies', '--seed', 'model/seed.yaml'];
  const place = ['--port', '0', '--store', join(directory, 'behalf.db')];
  const server = spawn(process.execPath, ['src/main.ts', 'serve', ...world, ...place, ...flags], { cwd: ROOT });
  const gone = new Promise((resolve) => server.once('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = /serves (http:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('exit', () => reject(new Error(`the server did not start: ${said}`)));
  });
  return {
    url,
    directory,
    stop: async () => {
      server.kill('SIGTERM');
      await gone;
      rmSync(directory, { recursive: true });
    },
  };
}

function compare(name: string, world: World): void {
  const path = join(ROOT, `${name}.md`);
  const guide = readFileSync(path, 'utf8');
  const answers = run(guide, world);
  let next = 0;
  const fresh = guide.replaceAll(BLOCK, (block, command?: string, language?: string) => {
    const answer = answers[next++] ?? '';
    return command === undefined ? block : `\`\`\`sh\n${command}\n\`\`\`\n\n\`\`\`${language}\n${answer}\n\`\`\``;
  });
  expect(next).toBeGreaterThan(1);
  if (process.env.GUIDES === 'write') writeFileSync(path, fresh);
  else expect(steady(guide)).toBe(steady(fresh));
}

/** What every block prints, run one after the other in one shell. */
function run(guide: string, { url, directory }: World): readonly string[] {
  const blocks = [...guide.matchAll(BLOCK)].map(([, command, , , setting]) => command ?? setting ?? '');
  const script = [
    'exec 2>&1',
    'npx() { shift; "$NODE" src/main.ts "$@"; }',
    ...blocks.flatMap((block) => [
      block.replaceAll(URL_IN_GUIDES, url).replaceAll(DIRECTORY_IN_GUIDES, `${directory}/`),
      `echo; echo '${END}'`,
    ]),
  ];
  const env = { ...process.env, NODE: process.execPath, BEHALF_URL: url, NO_COLOR: '1' };
  const { stdout } = spawnSync('bash', ['-c', script.join('\n')], { cwd: ROOT, env, encoding: 'utf8' });
  return stdout
    .replaceAll(url, URL_IN_GUIDES)
    .replaceAll(`${directory}/`, DIRECTORY_IN_GUIDES)
    .split(`${END}\n`)
    .map((printed) => printed.trimEnd());
}

function steady(text: string): string {
  return VARYING.reduce((rest, [pattern, name]) => rest.replaceAll(pattern, name), text);
}
