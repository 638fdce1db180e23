import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Behalf, BehalfError } from '../../src/client/client.ts';
import { startWorld } from '../support/command.ts';
import { makeSmallWorld } from '../support/small-world.ts';

const QUESTION = { actor: 'agent:a', action: 'read', resource: 'document:x' };

/** A server that answers whatever the test wants, and remembers what it was sent. */
describe('against a server that misbehaves', () => {
  const answer = { status: 200, body: '', delayMs: 0, headers: {} as Record<string, string> };
  let seen: { request: IncomingMessage; body: string } | undefined;
  let server: Server;
  let client: Behalf;

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        seen = { request, body };
        const { status, headers, delayMs } = answer;
        const { body: text } = answer;
        setTimeout(() => response.writeHead(status, headers).end(text), delayMs);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = new Behalf({ url: `http://127.0.0.1:${port}/`, key: 'bhf.x.y', timeoutMs: 300 });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const set = (change: Partial<typeof answer>): void => {
    Object.assign(answer, { status: 200, body: '', delayMs: 0, headers: {} }, change);
  };
  const faultOf = (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      (value) => ({ answered: value }),
      (fault: unknown) => fault,
    );

  test('allows only what the server allowed', async () => {
    set({ body: '{"decision":true,"context":{"id":"d_1"}}' });
    expect(await client.check(QUESTION)).toBe(true);
    set({ body: '{"decision":false}' });
    expect(await client.check(QUESTION)).toBe(false);
  });

  test.each([
    ['a word for a truth value', { body: '{"decision":"true"}' }, 'malformed_answer'],
    ['no decision', { body: '{}' }, 'malformed_answer'],
    ['a number', { body: '1' }, 'malformed_answer'],
    ['null', { body: 'null' }, 'malformed_answer'],
    ['half an answer', { body: '{"decision":tr' }, 'malformed_answer'],
    ['nothing', { body: '' }, 'malformed_answer'],
    ['a page', { body: '<html>true</html>' }, 'malformed_answer'],
    ['an allow with a status that is a fault', { status: 500, body: '{"decision":true}' }, 'refused'],
    ['an allow with 401', { status: 401, body: '{"decision":true}' }, 'unauthenticated'],
    ['an allow with 404', { status: 404, body: '{"decision":true}' }, 'not_found'],
    ['a redirect', { status: 302, body: '{"decision":true}', headers: { location: '/elsewhere' } }, 'unreachable'],
    ['an allow that comes too late', { body: '{"decision":true}', delayMs: 600 }, 'timeout'],
  ])('never takes for an allow: %s', async (_name, change, code) => {
    set(change);
    const fault = await faultOf(client.check(QUESTION));
    expect(fault).toBeInstanceOf(BehalfError);
    expect((fault as BehalfError).code).toBe(code);
  });

  test('a server that is not there is unreachable, and an address that is none is refused', async () => {
    const gone = await faultOf(new Behalf({ url: 'http://127.0.0.1:9' }).check(QUESTION));
    expect(gone).toMatchObject({ code: 'unreachable', status: undefined });
    expect(() => new Behalf({ url: 'localhost:7420' })).toThrow(BehalfError);
  });

  test('tells the problem with every field error', async () => {
    const problem = {
      code: 'exceeds_parent',
      detail: 'too wide',
      errors: [{ field: 'to', message: 'no' }],
      status: 422,
    };
    set({ status: 422, body: JSON.stringify(problem) });
    const fault = await faultOf(client.delegate({ to: 'agent:a', capabilities: [] }));
    expect(fault).toMatchObject({ code: 'exceeds_parent', status: 422, message: 'too wide', problem });
  });

  test('sends AuthZEN, the key and nothing that was not said', async () => {
    set({ body: '{"decision":true}' });
    await client.check({
      ...QUESTION,
      on_behalf_of: 'user:u',
      resource: 'tool:erp/pay',
      properties: { args: { amount: 1 } },
      context: { ip: '::1' },
      delegation: 'dlg_1',
      revision: 'e.1',
    });
    expect(JSON.parse(seen?.body ?? '')).toEqual({
      subject: { type: 'agent', id: 'a' },
      action: { name: 'read' },
      resource: { type: 'tool', id: 'erp/pay', properties: { args: { amount: 1 } } },
      context: { ip: '::1', on_behalf_of: { type: 'user', id: 'u' }, delegation: 'dlg_1', revision: 'e.1' },
    });
    expect(seen?.request.headers.authorization).toBe('Bearer bhf.x.y');
    await client.check(QUESTION);
    expect(JSON.parse(seen?.body ?? '')).not.toHaveProperty('context');
  });

  test('a batch is answered with at most as many decisions, faults are denials', async () => {
    set({
      body: '{"evaluations":[{"decision":true},{"decision":false,"context":{"error":{"status":400,"message":"no"}}}]}',
    });
    const answers = await client.evaluations([QUESTION, QUESTION]);
    expect(answers).toEqual([{ decision: true }, { decision: false, error: { status: 400, message: 'no' } }]);
    expect(await faultOf(client.evaluations([QUESTION]))).toMatchObject({ code: 'malformed_answer' });
    set({ body: '{"decision":true}' });
    expect(await faultOf(client.evaluations([QUESTION]))).toMatchObject({ code: 'malformed_answer' });
    expect(await client.evaluations([])).toEqual([]);
  });

  test('escapes ids and entities in paths', async () => {
    set({ body: '{}' });
    await client.entities.get('tool:github/create issue');
    expect(seen?.request.url).toBe('/v1/entities/tool/github%2Fcreate%20issue');
    await client.delegation('../callers');
    expect(seen?.request.url).toBe('/v1/delegations/..%2Fcallers');
  });
});

describe('against a real server', () => {
  const world = makeSmallWorld();
  let running: Awaited<ReturnType<typeof startWorld>>;
  let client: Behalf;
  beforeAll(async () => {
    running = await startWorld(world, { seed: world.path('seed.yaml') });
    client = new Behalf({ url: running.url });
  });
  afterAll(async () => {
    await running.close();
    world.remove();
  });
  const read = { actor: 'agent:researcher', on_behalf_of: 'user:alice', action: 'read', resource: 'document:q3' };

  test('delegates, checks, explains, revokes', async () => {
    expect(await client.check(read)).toBe(true);
    const { delegation, revision } = await client.delegate(
      { from: 'user:alice', to: 'agent:helper', capabilities: [{ actions: ['read'], resources: ['document:*'] }] },
      { idempotencyKey: 'k1' },
    );
    const helper = { ...read, actor: 'agent:helper' };
    const evaluation = await client.evaluate({ ...helper, revision });
    expect(evaluation).toMatchObject({ decision: true, reason: 'allowed' });
    expect((await client.explain(helper)).chain?.steps).toHaveLength(3);
    expect((await client.why(evaluation.id)).recorded?.id).toBe(evaluation.id);
    expect((await client.decision(evaluation.id)).id).toBe(evaluation.id);
    const revoked = await client.revoke(delegation.id, { reason: 'done' });
    expect(revoked).toMatchObject({ already: false, dry_run: false, dies: [{ to: 'agent:helper' }] });
    expect(await client.check({ ...helper, revision: revoked.revision })).toBe(false);
    expect((await client.delegation(delegation.id)).state).toBe('revoked');
  });

  test('lists delegations over pages, and decisions', async () => {
    const all = await client.allDelegations({ state: 'live' });
    expect(all.map(({ name }) => name)).toEqual(['planning', 'research']);
    const page = await client.delegations({}, { limit: 1 });
    expect(page.delegations).toHaveLength(1);
    expect(page.next).toBe(page.delegations[0]?.id);
    const { decisions } = await client.decisions({ actor: 'agent:researcher', decision: true }, { limit: 1 });
    expect(decisions).toHaveLength(1);
  });

  test('keeps the directory, opens and ends sessions, manages callers', async () => {
    expect(await client.entities.put('tool:erp/pay', { attributes: { risk: 'high' } })).toMatchObject({
      attributes: { risk: 'high' },
    });
    expect(await client.entities.patch('tool:erp/pay', { attributes: { tag: 'x' } })).toMatchObject({
      attributes: { risk: 'high', tag: 'x' },
    });
    expect((await client.entities.all('tool:')).map(({ entity }) => entity)).toEqual(['tool:erp/pay']);
    await client.entities.suspend('agent:researcher');
    expect(await client.check(read)).toBe(false);
    expect(await client.entities.resume('agent:researcher')).toMatchObject({ suspended: false });
    expect(await client.check(read)).toBe(true);
    const { delegation } = await client.delegate({
      from: 'user:alice',
      to: 'agent:closer',
      activation: 'session',
      max_session: 60,
      capabilities: [{ actions: ['read'], resources: ['document:*'] }],
    });
    const { activation } = await client.activate(delegation.id, { origin: 'user:alice' });
    expect(await client.check({ ...read, actor: 'agent:closer' })).toBe(true);
    await client.deactivate(delegation.id, activation.id);
    expect(await client.check({ ...read, actor: 'agent:closer' })).toBe(false);
    const { key } = await client.callers.add({ id: 'app', roles: ['check'] });
    const app = new Behalf({ url: running.url, key });
    expect(await app.callers.own()).toMatchObject({ id: 'app', roles: ['check'] });
    await expect(app.callers.list()).rejects.toMatchObject({ code: 'forbidden', status: 403 });
    expect((await client.callers.list()).callers.map(({ id }) => id)).toEqual(['app']);
    await client.callers.remove('app');
    await expect(app.check(read)).rejects.toMatchObject({ status: 401 });
    expect(await client.related('user:alice', 'member', 'group:finance')).toBe(true);
  });
});
