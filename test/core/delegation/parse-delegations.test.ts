import { describe, expect, test } from 'vitest';
import { parseDelegationFile } from '../../../src/core/delegation/parse-delegations.ts';
import { formatProblem } from '../../../src/core/problem.ts';

const parse = (text: string) => parseDelegationFile({ path: 'd.yaml', text });
const problems = (text: string): readonly string[] => {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.error.map(formatProblem);
};
const entry = (fields: string): string => `delegations:\n  - name: a\n    to: agent:a\n    from: user:u\n${fields}`;
const capabilities = '    capabilities: [{ actions: [read], resources: ["document:*"] }]\n';

describe('parseDelegationFile', () => {
  test('reads every key', () => {
    const parsed = parse(`
delegations:
  - name: planning
    from: group:finance#member
    to: agent:planner
    origin: user:alice
    capabilities:
      - actions: [read, "comment:*"]
        resources: document:*
        condition: R.attr.open
    condition: |
      D.depth < 3
    proof: verified
    activation: session
    expires_at: 2027-01-31T00:00:00+01:00
    max_session: 1h
    max_depth: 2
    onward_to: [agent:*]
  - { name: below, parent: planning, to: agent:b, expires_in: 30d, max_session: 60, capabilities: [{ actions: read, resources: document:x }] }
`);
    expect(parsed).toMatchObject({
      ok: true,
      value: [
        {
          name: 'planning',
          from: 'group:finance#member',
          to: 'agent:planner',
          origin: 'user:alice',
          capabilities: [{ actions: ['read', 'comment:*'], resources: ['document:*'], condition: 'R.attr.open' }],
          condition: 'D.depth < 3\n',
          proof: 'verified',
          activation: 'session',
          expires_at: Date.UTC(2027, 0, 30, 23),
          max_session: 3600,
          max_depth: 2,
          onward_to: ['agent:*'],
          place: { file: 'd.yaml', line: 3, column: 5 },
        },
        { name: 'below', parent: 'planning', expires_in: 30 * 86_400, max_session: 60 },
      ],
    });
  });

  test('what is absent stays absent', () => {
    const parsed = parse(entry(capabilities));
    const keys = parsed.ok ? Object.keys(parsed.value[0] ?? {}) : [];
    expect(keys.sort()).toEqual(['capabilities', 'from', 'name', 'place', 'places', 'to']);
  });

  test('knows where each field stands', () => {
    const parsed = parse(
      entry('    capabilities:\n      - actions: [read, write]\n        resources: ["document:*"]\n'),
    );
    const places = parsed.ok ? parsed.value[0]?.places : undefined;
    expect(places?.get('capabilities/0/actions/1')).toEqual({ file: 'd.yaml', line: 6, column: 25 });
    expect(places?.get('to')).toMatchObject({ line: 3, column: 9 });
  });

  test('refuses what is unknown, with its place and what is known', () => {
    expect(problems(entry(`${capabilities}    expires: 8h\n`))).toEqual([
      expect.stringMatching(/^d\.yaml:6:5: unknown key \(found expires; expected name, parent, from, /),
    ]);
    expect(problems(entry('    capabilities: [{ actions: [read], resources: ["d:*"], when: x }]\n'))).toEqual([
      expect.stringContaining('unknown key (found when; expected actions, resources, condition)'),
    ]);
    expect(problems('delegation: []')).toHaveLength(2);
  });

  test('an empty condition is a mistake, not a delegation without one', () => {
    expect(problems(entry(`${capabilities}    condition:\n`))).toEqual([
      expect.stringContaining('d.yaml:6:5: condition has no value'),
    ]);
  });

  test.each([
    ['expires_at: 2027-01-31', 'a time with its zone'],
    ['expires_at: 2027-01-31T00:00:00', 'a time with its zone'],
    ['expires_at: 2027-13-31T00:00:00Z', 'a time with its zone'],
    ['expires_in: soon', 'a duration like'],
    ['expires_in: 0', 'a duration like'],
    ['max_session: -5', 'a duration like'],
    ['max_depth: two', 'a number of further hops'],
    ['max_depth: 1.5', 'a number of further hops'],
    ['proof: strong', 'asserted or vouched or verified'],
    ['activation: always', 'standing or session'],
    ['onward_to: [1]', 'a pattern'],
    ['origin: 5', 'a principal'],
  ])('refuses %s', (line, expected) => {
    expect(problems(entry(`${capabilities}    ${line}\n`))).toEqual([
      expect.stringMatching(new RegExp(`^d\\.yaml:6:\\d+: .*${expected}`)),
    ]);
  });

  test('expires_at and expires_in exclude each other', () => {
    expect(problems(entry(`${capabilities}    expires_at: 2027-01-31T00:00:00Z\n    expires_in: 8h\n`))).toHaveLength(
      1,
    );
  });

  test('reports all mistakes of a file in one run', () => {
    expect(
      problems('delegations:\n  - { nam: a, to: 5 }\n  - { name: b, to: agent:b, capabilities: {} }\n'),
    ).toHaveLength(4);
  });

  test('says where YAML goes wrong', () => {
    expect(problems('delegations: [\n')).toEqual([expect.stringMatching(/^d\.yaml:\d+:\d+: not YAML: /)]);
    expect(problems('delegations: []\ndelegations: []')).toEqual([expect.stringMatching(/not YAML/)]);
  });

  test('an empty file has no delegations, a list at the top is a mistake', () => {
    expect(parse('# nothing yet\n')).toEqual({ ok: true, value: [] });
    expect(problems('- a')).toEqual([expect.stringContaining('found a list; expected a map')]);
  });

  test('aliases are followed, but neither in circles nor without end', () => {
    const reused =
      'delegations:\n  - { name: a, to: agent:a, capabilities: &c [{ actions: read, resources: "d:*" }] }\n  - { name: b, to: agent:b, capabilities: *c }\n';
    expect(parse(reused)).toMatchObject({ ok: true, value: [{}, { capabilities: [{ actions: ['read'] }] }] });
    expect(problems('delegations: &x [*x]').length).toBeGreaterThan(0);
  });
});
