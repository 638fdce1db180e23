import type { YamlValue } from '../../core/yaml-value.ts';

/**
 * The fields of a message that is written as protobuf's JSON has it: each name may be written `likeThis` or
 * `like_this`, and null is none. Unknown and missing ones are problems.
 */
export function protoFields(
  value: YamlValue,
  known: readonly string[],
  required: readonly string[] = [],
): ReadonlyMap<string, YamlValue> {
  const spelled = [...new Set(known.flatMap((name) => [name, snakeCased(name)]))];
  const given = value.fields(spelled, [], 'absent') ?? new Map<string, YamlValue>();
  const fields = new Map<string, YamlValue>();
  for (const name of known) {
    const [first, second] = [given.get(name), name === snakeCased(name) ? undefined : given.get(snakeCased(name))];
    if (first !== undefined && second !== undefined) second.fail(`${name} is given twice`, { expected: 'one value' });
    const one = first ?? second;
    if (one !== undefined) fields.set(name, one);
  }
  const missing = required.filter((name) => !fields.has(name));
  if (missing.length > 0) value.fail(`${missing.join(' and ')} missing`, { expected: required.join(', ') });
  return fields;
}

/** A text that is not empty. */
export function nonEmpty(value: YamlValue | undefined, expected: string): string | undefined {
  const text = value?.string(expected);
  return text === '' ? value?.mistyped(expected) : text;
}

/** Names that are not empty, each once. */
export function uniqueNames(value: YamlValue | undefined, expected: string): readonly string[] {
  const items = value?.items(expected) ?? [];
  const names: string[] = [];
  for (const item of items) {
    const name = nonEmpty(item, 'a name');
    if (name === undefined) continue;
    if (names.includes(name)) item.fail(`${name} is in the list twice`, { expected: 'once' });
    else names.push(name);
  }
  return names;
}

function snakeCased(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
