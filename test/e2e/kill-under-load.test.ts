import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openFileLog } from '../../src/audit/file-log.ts';
import { makeSmallWorld } from '../support/small-world.ts';
import { verifyLog } from '../support/verify-log.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const ASKING_AT_ONCE = 16;
const KILLS = 3;
const ANSWERS_BEFORE_A_KILL = 20 * ASKING_AT_ONCE;
const world = makeSmallWorld();
afterAll(() => world.remove());

/** Starts the server on any port; gives it and its address. */
async function serve(): Promise<{ readonly server: ChildProcess; readonly url: string }> {
  const args = [MAIN, 'serve', '--dev', '--port', '0', '--seed', 'seed.yaml', '--store', 'data/behalf.db'];
  const server = spawn(process.execPath, args, {
    cwd: world.directory,
    env: { PATH: process.env.PATH, BEHALF_LOG_RESERVE_MIB: '1' },
  });
  let printed = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk) => {
      printed += chunk;
    });
  }
  while (!printed.includes('openapi.json')) {
    if (server.exitCode !== null) throw new Error(`the server ended: ${printed}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const url = /http:\/\/[0-9.]+:\d+/.exec(printed)?.[0];
  if (url === undefined) throw new Error(`no address in: ${printed}`);
  return { server, url };
}

/** Asks until nobody answers; gives the ids of the decisions that were answered, with what was asked. */
async function askForEver(
  url: string,
  asker: string,
  onAnswer: () => void,
): Promise<readonly (readonly [id: string, action: string])[]> {
  const answered: [string, string][] = [];
  for (let n = 0; ; n++) {
    const action = `act-${asker}-${n}`;
    try {
      const reply = await fetch(`${url}/access/v1/evaluation`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          subject: { type: 'user', id: 'nobody' },
          action: { name: action },
          resource: { type: 'tool', id: 'x' },
        }),
      });
      const { context } = (await reply.json()) as { readonly context: { readonly id: string } };
      expect(reply.status).toBe(200);
      answered.push([context.id, action]);
      onAnswer();
    } catch {
      return answered;
    }
  }
}

test(`kill -9 under load: every answered decision is in the log, the chain verifies, the next start goes on (${KILLS} times)`, async () => {
  const answered = new Map<string, string>();
  const directory = join(world.directory, 'data/decisions');
  for (let run = 0; run < KILLS; run++) {
    const { server, url } = await serve();
    let answers = 0;
    let manyAnswered = () => {};
    const underLoad = new Promise<void>((resolve) => {
      manyAnswered = resolve;
    });
    const onAnswer = () => {
      if (++answers === ANSWERS_BEFORE_A_KILL) manyAnswered();
    };
    const asking = Promise.all(
      Array.from({ length: ASKING_AT_ONCE }, (_, n) => askForEver(url, `${run}-${n}`, onAnswer)),
    );
    await underLoad;
    server.kill('SIGKILL');
    await once(server, 'exit');
    const told = (await asking).flat();
    expect(told.length).toBeGreaterThan(ASKING_AT_ONCE);
    for (const [id, action] of told) {
      expect(answered.has(id)).toBe(false);
      answered.set(id, action);
    }
    const log = openFileLog(directory, 'local');
    for (const [id, action] of answered) expect(log.get(id)?.request.action).toBe(action);
    await log.close();
    const verified = verifyLog(directory, 'local');
    expect(verified).toMatchObject({ ok: true });
    const unanswered = (verified.ok ? verified.value.records : 0) - answered.size;
    expect(unanswered).toBeGreaterThanOrEqual(0);
    expect(unanswered).toBeLessThanOrEqual(ASKING_AT_ONCE * (run + 1));
  }
});
