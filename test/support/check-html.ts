/**
 * What is wrong with an HTML document of the plain kind that Behalf writes: every element is closed in its place, every
 * attribute quoted, ids are unique and links lead to them, and nothing is loaded or run. Stricter than the standard, and
 * far from all of it (html.spec.whatwg.org, section 13).
 */
export function htmlFaults(text: string): readonly string[] {
  const faults: string[] = [];
  if (!text.startsWith('<!doctype html>\n<html lang="en">')) faults.push('no doctype and language at the beginning');
  const open: string[] = [];
  const ids = new Set<string>();
  const links: string[] = [];
  const style = /<style>[^<]*<\/style>/.exec(text)?.[0] ?? '';
  if (/url\(|@import|expression/i.test(style)) faults.push('the style loads something');
  const rest = text.slice('<!doctype html>'.length).replace(style, '<style></style>');
  let end = 0;
  for (const tag of rest.matchAll(
    /<(\/?)([a-z][a-z0-9]*)((?:[ \n]+[a-zA-Z][a-zA-Z0-9-]*(?:="[^"<>]*")?)*)[ \n]*(\/?)>/g,
  )) {
    const [whole, slash, name = '', attributes = '', selfClosing] = tag;
    faults.push(...textFaults(rest.slice(end, tag.index)));
    end = tag.index + whole.length;
    if (slash === '/') {
      const last = open.pop();
      if (last !== name) faults.push(`</${name}> closes <${last}>`);
      continue;
    }
    if (FORBIDDEN.test(name)) faults.push(`there is a <${name}>`);
    for (const [, attribute = '', value = ''] of attributes.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)(?:="([^"]*)")?/g)) {
      faults.push(...textFaults(value));
      if (/^on/i.test(attribute) || /^(src|srcset|action|style|background)$/i.test(attribute)) {
        faults.push(`<${name}> has ${attribute}`);
      }
      if (attribute === 'id' && ids.size === ids.add(value).size) faults.push(`the id ${value} is there twice`);
      if (attribute === 'href') links.push(value);
    }
    if (!VOID.has(name) && selfClosing !== '/') open.push(name);
  }
  faults.push(...textFaults(rest.slice(end)));
  if (open.length > 0) faults.push(`not closed: ${open.join(', ')}`);
  for (const link of links) if (!(link.startsWith('#') && ids.has(link.slice(1)))) faults.push(`a link to ${link}`);
  return faults;
}

const FORBIDDEN = /^(script|iframe|object|embed|link|img|form|input|base|video|audio|a[a-z]+let)$/;
const VOID = new Set(['meta', 'br', 'hr', 'col']);

function textFaults(text: string): readonly string[] {
  const faults: string[] = [];
  if (/[<>]/.test(text)) faults.push(`a bracket in text: ${text.slice(0, 80)}`);
  if (/&(?!(amp|lt|gt|quot|#39);)/.test(text)) faults.push(`an ampersand that is none: ${text.slice(0, 80)}`);
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(text)) {
    faults.push(`a control character in ${JSON.stringify(text.slice(0, 80))}`);
  }
  return faults;
}
