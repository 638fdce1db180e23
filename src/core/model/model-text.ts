import type { Place, Places } from './source-model.ts';

/** A stretch of lines that defines one thing; `start` and `end` are 0-based, `end` exclusive. */
export interface Region {
  readonly kind: 'type' | 'relation' | 'condition';
  readonly name: string;
  /** The type that a relation belongs to. */
  readonly owner: string;
  readonly start: number;
  readonly end: number;
}

const OPENINGS: readonly { readonly kind: Region['kind']; readonly pattern: RegExp }[] = [
  { kind: 'type', pattern: /^(\s*(?:extend\s+)?type\s+)([^\s#]+)/ },
  { kind: 'relation', pattern: /^(\s*define\s+)([^\s:]+)/ },
  { kind: 'condition', pattern: /^(\s*condition\s+)([^\s(]+)/ },
];

/**
 * One file of a model in the DSL, as lines. The DSL library reports no places for what is wrong with a meaning, and
 * one syntax error hides all that follow; the lines give both back.
 */
export class ModelText implements Places {
  readonly path: string;
  readonly lines: readonly string[];
  readonly regions: readonly Region[];

  constructor(path: string, text: string) {
    this.path = path;
    this.lines = text.split('\n').map(withoutComment);
    this.regions = findRegions(this.lines);
  }

  type(name: string): Place {
    return this.opening('type', name, name);
  }

  relation(type: string, relation: string): Place {
    return this.opening('relation', relation, type);
  }

  condition(name: string): Place {
    return this.opening('condition', name, name);
  }

  expression(name: string): Place {
    const region = this.regions.find((one) => one.kind === 'condition' && one.name === name);
    if (region === undefined) return { file: this.path };
    const text = this.lines.slice(region.start, region.end).join('\n');
    const brace = text.indexOf('{');
    const start = text.slice(brace + 1).search(/\S/);
    return this.placeAt(region, text, brace + 1 + Math.max(start, 0));
  }

  word(type: string, relation: string, word: string, phrase = word): Place {
    const region = this.regions.find((one) => one.kind === 'relation' && one.name === relation && one.owner === type);
    if (region === undefined) return { file: this.path };
    const text = this.lines.slice(region.start, region.end).join('\n');
    const body = text.indexOf(':') + 1;
    const match = wholeWords(phrase).exec(text.slice(body));
    if (match === null) return this.relation(type, relation);
    const at = body + match.index + Math.max(match[0].lastIndexOf(word), 0);
    return this.placeAt(region, text, at);
  }

  /** Where a character of a region's text stands. */
  private placeAt(region: Region, text: string, at: number): Place {
    const before = text.slice(0, at).split('\n');
    return { file: this.path, line: region.start + before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }

  private opening(kind: Region['kind'], name: string, owner: string): Place {
    // The last one: where a name is defined twice, the second definition is the mistake.
    const region = this.regions.findLast((one) => one.kind === kind && one.name === name && one.owner === owner);
    if (region === undefined) return { file: this.path };
    const line = this.lines[region.start] ?? '';
    const opening = OPENINGS.find((one) => one.kind === kind)?.pattern.exec(line)?.[1]?.length ?? 0;
    return { file: this.path, line: region.start + 1, column: opening + 1 };
  }
}

/** The DSL's comments: a line that begins with `#`, or ` #` to the end of a line. */
function withoutComment(line: string): string {
  if (line.trimStart().startsWith('#')) return '';
  return (line.split(' #')[0] ?? '').trimEnd();
}

function findRegions(lines: readonly string[]): readonly Region[] {
  const starts: { kind: Region['kind']; name: string; owner: string; start: number }[] = [];
  let owner = '';
  lines.forEach((line, start) => {
    for (const { kind, pattern } of OPENINGS) {
      const name = pattern.exec(line)?.[2];
      if (name === undefined) continue;
      if (kind !== 'relation') owner = name;
      starts.push({ kind, name, owner, start });
    }
  });
  return starts.map((region, index) => ({ ...region, end: starts[index + 1]?.start ?? lines.length }));
}

/** `phrase` where it is not part of a longer name; its spaces stand for any white space. */
function wholeWords(phrase: string): RegExp {
  const words = phrase.split(' ').map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(?<![^\\s[(,:])${words.join('\\s+')}(?![^\\s\\]),:#])`);
}
