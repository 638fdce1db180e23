import { describe, expect, test } from 'vitest';
import { senderOfAuthInfo } from '../../src/mcp/auth-info.ts';

describe('whom a verified token names', () => {
  test('a client that acts for a person; the caller of the decision point knows which agent that is', () => {
    expect(senderOfAuthInfo({ clientId: 'helper-app', extra: { sub: 'alice', dept: 'hr' } })).toEqual({
      asks: { actor: 'user:alice', agent: 'helper-app' },
      token: { sub: 'alice', dept: 'hr', client_id: 'helper-app' },
    });
  });

  test('or the application does', () => {
    const agents = { 'helper-app': 'agent:helper' };
    expect(senderOfAuthInfo({ clientId: 'helper-app', extra: { sub: 'alice' } }, { agents }).asks).toEqual({
      actor: 'agent:helper',
      on_behalf_of: 'user:alice',
    });
  });

  test('by another claim, with what an id may not hold encoded', () => {
    const named = senderOfAuthInfo({ clientId: 'app', extra: { sub: 'x', email: 'a b#c' } }, { subject: 'email' });
    expect(named.asks.actor).toBe('user:a%20b%23c');
  });

  test.each([
    ['no token', undefined, {}, /authInfo/],
    ['no person', { clientId: 'app' }, {}, /extra\.sub/],
    ['a person of another claim', { clientId: 'app', extra: { sub: 'alice' } }, { subject: 'email' }, /extra\.email/],
    ['a person that is no text', { clientId: 'app', extra: { sub: 7 } }, {}, /extra\.sub/],
    ['an empty name', { clientId: 'app', extra: { sub: '' } }, {}, /cannot name a user/],
    ['no client', { clientId: '', extra: { sub: 'alice' } }, {}, /clientId/],
    ['a client that is no agent', { clientId: 'app', extra: { sub: 'alice' } }, { agents: {} }, /none of the agents/],
    ['one called like a method', { clientId: 'toString', extra: { sub: 'a' } }, { agents: {} }, /none of the agents/],
    ['an agent that is no entity', { clientId: 'app', extra: { sub: 'a' } }, { agents: { app: 'x' } }, /asked about/],
  ])('nobody: %s', (_, authInfo, options, message) => {
    expect(() => senderOfAuthInfo(authInfo, options)).toThrow(message);
  });
});
