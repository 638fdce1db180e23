import { expect, it } from 'vitest';
import { quote, surveyJson } from '../../../src/mcp/messages/survey-json.ts';

it('counts the members of all objects, those that JavaScript inherits a name for too', () => {
  expect(surveyJson(JSON.parse('{"a":[{"__proto__":{"b":1}},[[{"c":null}]]],"1":2}'), true)).toEqual({ members: 5 });
  expect(surveyJson('text', true)).toEqual({ members: 0 });
});

it.each([
  [{ a: { b: ['\ud800'] } }, /a string/],
  [{ a: { '\ud800': 1 } }, /name of a member has half/],
  [{ 'a\0': 1 }, /a NUL/],
  [{ x: [{ 'a-b': 1, 'A-b': 2 }] }, /"a-b" and "A-b"/],
])('%j is ambiguous, if that was asked for', (value, message) => {
  expect(surveyJson(value, true).ambiguous).toMatch(message);
  expect(surveyJson(value, false).ambiguous).toBeUndefined();
});

it('finds no ambiguity between names of different objects', () => {
  expect(surveyJson({ A: { a: 1 }, b: [{ B: 1 }, { b: 1 }] }, true).ambiguous).toBeUndefined();
});

it('quotes a name so that it can be read', () => {
  expect(quote('a\n"')).toBe('"a\\n\\""');
  expect(quote('x'.repeat(100))).toBe(`"${'x'.repeat(61)}…"`);
});
