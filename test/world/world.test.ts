import { describe, expect, it } from 'vitest';
import { revocationKey } from '../../src/core/change.ts';
import { decide } from '../../src/core/decide.ts';
import type { CheckRequest, Decision, ReasonCode } from '../../src/core/decision.ts';
import type { Attributes } from '../../src/core/entity.ts';
import { Company, NOW } from './company.ts';

/** What else a question says. */
interface More {
  readonly args?: Attributes;
  readonly attributes?: Attributes;
  readonly proof?: CheckRequest['proof'];
  readonly delegation?: string;
  readonly claimed?: readonly string[];
}

/** Who, for whom, what, on what, and the first reason of the answer. */
type Row = readonly [actor: string, origin: string, action: string, resource: string, reason: ReasonCode, more?: More];

const DAY = 86_400_000;

/** For questions that somebody asks on nobody's behalf. */
const ITSELF = 'itself';

const QUESTIONS: { readonly [about: string]: readonly Row[] } = {
  'one hop: a template hands on what the member has': [
    ['agent:planner', 'user:alice', 'read', 'document:q3-forecast', 'allowed'],
    ['agent:planner', 'user:alice', 'write', 'document:q3-forecast', 'allowed'],
    ['agent:planner', 'user:bob', 'read', 'document:q3-forecast', 'allowed'],
    ['agent:planner', 'user:bob', 'read', 'document:board-minutes', 'not_entitled'],
    ['agent:planner', 'user:carol', 'read', 'document:handbook', 'not_in_set'],
    ['agent:planner', 'user:carol', 'read', 'document:q3-forecast', 'not_entitled'],
    ['agent:planner', 'user:alice', 'delete', 'document:q3-forecast', 'not_entitled'],
  ],
  'further hops: narrower each time': [
    ['agent:researcher', 'user:alice', 'read', 'document:q3-forecast', 'allowed'],
    ['agent:researcher', 'user:alice', 'write', 'document:q3-forecast', 'not_covered'],
    ['agent:researcher', 'user:alice', 'call', 'tool:web/search', 'allowed'],
    ['agent:researcher', 'user:alice', 'call', 'tool:erp/list_invoices', 'not_covered'],
    ['agent:scout', 'user:alice', 'call', 'tool:web/search', 'allowed'],
    ['agent:scout', 'user:alice', 'read', 'document:q3-forecast', 'not_covered'],
    ['agent:writer', 'user:alice', 'write', 'document:drafts/q3-summary', 'allowed'],
    ['agent:writer', 'user:alice', 'write', 'document:q3-forecast', 'not_covered'],
  ],
  'nobody in between': [
    ['agent:coder', 'user:alice', 'read', 'document:handbook', 'no_chain'],
    ['agent:coder', 'user:dave', 'call', 'tool:github/create_issue', 'no_chain'],
    ['agent:stranger', 'user:alice', 'read', 'document:q3-forecast', 'no_chain'],
  ],
  'everybody has the assistant, each with their own rights': [
    ['agent:assistant', 'user:alice', 'read', 'document:q3-forecast', 'allowed'],
    ['agent:assistant', 'user:alice', 'write', 'document:q3-forecast', 'not_covered'],
    ['agent:assistant', 'user:dave', 'read', 'document:runbook', 'allowed'],
    ['agent:assistant', 'user:dave', 'read', 'document:q3-forecast', 'not_entitled'],
    ['agent:assistant', 'user:somebody-new', 'read', 'document:handbook', 'allowed'],
    ['agent:assistant', 'user:somebody-new', 'read', 'document:runbook', 'not_entitled'],
  ],
  'own authority, and no ambient one': [
    ['agent:indexer', ITSELF, 'read', 'document:roadmap', 'allowed'],
    ['agent:indexer', ITSELF, 'call', 'tool:github/list_issues', 'allowed'],
    ['agent:indexer', ITSELF, 'call', 'tool:github/create_issue', 'not_entitled'],
    ['agent:indexer', 'user:alice', 'read', 'document:handbook', 'no_chain'],
    ['agent:planner', ITSELF, 'read', 'document:q3-forecast', 'not_entitled'],
    ['agent:assistant', ITSELF, 'read', 'document:handbook', 'not_entitled'],
    ['agent:closer', ITSELF, 'call', 'tool:erp/post_journal', 'not_entitled'],
  ],
  'people themselves': [
    ['user:alice', ITSELF, 'share', 'document:q3-forecast', 'allowed'],
    ['user:bob', ITSELF, 'share', 'document:q3-forecast', 'not_entitled'],
    ['user:alice', ITSELF, 'call', 'tool:erp/pay', 'allowed', { args: { amount: 9000 } }],
    ['user:bob', ITSELF, 'call', 'tool:erp/pay', 'not_entitled', { args: { amount: 9000 } }],
    ['user:carol', ITSELF, 'call', 'tool:erp/pay', 'not_entitled', { args: { amount: 1 } }],
    ['user:carol', ITSELF, 'call', 'tool:github/merge_pull_request', 'allowed'],
    ['user:dave', ITSELF, 'call', 'tool:github/create_issue', 'allowed'],
    ['user:dave', ITSELF, 'call', 'tool:github/merge_pull_request', 'not_entitled'],
    ['user:carol', ITSELF, 'invoke', 'agent:coder', 'allowed'],
    ['user:alice', ITSELF, 'invoke', 'agent:coder', 'not_entitled'],
  ],
  'conditions on the arguments of a tool': [
    ['agent:payer', 'user:bob', 'call', 'tool:erp/pay', 'allowed', { args: { amount: 800 } }],
    ['agent:payer', 'user:bob', 'call', 'tool:erp/pay', 'allowed', { args: { amount: 1000 } }],
    ['agent:payer', 'user:bob', 'call', 'tool:erp/pay', 'condition_false', { args: { amount: 1000.01 } }],
    ['agent:payer', 'user:bob', 'call', 'tool:erp/pay', 'not_entitled', { args: { amount: 2001 } }],
    ['agent:payer', 'user:bob', 'call', 'tool:erp/pay', 'not_entitled', { args: { amount: -1 } }],
    ['agent:payer', 'user:bob', 'call', 'tool:erp/pay', 'not_entitled', { args: { amount: 'all of it' } }],
    ['agent:payer', 'user:bob', 'call', 'tool:erp/pay', 'not_entitled'],
    ['agent:payer', 'user:bob', 'call', 'tool:erp/list_invoices', 'allowed'],
  ],
  'two chains: one of them must carry the whole request': [
    ['agent:payer', 'user:alice', 'call', 'tool:erp/pay', 'allowed', { args: { amount: 800 } }],
    ['agent:payer', 'user:alice', 'call', 'tool:erp/pay', 'allowed', { args: { amount: 4000 } }],
    [
      'agent:payer',
      'user:alice',
      'call',
      'tool:erp/pay',
      'condition_false',
      { args: { amount: 4000 }, delegation: 'finance-payments' },
    ],
  ],
  'a personal delegation, handed on': [
    ['agent:coder', 'user:carol', 'call', 'tool:github/create_issue', 'allowed', { args: { repository: 'acme/web' } }],
    [
      'agent:coder',
      'user:carol',
      'call',
      'tool:github/create_issue',
      'condition_false',
      { args: { repository: 'evil/web' } },
    ],
    ['agent:coder', 'user:carol', 'call', 'tool:github/create_issue', 'condition_error'],
    ['agent:coder', 'user:carol', 'call', 'tool:web/search', 'not_covered'],
    ['agent:tester', 'user:carol', 'call', 'tool:github/run_workflow', 'allowed', { args: { repository: 'acme/web' } }],
    [
      'agent:tester',
      'user:carol',
      'call',
      'tool:github/run_workflow',
      'condition_false',
      { args: { repository: 'evil/web' } },
    ],
    [
      'agent:tester',
      'user:carol',
      'call',
      'tool:github/create_issue',
      'not_covered',
      { args: { repository: 'acme/web' } },
    ],
  ],
  'proof of the origin': [
    ['agent:planner', 'user:alice', 'read', 'document:q3-forecast', 'origin_unproven', { proof: 'asserted' }],
    ['agent:treasurer', 'user:alice', 'call', 'tool:bank/transfer', 'origin_unproven', { proof: 'vouched' }],
    ['agent:treasurer', 'user:alice', 'call', 'tool:bank/transfer', 'allowed', { proof: 'verified' }],
    ['agent:treasurer', 'user:bob', 'call', 'tool:bank/transfer', 'not_entitled', { proof: 'verified' }],
  ],
  'guardrails: what no agent does': [
    ['user:alice', ITSELF, 'read', 'document:payroll', 'allowed'],
    ['agent:assistant', 'user:alice', 'read', 'document:payroll', 'forbidden'],
    ['agent:researcher', 'user:alice', 'read', 'document:payroll', 'forbidden'],
    ['agent:planner', 'user:alice', 'use', 'model:openai/gpt-5', 'allowed'],
    ['agent:researcher', 'user:alice', 'use', 'model:openai/gpt-5', 'forbidden'],
    ['agent:researcher', 'user:alice', 'use', 'model:openai/gpt-5-mini', 'allowed'],
    ['agent:payer', 'user:alice', 'call', 'tool:erp/pay', 'allowed', { args: { amount: 5000 } }],
    ['agent:payer', 'user:alice', 'call', 'tool:erp/pay', 'forbidden', { args: { amount: 5000.01 } }],
  ],
  'who is blocked': [
    ['user:dave', ITSELF, 'read', 'document:runbook', 'allowed'],
    ['user:dave', ITSELF, 'read', 'document:roadmap', 'not_entitled'],
    ['agent:assistant', 'user:dave', 'read', 'document:roadmap', 'not_entitled'],
    ['agent:assistant', 'user:carol', 'read', 'document:roadmap', 'allowed'],
    ['user:erin', ITSELF, 'read', 'document:board-minutes', 'allowed'],
    ['agent:assistant', 'user:erin', 'read', 'document:board-minutes', 'forbidden'],
    ['user:carol', ITSELF, 'use', 'model:openai/gpt-5', 'allowed'],
    ['user:dave', ITSELF, 'use', 'model:openai/gpt-5', 'not_entitled'],
  ],
  'an MCP server: what it offers, and what it asks in return': [
    ['user:carol', ITSELF, 'call', 'tool:files/write_file', 'allowed'],
    ['user:dave', ITSELF, 'call', 'tool:files/write_file', 'not_entitled'],
    ['user:alice', ITSELF, 'call', 'tool:files/read_text_file', 'not_entitled'],
    ['agent:editor', 'user:carol', 'call', 'tool:files/write_file', 'allowed', { args: { path: '/srv/a.md' } }],
    ['agent:editor', 'user:carol', 'call', 'tool:files/write_file', 'condition_false', { args: { path: '/srv/a.sh' } }],
    ['agent:editor', 'user:carol', 'call', 'tool:files/write_file', 'condition_error'],
    ['agent:reader', 'user:carol', 'call', 'tool:files/read_text_file', 'allowed'],
    ['agent:reader', 'user:carol', 'call', 'tool:files/write_file', 'not_covered', { args: { path: '/srv/a.md' } }],
    ['agent:finder', 'user:carol', 'call', 'tool:files/search_files', 'allowed'],
    ['agent:finder', 'user:carol', 'call', 'tool:files/read_text_file', 'not_covered'],
    ['agent:editor', ITSELF, 'call', 'tool:files/read_text_file', 'not_entitled'],
    ['agent:editor', 'user:carol', 'call', 'tool:files/move_file', 'not_entitled'],
    ['agent:reader', 'user:carol', 'read', 'resource:files/file%3A%2F%2F%2Fa', 'allowed'],
    ['agent:reader', 'user:carol', 'subscribe', 'resource:files/file%3A%2F%2F%2Fa', 'not_covered'],
    ['user:carol', ITSELF, 'subscribe', 'resource:files/file%3A%2F%2F%2Fa', 'allowed'],
    ['user:carol', ITSELF, 'read', 'resource:other/file%3A%2F%2F%2Fa', 'not_entitled'],
    ['user:carol', ITSELF, 'result', 'task:files/1', 'allowed'],
    ['agent:editor', 'user:carol', 'elicit', 'mcp_server:files', 'allowed'],
    ['agent:editor', 'user:carol', 'sample', 'mcp_server:files', 'not_entitled'],
    ['user:carol', ITSELF, 'set_log_level', 'mcp_server:files', 'allowed'],
    ['user:alice', ITSELF, 'elicit', 'mcp_server:files', 'not_entitled'],
  ],
  'agents that call agents': [
    ['agent:planner', 'user:alice', 'invoke', 'agent:researcher', 'allowed'],
    ['agent:planner', 'user:alice', 'invoke', 'agent:planner', 'not_covered'],
    ['agent:researcher', 'user:alice', 'invoke', 'agent:writer', 'not_covered'],
  ],
  'what is not known': [
    ['agent:planner', 'user:alice', 'read', 'invoice:7', 'unknown_type'],
    ['service:planner', 'user:alice', 'read', 'document:q3-forecast', 'unknown_type'],
    ['agent:planner', 'user:alice', 'read', 'document:q4-forecast', 'not_entitled'],
    ['agent:planner', 'user:alice', 'call', 'tool:web/fetch', 'not_entitled'],
  ],
  'what a request says of itself changes nothing': [
    ['agent:assistant', 'user:alice', 'read', 'document:payroll', 'forbidden', { attributes: { tag: 'public' } }],
    ['user:dave', ITSELF, 'call', 'tool:github/merge_pull_request', 'not_entitled', { attributes: { risk: 'low' } }],
    [
      'agent:researcher',
      'user:alice',
      'read',
      'document:q3-forecast',
      'allowed',
      { claimed: ['user:alice', 'agent:planner', 'agent:researcher'] },
    ],
    [
      'agent:researcher',
      'user:alice',
      'read',
      'document:q3-forecast',
      'claim_mismatch',
      { claimed: ['user:alice', 'agent:researcher'] },
    ],
  ],
};

function ask(company: Company, [actor, origin, action, resource, , more = {}]: Row, now = NOW): Decision {
  const { args, attributes, delegation, claimed } = more;
  const request: CheckRequest = {
    actor,
    origin: origin === ITSELF ? actor : origin,
    proof: more.proof ?? 'vouched',
    action,
    resource,
    resourceAttributes: { ...attributes, ...(args === undefined ? {} : { args }) },
    ...(delegation === undefined ? {} : { delegation: company.id(delegation) }),
    ...(claimed === undefined ? {} : { claimedChain: claimed }),
  };
  return decide(request, company.state.snapshot(company.bundle), now);
}

function reasonOf(company: Company, row: Row, now = NOW): ReasonCode {
  return ask(company, row, now).reason;
}

const told = ([actor, origin, action, resource, reason, more]: Row): string =>
  `${actor} for ${origin}: ${action} ${resource}${more === undefined ? '' : ` ${JSON.stringify(more)}`} → ${reason}`;

describe('the example world answers', () => {
  const company = new Company();
  for (const [about, rows] of Object.entries(QUESTIONS)) {
    describe(about, () => {
      it.each(rows.map((row) => [told(row), row] as const))('%s', (_, row) => {
        const decision = ask(company, row);
        expect(decision.reason, `all reasons: ${decision.reasons.join(', ')}`).toBe(row[4]);
        expect(decision.allowed).toBe(row[4] === 'allowed');
      });
    });
  }
});

describe('what the deny rules say', () => {
  const forbiddenBy = (company: Company, row: Row): readonly string[] => {
    const rules = ask(company, row).chain?.steps.flatMap((step) =>
      step.kind === 'principal' ? step.prohibitions.map(({ rule }) => `${step.principal} ${rule}`) : [],
    );
    return rules ?? [];
  };

  it('an agent does nothing risky for itself', () => {
    const row: Row = ['agent:closer', ITSELF, 'call', 'tool:erp/post_journal', 'not_entitled'];
    expect(forbiddenBy(new Company(), row)).toEqual(['agent:closer risky-only-on-behalf-of-a-person']);
  });

  it('nothing risky goes through an agent that reads the open web, however it was delegated', () => {
    const company = new Company();
    const capabilities = [{ actions: ['call'], resources: ['tool:erp/*'] }];
    company.delegate({ name: 'careless', from: 'user:alice', to: 'agent:researcher', max_depth: 1, capabilities });
    company.delegate({ name: 'careless-too', parent: 'careless', to: 'agent:clerk', capabilities });
    const row: Row = ['agent:clerk', 'user:alice', 'call', 'tool:erp/post_journal', 'forbidden'];
    expect(reasonOf(company, row)).toBe('forbidden');
    expect(forbiddenBy(company, row)).toEqual(['agent:researcher risky-only-away-from-the-open-web']);
    expect(reasonOf(company, ['agent:clerk', 'user:alice', 'call', 'tool:erp/list_invoices', 'allowed'])).toBe(
      'allowed',
    );
  });

  it('an agent calls no tool that nobody has rated, even where its user may', () => {
    const company = new Company();
    const value = { user: 'user:*', relation: 'caller', object: 'tool:web/fetch' };
    company.apply({ kind: 'relationship', key: 'tool:web/fetch#caller@user:*', value });
    const row: Row = ['agent:planner', 'user:alice', 'call', 'tool:web/fetch', 'not_entitled'];
    expect(forbiddenBy(company, row)).toContain('agent:planner no-agent-on-unrated-tools');
  });

  it('an imported tool is called as it was reviewed, and not otherwise', () => {
    const company = new Company();
    const attributes = { risk: 'low', review: 'reviewed', reviewed_definition: 'sha256:1' };
    const calls = (definition?: string): Row => {
      const more = definition === undefined ? {} : { attributes: { definition } };
      return ['agent:editor', 'user:carol', 'call', 'tool:files/read_text_file', 'forbidden', more];
    };
    company.register({ entity: 'tool:files/read_text_file', attributes });
    expect(reasonOf(company, calls('sha256:1'))).toBe('allowed');
    expect(forbiddenBy(company, calls('sha256:2'))).toEqual(['agent:editor no-agent-on-tools-that-changed']);
    expect(forbiddenBy(company, calls())).toEqual(['agent:editor no-agent-on-tools-that-changed']);
    company.register({ entity: 'tool:files/read_text_file', attributes: { ...attributes, review: 'changed' } });
    expect(forbiddenBy(company, calls('sha256:1'))).toEqual(['agent:editor no-agent-on-tools-to-be-reviewed']);
    // What the directory says is never overridden by what a request says of the tool.
    const claims = { definition: 'sha256:1', review: 'reviewed', reviewed_definition: 'sha256:1' };
    const more = { attributes: claims };
    const said: Row = ['agent:editor', 'user:carol', 'call', 'tool:files/read_text_file', 'forbidden', more];
    expect(reasonOf(company, said)).toBe('forbidden');
  });

  it('no agent shares, and no delegation changes that', () => {
    const company = new Company();
    const capabilities = [{ actions: ['share'], resources: ['document:*'] }];
    company.delegate({ name: 'sharing', from: 'user:alice', to: 'agent:writer', capabilities });
    const row: Row = ['agent:writer', 'user:alice', 'share', 'document:q3-forecast', 'forbidden'];
    expect(reasonOf(company, row)).toBe('forbidden');
    expect(forbiddenBy(company, row)).toEqual(['agent:writer no-agent-shares']);
  });
});

describe('what changes', () => {
  const reads: Row = ['agent:researcher', 'user:alice', 'read', 'document:q3-forecast', 'allowed'];
  const searches: Row = ['agent:scout', 'user:alice', 'call', 'tool:web/search', 'allowed'];
  const plans: Row = ['agent:planner', 'user:alice', 'read', 'document:q3-forecast', 'allowed'];
  const asks: Row = ['agent:assistant', 'user:alice', 'read', 'document:q3-forecast', 'allowed'];

  const revoke = (company: Company, name: string, origin?: string): void => {
    const delegation = company.id(name);
    const value = { delegation, at: NOW, by: 'test', reason: 'test', revision: 0, ...(origin && { origin }) };
    company.apply({ kind: 'revocation', key: revocationKey(delegation, origin), value });
  };

  it('a session opens its delegation for the one who opened it, until it ends', () => {
    const company = new Company();
    const alice: Row = ['agent:closer', 'user:alice', 'call', 'tool:erp/post_journal', 'session_required'];
    const bob: Row = ['agent:closer', 'user:bob', 'call', 'tool:erp/post_journal', 'session_required'];
    expect(reasonOf(company, alice)).toBe('session_required');
    const session = { created_at: NOW, expires_at: NOW + 3_600_000, by: 'test' };
    const value = { id: 'act_1', delegation: company.id('finance-month-end'), origin: 'user:alice', ...session };
    company.apply({ kind: 'activation', key: value.id, value });
    expect(reasonOf(company, alice)).toBe('allowed');
    expect(reasonOf(company, bob)).toBe('session_required');
    expect(reasonOf(company, alice, NOW + 3_599_999)).toBe('allowed');
    expect(reasonOf(company, alice, NOW + 3_600_000)).toBe('session_required');
    company.apply({ kind: 'activation', key: value.id, value: null });
    expect(reasonOf(company, alice)).toBe('session_required');
  });

  it('suspending an agent stops every path through it, and only those, until it is resumed', () => {
    const company = new Company();
    company.register({ entity: 'agent:researcher', suspended: true });
    expect([reads, searches, plans].map((row) => reasonOf(company, row))).toEqual([
      'suspended',
      'suspended',
      'allowed',
    ]);
    company.register({ entity: 'agent:researcher', suspended: false });
    expect([reads, searches].map((row) => reasonOf(company, row))).toEqual(['allowed', 'allowed']);
  });

  it('suspending a person stops everything that is done on her behalf', () => {
    const company = new Company();
    company.register({ entity: 'user:alice', suspended: true });
    expect([reads, plans, asks].map((row) => reasonOf(company, row))).toEqual(['suspended', 'suspended', 'suspended']);
  });

  it('revoking the planner’s template ends all that hangs below it', () => {
    const company = new Company();
    revoke(company, 'finance-planning');
    expect([plans, reads, searches, asks].map((row) => reasonOf(company, row))).toEqual([
      'revoked',
      'revoked',
      'revoked',
      'allowed',
    ]);
  });

  it('alice withdraws from a template for herself, and bob keeps it', () => {
    const company = new Company();
    revoke(company, 'finance-payments', 'user:alice');
    const lists = (origin: string, pinned: More = {}): ReasonCode =>
      reasonOf(company, ['agent:payer', origin, 'call', 'tool:erp/list_invoices', 'allowed', pinned]);
    expect(lists('user:alice', { delegation: 'finance-payments' })).toBe('withdrawn');
    // Her larger payments are another delegation: it lives on, and does not cover the list.
    expect(lists('user:alice')).toBe('not_covered');
    expect(lists('user:bob')).toBe('allowed');
  });

  it('being meant for a risky tool of another department does not suffice', () => {
    const company = new Company();
    const row: Row = ['user:carol', ITSELF, 'call', 'tool:erp/post_journal', 'not_entitled'];
    const meant = (user: string): void => {
      const value = { user, relation: 'caller', object: 'tool:erp/post_journal' };
      company.apply({ kind: 'relationship', key: `tool:erp/post_journal#caller@${user}`, value });
    };
    meant('user:carol');
    expect(reasonOf(company, row)).toBe('not_entitled');
    company.register({ entity: 'user:carol', attributes: { department: 'finance' } });
    expect(reasonOf(company, row)).toBe('allowed');
  });

  it('whoever leaves finance takes finance’s agents along, in the same moment', () => {
    const company = new Company();
    company.apply({ kind: 'relationship', key: 'group:finance#member@user:alice', value: null });
    const row: Row = ['agent:planner', 'user:alice', 'read', 'document:payroll', 'not_in_set'];
    expect(reasonOf(company, plans)).not.toBe('allowed');
    expect(ask(company, row).reasons).toContain('not_in_set');
  });

  it('carol’s delegation ends after thirty days, and the one below it with it', () => {
    const company = new Company();
    const args = { repository: 'acme/web' };
    const codes: Row = ['agent:coder', 'user:carol', 'call', 'tool:github/list_issues', 'expired', { args }];
    const tests: Row = ['agent:tester', 'user:carol', 'call', 'tool:github/run_workflow', 'expired', { args }];
    expect([codes, tests].map((row) => reasonOf(company, row, NOW + 30 * DAY - 1))).toEqual(['allowed', 'allowed']);
    expect([codes, tests].map((row) => reasonOf(company, row, NOW + 30 * DAY))).toEqual(['expired', 'expired']);
  });

  it.each([
    ['writing', 'agent:editor', [{ actions: ['write'], resources: ['document:*'] }], /actions/],
    ['another tool', 'agent:editor', [{ actions: ['call'], resources: ['tool:web/*', 'tool:erp/*'] }], /resources/],
    ['a way back', 'agent:planner', [{ actions: ['read'], resources: ['document:*'] }], /chain/],
    ['a person', 'user:dave', [{ actions: ['read'], resources: ['document:*'] }], /onward_to/],
  ])('the researcher cannot hand on more than it has: %s', (name, to, capabilities, message) => {
    const company = new Company();
    expect(() => company.delegate({ name, parent: 'finance-research', to, capabilities })).toThrow(message);
  });
});
