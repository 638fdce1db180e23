import { describe, expect, test } from 'vitest';
import { checkDelegations } from '../../../src/core/delegation/check-delegations.ts';
import { parseDelegationFile } from '../../../src/core/delegation/parse-delegations.ts';
import { formatProblem } from '../../../src/core/problem.ts';

const NOW = Date.UTC(2026, 10, 24);
const VOCABULARY = {
  knowsType: (type: string) => ['user', 'agent', 'group', 'document'].includes(type),
  knowsRelation: (type: string, relation: string) => type === 'group' && relation === 'member',
};

function check(...lines: readonly string[]) {
  const text = `delegations:\n${lines.map((line) => `  - { ${line} }\n`).join('')}`;
  const parsed = parseDelegationFile({ path: 'd.yaml', text });
  if (!parsed.ok) throw new Error(parsed.error.map(formatProblem).join('\n'));
  const checked = checkDelegations(parsed.value, VOCABULARY, NOW);
  return checked.ok ? checked.value.map(({ name }) => name) : checked.error.map(formatProblem);
}

const READ = 'capabilities: [{ actions: read, resources: "document:*" }]';
const root = (name: string, more = ''): string =>
  `name: ${name}, from: user:alice, to: agent:${name}, ${READ}, max_depth: 3${more}`;
const child = (name: string, parent: string, more = ''): string =>
  `name: ${name}, parent: ${parent}, to: agent:${name}, ${READ}${more}`;

describe('checkDelegations', () => {
  test('gives parents first, otherwise as in the files', () => {
    expect(check(child('c', 'b'), child('b', 'a'), root('a'), root('z'))).toEqual(['a', 'b', 'c', 'z']);
  });

  test('a name stands for one delegation', () => {
    expect(check(root('a'), root('a'))).toEqual([
      expect.stringMatching(/^d\.yaml:3:\d+: two delegations have one name \(found a; expected one: d\.yaml:2/),
    ]);
  });

  test('a parent must be in the files', () => {
    expect(check(root('a'), child('b', 'x'))).toEqual([
      expect.stringMatching(/^d\.yaml:3:\d+: no delegation in the files has this name \(found x; expected a\)/),
    ]);
  });

  test('parents in a circle are said once', () => {
    expect(check(child('a', 'b'), child('b', 'a'), child('c', 'a'))).toEqual([
      expect.stringMatching(/in a circle \(found a → b → a\)/),
    ]);
  });

  test('an entry wider than its parent is refused where it is wider', () => {
    const wide = 'name: b, parent: a, to: agent:b, capabilities: [{ actions: [read, write], resources: "document:*" }]';
    expect(check(root('a'), wide)).toEqual([
      expect.stringMatching(
        /^d\.yaml:3:\d+: "b" is wider than its parent "a": capabilities\/0\/actions \(found write; expected read\)/,
      ),
    ]);
    expect(check(root('a'), child('b', 'a', ', max_depth: 3'))).toEqual([expect.stringContaining('max_depth')]);
  });

  test('expires_in ends with the parent at the latest', () => {
    expect(check(root('a', ', expires_in: 1h'), child('b', 'a', ', expires_in: 2h'))).toEqual(['a', 'b']);
    const later = child('b', 'a', ', expires_at: "2026-11-25T00:00:00Z"');
    expect(check(root('a', ', expires_in: 1h'), later)).toEqual([expect.stringContaining('expires_at')]);
  });

  test('types, patterns, conditions and sets are checked, all in one run, also where names go wrong', () => {
    const problems = check(
      `name: a, from: "group:finance#owner", to: agent:a, ${READ}`,
      'name: b, from: robot:r, to: agent:b, capabilities: [{ actions: read, resources: "*" }]',
      `name: c, parent: nowhere, to: agent:c, ${READ}, condition: "1 +"`,
    );
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringContaining('the model gives the type group no relation owner'),
        expect.stringContaining('the type "robot" is in neither'),
        expect.stringMatching(/^d\.yaml:3:\d+: capabilities\/0\/resources\/0: .*bare "\*"/),
        expect.stringContaining('no delegation in the files has this name'),
        expect.stringContaining('the condition does not compile'),
      ]),
    );
    expect(problems).toHaveLength(5);
  });
});
