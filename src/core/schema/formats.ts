import { parseIp } from '../cel/functions/ip-address.ts';
import { searcher } from '../cel/functions/regex.ts';

/**
 * The formats that Cerbos asserts (JSON Schema 2020-12, validation, section 7.3); a schema with any other is not held
 * to it. The expressions run in linear time, whatever comes with a request.
 */
const EXPRESSIONS: { readonly [format: string]: string } = {
  // RFC 3339, section 5.6; the days of a month are looked at below.
  date: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
  time: '^([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?([zZ]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$',
  'date-time':
    '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])[tT]([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?([zZ]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$',
  // RFC 3339, appendix A.
  duration:
    '^P(\\d+W|(\\d+Y(\\d+M(\\d+D)?)?|\\d+M(\\d+D)?|\\d+D)(T(\\d+H(\\d+M(\\d+S)?)?|\\d+M(\\d+S)?|\\d+S))?|T(\\d+H(\\d+M(\\d+S)?)?|\\d+M(\\d+S)?|\\d+S))$',
  // RFC 5321, section 4.1.2.
  email:
    '^("([^"\\\\]|\\\\.)+"|[A-Za-z0-9!#$%&\'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&\'*+/=?^_`{|}~-]+)*)@(\\[[0-9A-Za-z:.]+\\]|[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)$',
  // RFC 1123, section 2.1.
  hostname: '^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\\.?$',
  // RFC 3986: a scheme, then nothing that has to be encoded.
  uri: "^[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$",
  'uri-reference': "^([A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$",
  // RFC 3987: the same beyond ASCII.
  iri: '^[A-Za-z][A-Za-z0-9+.-]*:([^\\s"<>\\\\^`{|}%]|%[0-9A-Fa-f]{2})*$',
  'iri-reference': '^([^\\s"<>\\\\^`{|}%]|%[0-9A-Fa-f]{2})*$',
  // RFC 6570, section 2.
  'uri-template': '^([^\\s"<>\\\\^`{|}%]|%[0-9A-Fa-f]{2}|\\{[^{}\\s]+\\})*$',
  uuid: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
  // RFC 6901.
  'json-pointer': '^(/([^~/]|~[01])*)*$',
  'relative-json-pointer': '^(0|[1-9]\\d*)(#|(/([^~/]|~[01])*)*)$',
};

/** What an expression alone cannot say. */
const CHECKS: { readonly [format: string]: (text: string) => boolean } = {
  date: hasDay,
  'date-time': hasDay,
  hostname: (text) => text.length <= 253,
  regex: (text) => isExpression(text),
  ipv4: (text) => parseIp(text)?.family === 4,
  // RFC 4291, section 2.2: without a zone.
  ipv6: (text) => !text.includes('%') && parseIp(text)?.family === 6,
};

/** Whether a text has a format. */
export const FORMATS: { readonly [format: string]: (text: string) => boolean } = Object.fromEntries(
  [...new Set([...Object.keys(EXPRESSIONS), ...Object.keys(CHECKS)])].map((format) => {
    const expression = EXPRESSIONS[format];
    const found = expression === undefined ? undefined : searcher(expression);
    const check = CHECKS[format];
    return [format, (text: string) => (found?.(text) ?? true) && (check?.(text) ?? true)];
  }),
);

/** The 30th of February is no day. */
function hasDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function isExpression(text: string): boolean {
  try {
    searcher(text);
    return true;
  } catch {
    return false;
  }
}
