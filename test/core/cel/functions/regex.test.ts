import { error, expectValues } from './values.ts';

expectValues('regular expressions', [
  ['"foo".matches("o+$")', true],
  ['matches("foo", "^o")', false],
  ['"foo".matches(R.attr.department + "(")', error],
  ['regex.replace("foo bar", "(\\\\w)(\\\\w+)", "\\\\2\\\\1")', 'oof arb'],
  ['regex.replace("aaa", "a", "b", 2)', 'bba'],
  ['regex.replace("a", "a", "\\\\3")', error],
  ['regex.extractAll("id:1, id:2", "id:(\\\\d)")', ['1', '2']],
]);
