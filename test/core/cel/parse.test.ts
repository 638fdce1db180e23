import { expectValues } from './functions/values.ts';

expectValues('a character in a bytes literal is its UTF-8', [
  ['b"é" == bytes("é")', true],
  ['b"a𝒙é\\\\" == bytes("a𝒙é\\\\")', true],
  ['b"é".size()', 2],
  ['b"\\xe9".size()', 1],
  ['[b\'é\', b"""€"""] == [b"\\xc3\\xa9", b"\\xe2\\x82\\xac"]', true],
]);
