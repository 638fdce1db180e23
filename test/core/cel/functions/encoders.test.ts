import { error, expectValues } from './values.ts';

expectValues('encoders', [
  ['base64.encode(b"hello")', 'aGVsbG8='],
  ['string(base64.decode("aGVsbG8"))', 'hello'],
  ['base64.decode("a*")', error],
  ['json.encode({"a": [1, 2.5, null]})', '{"a":[1,2.5,null]}'],
  ['id(R.attr.amount)', 7],
]);
