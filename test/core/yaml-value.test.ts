import { describe, expect, test } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { readYaml, type YamlValue } from '../../src/core/yaml-value.ts';

function read<T>(
  text: string,
  use: (value: YamlValue) => T,
): { readonly value: T | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const root = readYaml({ path: 'f.yaml', text }, problems);
  return { value: root && use(root), problems };
}

describe('YamlValue', () => {
  test('reads each kind, and reports every other with its place', () => {
    const text = 'a: text\nb: 5\nc: true\nd: [x, y]\n';
    const { value, problems } = read(text, (root) => {
      const fields = root.fields(['a', 'b', 'c', 'd']);
      return [
        fields?.get('a')?.string(),
        fields?.get('b')?.integer(),
        fields?.get('c')?.boolean(),
        fields
          ?.get('d')
          ?.strings('texts')
          ?.map((one) => one.text),
        fields
          ?.get('a')
          ?.strings('texts')
          ?.map((one) => one.text),
        fields?.get('a')?.integer(),
        fields?.get('b')?.string(),
        fields?.get('d')?.boolean(),
      ];
    });
    expect(value).toEqual(['text', 5, true, ['x', 'y'], ['text'], undefined, undefined, undefined]);
    expect(problems).toEqual([
      { file: 'f.yaml', line: 1, column: 4, message: 'wrong value for a', found: '"text"', expected: 'a whole number' },
      { file: 'f.yaml', line: 2, column: 4, message: 'wrong value for b', found: '5', expected: 'a text' },
      { file: 'f.yaml', line: 4, column: 4, message: 'wrong value for d', found: 'a list', expected: 'true or false' },
    ]);
  });

  test('reads JSON values, and nothing that JSON cannot say', () => {
    expect(read('a: { b: [1, null, x], c: 1.5 }', (root) => root.json()).value).toEqual({
      a: { b: [1, null, 'x'], c: 1.5 },
    });
    expect(read('a: .inf', (root) => root.json()).problems).toMatchObject([{ expected: 'a JSON value' }]);
  });

  test('missing, unknown, empty and repeated keys', () => {
    const { problems } = read('a:\nx: 1\n', (root) => root.fields(['a', 'b', 'c'], ['b', 'c']));
    expect(problems.map(({ message }) => message)).toEqual(['a has no value', 'unknown key', 'b and c missing']);
    expect(read('a: 1\na: 2\n', (root) => root).problems).toMatchObject([{ line: 2, column: 1 }]);
  });

  test('an empty file is nothing, and no problem', () => {
    expect(read('# only a comment\n', () => 1)).toEqual({ value: undefined, problems: [] });
  });

  test('a text of aliases that stands for an enormous one ends with one problem', () => {
    const levels = Array.from(
      { length: 12 },
      (_, index) =>
        `l${index}: &l${index} [${Array(10)
          .fill(index === 0 ? 'x' : `*l${index - 1}`)
          .join(', ')}]`,
    );
    const { problems } = read(`${levels.join('\n')}\n`, (root) => root.json());
    expect(problems).toMatchObject([{ message: 'too large, too deep, or an alias of nothing' }]);
  });
});
