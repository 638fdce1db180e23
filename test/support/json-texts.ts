import fc from 'fast-check';

/** Texts that are JSON or nearly so, for decoders: repeated names, escapes where none is needed, odd numbers. */

const space = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('', '', '', ' ', '\t') },
  { weight: 2, arbitrary: fc.constantFrom('\n', '\r', '\r\n') },
  fc.constant('\u2028'),
);

/** A character of a string in one of the ways in which JSON can write it. */
const character = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'A', 'i', 'd', 'm', 'K', '\u212a', 's', '\u017f', '$', '.') },
      fc.constantFrom('\\', '"', '/', '\n', '\0', '\u2028', '\ufeff', '\u00e9', '\ud83d', '\ude00', '{', '}', ':', ','),
    ),
    fc.nat(9),
  )
  .map(([unit, way]) => {
    const hex = unit.charCodeAt(0).toString(16).padStart(4, '0');
    if (way === 0) return `\\u${hex}`;
    if (way === 1) return `\\u${hex.toUpperCase()}`;
    return JSON.stringify(unit).slice(1, -1);
  });
const string = fc.array(character, { maxLength: 4 }).map((characters) => `"${characters.join('')}"`);

/** Names that mean something in a message, as they are, nearly so and escaped. */
const name = fc.oneof(
  { weight: 3, arbitrary: string },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...['"id"', '"method"', '"params"', '"jsonrpc"', '"result"', '"error"', '"name"', '"arguments"', '"x"', '"y"'],
      ...['"i\\u0064"', '"Method"', '"param\\u017f"', '"__proto__"', '"\\u005f_proto__"', '"constructor"', '"X"', '""'],
      ...['"x\\u0000"', '"\\ud800"', '"\\ud801"'],
    ),
  },
);

const number = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('0', '1', '1.0', '1e2', '0.1', '-0', '1E308', '0e-400') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('9007199254740991', '9007199254740992', '100000000000000000000', '9007199254740993.0'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('9007199254740993', '-9007199254740993', '1e400', '-1e400', '1e-400'),
  },
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.double().map(String),
  fc.constantFrom('01', '+1', '1.', '.5', '1e', '-', '0x10'),
);

const scalar = fc.oneof(
  { weight: 12, arbitrary: string },
  { weight: 8, arbitrary: number },
  { weight: 8, arbitrary: fc.constantFrom('true', 'false', 'null', '"2.0"', '"ping"', '"tools/call"') },
  fc.constantFrom('undefined', "'a'"),
);

const { value, object } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, { weight: 3, arbitrary: scalar }, tie('list'), tie('object')),
  list: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 3 }), space)
    .map(([before, values, after]) => `[${before}${values.join(`${after},${before}`)}${after}]`),
  object: fc
    .tuple(space, fc.array(fc.tuple(name, tie('value')), { maxLength: 4 }), space)
    .map(([before, members, after]) => {
      const inside = members.map(([key, member]) => `${before}${key}${after}:${before}${member}`);
      return `{${inside.join(`${after},`)}${after}}`;
    }),
}));

export const anyJsonText: fc.Arbitrary<string> = value;

const id = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('1', '7', '"a"', '"\\u0061"') },
  fc.constantFrom('-0', '1.5', 'null', '9007199254740993', '{}'),
  string,
);
const params = fc.oneof({ weight: 12, arbitrary: object }, value);

/** An envelope with the right members, most of the time. */
export const anyMessageText: fc.Arbitrary<string> = fc
  .record({
    id: fc.option(id, { freq: 6 }),
    method: fc.option(
      fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom('"ping"', '"tools/call"', '"notifications/x"') },
        fc.constant('1'),
      ),
      { freq: 4 },
    ),
    params: fc.option(params, { freq: 2 }),
    result: fc.option(params, { freq: 4 }),
    error: fc.option(fc.constantFrom('{"code":1,"message":"no"}', '{"code":1}', '1'), { freq: 4 }),
    version: fc.oneof(
      { weight: 16, arbitrary: fc.constantFrom('"2.0"', '"\\u0032.0"') },
      fc.constantFrom('"1.0"', '2.0'),
    ),
    extra: fc.option(fc.tuple(name, value), { freq: 5 }),
    order: fc.infiniteStream(fc.nat(1000)),
    space,
  })
  .map(({ version, extra, order, space: gap, ...members }) => {
    const wanted = members.method === null ? ['id', 'result', 'error'] : ['id', 'method', 'params'];
    const entries = Object.entries(members)
      .filter(([key, member]) => member !== null && (wanted.includes(key) || (order.next().value ?? 0) < 50))
      .map(([key, member]) => `"${key}":${gap}${member}`);
    entries.push(`"jsonrpc":${version}`);
    if (extra !== null && (order.next().value ?? 0) < 100) entries.push(`${extra[0]}:${extra[1]}`);
    const sorted = entries.map((entry) => [order.next().value ?? 0, entry] as const).sort(([a], [b]) => a - b);
    return `{${sorted.map(([, entry]) => entry).join(`,${gap}`)}}`;
  });

/** One change to the bytes of a text: what a bad link, or somebody with a plan, does to it. */
export function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    at: fc.nat(),
    length: fc.nat(6),
    kind: fc.constantFrom('remove', 'repeat', 'replace', 'insert', 'swap'),
    byte: fc.oneof(
      fc.constantFrom(...[...'{}[]",:\\0-eE.\n\r'].map((one) => one.charCodeAt(0)), 0, 0xc0, 0xed, 0xff),
      fc.nat(255),
    ),
  });
  return fc.tuple(texts, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([text, edits]) => {
    let bytes = [...new TextEncoder().encode(text)];
    for (const { at, length, kind, byte } of edits) {
      const start = bytes.length === 0 ? 0 : at % bytes.length;
      const piece = bytes.slice(start, start + length);
      const before = bytes.slice(0, start);
      const after = bytes.slice(start + length);
      if (kind === 'remove') bytes = [...before, ...after];
      else if (kind === 'repeat') bytes = [...before, ...piece, ...piece, ...after];
      else if (kind === 'swap') bytes = [...before, ...piece.reverse(), ...after];
      else bytes = [...before, byte, ...(kind === 'insert' ? piece : piece.slice(1)), ...after];
    }
    return Uint8Array.from(bytes);
  });
}
