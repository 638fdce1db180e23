import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, startWorld } from '../support/command.ts';
import { makeSmallWorld, type SmallWorld } from '../support/small-world.ts';

let world: SmallWorld;
let server: Awaited<ReturnType<typeof startWorld>>;
let revoked: string;
let granted: string;

const audit = (...args: string[]) => run(['audit', ...args, '--url', server.url]);

beforeAll(async () => {
  world = makeSmallWorld();
  server = await startWorld(world, { seed: world.path('seed.yaml') });
  const url = ['--url', server.url];
  const made = await run([
    'grant',
    '--name',
    'notes',
    '--from',
    'user:alice',
    '--to',
    'agent:notes',
    '--allow',
    'read on document:*',
    ...url,
  ]);
  if (made.status !== 0) throw new Error(made.err);
  granted = server.ledger.token();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await run(['revoke', 'notes', '--reason', '=all "over", now', ...url]);
  revoked = server.ledger.token();
});
afterAll(async () => {
  await server.close();
  world.remove();
});

describe('audit changes', () => {
  test('who did what, newest first', async () => {
    const { status, out, err } = await audit('changes');
    expect(status).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^\d+ +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +dev +revoked dlg_\w+ "notes" from user:alice to agent:notes: =all "over", now$/,
    );
    expect(lines[1]).toMatch(/ dev +granted dlg_\w+ "notes" from user:alice to agent:notes$/);
    expect(out).toMatch(/operator \(process\) +set user:alice\n +written group:finance#member@user:alice/);
    expect(out).toMatch(/operator \(process\) +published sha256:/);
    expect(err).toBe('');
  });

  test('about somebody, of a kind, so many', async () => {
    const { out } = await audit('changes', '--about', 'user:alice', '--kind', 'delegation,revocation');
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    const one = await audit('changes', '--limit', '1');
    expect(one.out.trimEnd().split('\n')).toHaveLength(1);
    expect(one.err).toContain('--limit 0 shows all');
    const all = await audit('changes', '--limit', '0', '--json');
    expect(JSON.parse(all.out).changes).toHaveLength(server.ledger.revision);
    expect((await audit('changes', '--about', 'user:nobody')).out).toBe('nothing was changed that fits\n');
  });

  test('as JSON and as CSV', async () => {
    const { out } = await audit('changes', '--about', 'notes', '--json');
    const told = JSON.parse(out);
    expect(told).toMatchObject({ more: false, changes: [{ revision: revoked, act: 'revoke' }, { revision: granted }] });
    const rows = (await audit('changes', '--about', 'notes', '--csv')).out.split('\r\n');
    expect(rows.at(-1)).toBe('');
    expect(rows[0]).toBe('revision,at,by,credential,act,kind,did,key,text,previous,sha256');
    const [{ at, changes, previous, sha256 }] = told.changes;
    const text = changes[0].text.replaceAll('"', '""');
    expect(rows[1]).toBe(
      `${revoked},${at},dev,dev,revoke,revocation,revoked,${changes[0].key},"${text}",${previous},${sha256}`,
    );
    expect(rows).toHaveLength(4);
  });

  test('what is no filter is an error', async () => {
    const { status, err } = await audit('changes', '--from', 'yesterday');
    expect([status, err]).toEqual([2, expect.stringContaining('"yesterday" is no time')]);
    expect((await audit('changes', '--limit', 'x')).status).toBe(2);
    expect((await audit('changes', '--kind', 'grant')).err).toContain('kind: is relationship');
  });
});

describe('audit reach', () => {
  const asked = ['reach', '--resource', 'document:q3', '--action', 'read'];

  test('who reaches it now, and who did at a revision', async () => {
    const now = await audit(...asked);
    expect(now.status).toBe(0);
    expect(now.out).toMatch(/^user:alice +may read document:q3$/m);
    expect(now.out).toMatch(/^agent:planner for user:alice +may read document:q3 +through planning$/m);
    expect(now.out).not.toContain('notes');
    const then = await audit(...asked, '--revision', granted);
    expect(then.out).toMatch(/^agent:notes for user:alice +may read document:q3 +through notes$/m);
    expect(then.err).toContain(`revision ${granted}`);
  });

  test('at a time, as JSON and as CSV', async () => {
    const { changes } = JSON.parse((await audit('changes', '--about', 'notes', '--json')).out);
    const then = ['--at', changes[1].at];
    const { reached, at, revision } = JSON.parse((await audit(...asked, ...then, '--json')).out);
    expect([at, revision]).toEqual([changes[1].at, granted]);
    expect(reached.map(({ actor }: { actor: string }) => actor)).toContain('agent:notes');
    const rows = (await audit(...asked, ...then, '--csv')).out.split('\r\n');
    expect(rows.at(-1)).toBe('');
    expect(rows[0]).toBe('origin,actor,action,resource,path,delegations,depends');
    const row = /^user:alice,agent:notes,read,document:q3,user:alice agent:notes,dlg_\w+,$/;
    expect(rows.filter((one) => row.test(one))).toHaveLength(1);
    const early = await audit(...asked, '--at', '2001-01-01T00:00:00Z');
    expect([early.status, early.out]).toEqual([0, 'nobody, nothing\n']);
  });

  test('who reaches it for some arguments', async () => {
    const tool = ['reach', '--resource', 'tool:erp/pay', '--action', 'call'];
    expect((await audit(...tool)).out).toBe('nobody, nothing\n');
    const open = await audit(...tool, '--open', 'args');
    expect(open.out).toMatch(/^agent:planner for user:alice +may call tool:erp\/pay +through planning +depends$/m);
    expect((await audit(...tool, '--open', 'args', '--csv')).out).toMatch(/,dlg_\w+,yes\r?$/m);
    expect((await audit(...tool, '--open', ',')).err).toContain('a name is empty');
  });

  test('a question that is none is an error', async () => {
    expect((await audit('reach')).err).toContain('one of the two questions');
    expect((await audit(...asked, '--at', '2999-01-01T00:00:00Z')).err).toContain('has not come yet');
  });
});
