import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { checkpointLine } from '../../../src/audit/checkpoints/checkpoint-file.ts';
import { CheckpointPush, fileTarget, webhookTarget } from '../../../src/audit/checkpoints/checkpoint-push.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-push-'));
afterAll(() => rmSync(root, { recursive: true }));

let server: Server | undefined;
afterEach(async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (server === undefined) resolve();
  else server.close(() => resolve());
  await promise;
  server = undefined;
});

interface Received {
  readonly bodies: string[];
  readonly url: string;
  status: number;
}

/** A second place that answers with a status; `bodies` are what it was sent. */
async function receiver(status: number, port = 0): Promise<Received> {
  const received: Received = { bodies: [], url: '', status };
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.bodies.push(`${request.method} ${request.headers['content-type']} ${body}`);
    response.writeHead(received.status, { location: '/elsewhere' }).end();
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  const address = server.address() as AddressInfo;
  return Object.assign(received, { url: `http://127.0.0.1:${address.port}/checkpoints` });
}

test('a file gets every checkpoint, in order', async () => {
  const path = join(root, 'kept.jsonl');
  const push = new CheckpointPush(fileTarget(path));
  for (const note of ['one\n', 'two\n', 'three\n']) push.push(note);
  await push.close();
  expect(readFileSync(path, 'utf8')).toBe(['one\n', 'two\n', 'three\n'].map(checkpointLine).join(''));
  expect(push.state).toEqual({ to: 'file', waiting: 0 });
});

test('a webhook gets the notes, as text', async () => {
  const received = await receiver(204);
  const push = new CheckpointPush(webhookTarget(received.url));
  push.push('a note\n');
  push.push('another\n');
  await push.close();
  expect(received.bodies).toEqual([
    'POST text/plain; charset=utf-8 a note\n',
    'POST text/plain; charset=utf-8 another\n',
  ]);
});

test.each([
  [500, 'it answers 500'],
  [404, 'it answers 404'],
  [302, /redirect/],
])('a webhook that answers %i has not got it: it is sent again, and the reason told', async (status, reason) => {
  const received = await receiver(status);
  const push = new CheckpointPush(webhookTarget(received.url));
  push.push('a note\n');
  await vi.waitFor(() => expect(push.state.failure).toMatch(reason));
  expect(push.state).toMatchObject({ to: 'webhook', waiting: 1 });
  received.status = 200;
  await vi.waitFor(() => expect(push.state).toEqual({ to: 'webhook', waiting: 0 }), { timeout: 3000 });
  expect(received.bodies).toHaveLength(2);
  await push.close();
});

test('a place that is not there holds nothing up, and is tried until it is', async () => {
  const { url } = await receiver(200);
  const port = Number(new URL(url).port);
  await new Promise((resolve) => server?.close(resolve));
  const push = new CheckpointPush(webhookTarget(url));
  push.push('a note\n');
  await vi.waitFor(() => expect(push.state.failure).toMatch(/ECONNREFUSED/));
  const later = await receiver(200, port);
  await vi.waitFor(() => expect(push.state).toEqual({ to: 'webhook', waiting: 0 }), { timeout: 4000 });
  expect(later.bodies).toHaveLength(1);
  await push.close();
});

test('of too many that wait the oldest are left out: the newest covers them', async () => {
  const gate = Promise.withResolvers<void>();
  const sent: string[] = [];
  const push = new CheckpointPush({
    to: 'file',
    send: async (note) => {
      await gate.promise;
      sent.push(note);
    },
  });
  for (let n = 0; n < 250; n += 1) push.push(`${n}`);
  expect(push.state.waiting).toBe(100);
  gate.resolve();
  await push.close();
  // The one that was under way, then the newest hundred.
  expect(sent).toEqual(['0', ...Array.from({ length: 100 }, (_, n) => `${150 + n}`)]);
});

test('the end does not wait for a place that fails', async () => {
  const push = new CheckpointPush(fileTarget(join(root, 'no', 'such', 'directory')));
  push.push('a note\n');
  await vi.waitFor(() => expect(push.state.failure).toMatch(/ENOENT/));
  const started = performance.now();
  await push.close();
  expect(performance.now() - started).toBeLessThan(1000);
});
