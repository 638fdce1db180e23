import type { Difference } from '../mcp/review/differences.ts';
import type { ToolAttributes } from '../mcp/review/tool-attributes.ts';
import type { Review, ReviewPlan, ToolReview } from '../mcp/review/tool-review.ts';
import { columns, counted } from './layout.ts';
import type { Terminal } from './terminal.ts';

interface About {
  readonly server: string;
  /** Whether what is listed is going to be marked as reviewed. */
  readonly marks: boolean;
}

const FOUND: { readonly [found in Review]: readonly [mark: string, words: string] } = {
  new: ['+', 'new'],
  changed: ['~', 'changed'],
  reviewed: ['=', 'unchanged'],
  gone: ['-', 'gone'],
};

/**
 * A table of the tools and, of those that changed, what did; of new ones that are to be marked as reviewed all that
 * is marked.
 */
export function describeReview({ tools, unusable }: ReviewPlan, about: About, { paint }: Terminal): string {
  const rows = [
    ...tools.map((tool) => row(tool, about, paint)),
    ...unusable.map(({ name, problem }) => [paint('bad', '! unusable'), visible(name), problem]),
  ];
  const shown = tools.filter(({ found }) => found === 'changed' || (found === 'new' && about.marks));
  return [
    `the tools of ${about.server}\n`,
    rows.length === 0 ? '  none' : columns(rows, '  '),
    ...shown.map((tool) => `\n${details(tool, paint)}`),
    `\n${summary({ tools, unusable }, about)}`,
  ].join('\n');
}

/** The same for programs. */
export function reviewJson({ tools, unusable }: ReviewPlan): object {
  return {
    tools: tools.map(({ name, entity, found, review, differences, claims }) => ({
      name,
      entity,
      found,
      review,
      ...(differences === undefined ? undefined : { differences }),
      ...(claims === undefined ? undefined : { claims }),
    })),
    unusable,
  };
}

function row({ name, found, review, claims }: ToolReview, { marks }: About, paint: Terminal['paint']) {
  const [mark, words] = FOUND[found];
  const style = found === 'changed' || found === 'gone' ? 'bad' : found === 'new' ? 'good' : 'quiet';
  const became = marks && review === 'reviewed' && found !== 'reviewed' ? ', now reviewed' : '';
  return [paint(style, `${mark} ${words}${became}`), visible(name), claims === undefined ? '' : claimWords(claims)];
}

/** What a server claims of a tool, in the words of people. */
function claimWords({ read_only, destructive, idempotent, open_world }: ToolAttributes): string {
  const does = read_only ? 'reads' : destructive ? 'writes and destroys' : 'writes';
  const again = !read_only && idempotent ? ', the same when called again' : '';
  return `says it ${does}${again}${open_world ? ', in the open world' : ''}`;
}

function details({ name, found, differences }: ToolReview, paint: Terminal['paint']): string {
  const heading = paint('strong', visible(name));
  if (differences === undefined) return `${heading} changed; what was reviewed is too long to have been kept`;
  const lines = differences.flatMap((difference) => differenceLines(difference, paint));
  return [`${heading} ${found === 'new' ? 'is new' : 'changed since it was reviewed'}`, ...lines].join('\n');
}

function differenceLines({ path, before, after }: Difference, paint: Terminal['paint']): readonly string[] {
  const where = visible(path);
  if (before === undefined) return [paint('good', `  + ${where}  ${visible(after ?? '')}`)];
  if (after === undefined) return [paint('bad', `  - ${where}  ${visible(before)}`)];
  return [`  ~ ${where}`, paint('bad', `    - ${visible(before)}`), paint('good', `    + ${visible(after)}`)];
}

function summary({ tools, unusable }: ReviewPlan, { marks }: About): string {
  const count = (found: Review): number => tools.filter((tool) => tool.found === found).length;
  const [added, changed, gone] = [count('new'), count('changed'), count('gone')];
  const parts = [
    counted(tools.length - gone, 'tool'),
    ...(added > 0 ? [`${added} new`] : []),
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(gone > 0 ? [`${gone} gone`] : []),
    ...(unusable.length > 0 ? [`${unusable.length} unusable`] : []),
  ];
  const hint = added + changed > 0 && !marks ? '; --reviewed marks them as reviewed' : '';
  return `${parts.join(', ')}${hint}`;
}

/** Nothing that a server wrote is invisible to whoever reviews it, or reorders what stands around it. */
function visible(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}\p{DI}]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return `\\u{${point.toString(16).padStart(4, '0')}}`;
  });
}
