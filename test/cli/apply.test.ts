import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, startWorld } from '../support/command.ts';
import { DELEGATIONS, makeSmallWorld } from '../support/small-world.ts';

const world = makeSmallWorld();
const FILE = 'policies/delegations/finance.yaml';
let running: Awaited<ReturnType<typeof startWorld>>;

beforeAll(async () => {
  running = await startWorld(world);
});
afterAll(async () => {
  await running.close();
  world.remove();
});

const apply = (args: readonly string[] = [], answers?: string) =>
  run(['apply', '--policies', world.path('policies'), ...args], {
    env: { BEHALF_URL: running.url },
    ...(answers === undefined ? undefined : { answers }),
  });

describe('apply', () => {
  test('shows the plan first, and changes nothing unless told to', async () => {
    expect(running.warnings).toEqual([expect.stringContaining('behalf apply --dry-run')]);
    const revision = running.ledger.revision;
    const dry = await apply(['--dry-run']);
    expect(dry.status).toBe(0);
    expect(dry.out).toContain(
      '  + create  planning  group:finance#member → agent:planner\n  + create  research  agent:planner → agent:researcher\n',
    );
    const unasked = await apply();
    expect(unasked).toMatchObject({ status: 2, err: expect.stringContaining('--yes') });
    const declined = await apply([], 'n');
    expect(declined).toMatchObject({ status: 1, err: 'nothing was changed\n' });
    expect(running.ledger.revision).toBe(revision);
  });

  test('brings them in force, and the second time there is nothing to do', async () => {
    const applied = await apply([], 'y');
    expect(applied.status).toBe(0);
    expect(applied.out).toMatch(
      / {2}created {2}planning {2}dlg_\w+\n {2}created {2}research {2}dlg_\w+\n\napplied: 2 changes\n$/,
    );
    const { revision } = running.ledger;
    const again = await apply(['--yes']);
    expect(again).toMatchObject({ status: 0, err: '' });
    expect(again.out).toContain('nothing to do: 2 delegations in force as the files state them');
    expect(running.ledger.revision).toBe(revision);
    const json = JSON.parse((await apply(['--yes', '--json'])).out);
    expect(json).toMatchObject({ applied: [], plan: { changes: [{ change: 'unchanged' }, { change: 'unchanged' }] } });
  });

  test('replaces what changed, and says what dies with it', async () => {
    const env = { BEHALF_URL: running.url };
    const tree = JSON.parse((await run(['tree', '--json'], { env })).out) as readonly { id: string; name?: string }[];
    const planning = tree.find(({ name }) => name === 'planning')?.id ?? '';
    await run(['grant', '--parent', planning, '--to', 'agent:guest', '--allow', 'read on document:*'], { env });
    world.write(FILE, DELEGATIONS.replace('[read, comment]', '[read]'));
    const plan = (await apply(['--dry-run'])).out;
    expect(plan).toMatch(/~ replace {2}planning +group:finance#member → agent:planner +instead of dlg_/);
    expect(plan).toMatch(/- revoke +planning \(dlg_\w+\) +group:finance#member → agent:planner +replaced\n/);
    expect(plan).toMatch(/agent:planner → agent:guest +dies with it\n/);
    expect((await apply(['--yes'])).out).toContain('applied: 3 changes');
    expect(
      (await run(['check', 'agent:planner', 'comment', 'document:q3', '--for', 'user:alice'], { env })).status,
    ).toBe(1);
    expect((await apply(['--yes'])).out).toContain('nothing to do');
  });

  test('leaves alone what is in no file, until told to prune', async () => {
    const env = { BEHALF_URL: running.url };
    await run(
      ['grant', '--from', 'user:alice', '--to', 'agent:own', '--allow', 'read on document:*', '--name', 'own'],
      { env },
    );
    expect((await apply(['--yes'])).out).toMatch(
      /1 delegation in no file, left alone \(--prune revokes\):\n {4}own \(dlg_\w+\) {2}user:alice → agent:own\n/,
    );
    expect((await apply(['--yes', '--prune'])).out).toMatch(/- revoke {2}own .* in no file\n/);
    expect((await apply(['--yes', '--prune'])).out).toContain('nothing to do');
  });

  test('refuses files with mistakes, with their places, and what the server refuses', async () => {
    world.write(FILE, DELEGATIONS.replace('max_depth: 1', 'max_dept: 1'));
    const broken = await apply(['--yes']);
    expect(broken).toMatchObject({ status: 2, out: '' });
    expect(broken.err).toMatch(
      /policies\/delegations\/finance\.yaml:6:5: unknown key \(found max_dept; expected name,/,
    );
    world.write(FILE, DELEGATIONS.replace('agent:planner', 'robot:planner'));
    const refused = await apply(['--yes']);
    expect(refused.status).toBe(2);
    expect(refused.err).toContain('the type "robot" is in neither the model nor a policy');
    world.write(FILE, DELEGATIONS);
    expect((await run(['apply', '--policies', world.path('nowhere')])).err).toContain('there is no directory');
  });
});
