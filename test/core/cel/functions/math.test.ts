import { error, expectValues } from './values.ts';

expectValues('math', [
  ['math.greatest(1, 2.5, R.attr.amount)', 7],
  ['math.least([3, 1.5, 2u])', 1.5],
  ['math.greatest(dyn("a"))', error],
  ['math.greatest([])', error],
  ['math.ceil(1.2)', 2],
  ['math.round(-1.5)', -2],
  ['math.trunc(-1.7)', -1],
  ['math.abs(-3)', 3],
  ['math.sign(-2.5)', -1],
  ['math.sqrt(81)', 9],
  ['math.isNaN(0.0 / 0.0)', true],
  ['math.bitAnd(6, 3)', 2],
  ['math.bitXor(6u, 3u)', 5],
  ['math.bitNot(1)', -2],
  ['math.bitShiftLeft(1, 3)', 8],
  ['math.bitShiftRight(-1, 60)', 15],
  ['math.bitShiftLeft(1, -1)', error],
]);
