import type { BundleDiff } from '../client/client.ts';
import { counted } from './layout.ts';
import type { Terminal } from './terminal.ts';

/** A diff for people: one block a flip, with the path under either bundle. */
export function describeDiff(
  diff: BundleDiff,
  named: { readonly old: string; readonly new: string },
  requests: string | undefined,
  { paint }: Terminal,
): string {
  const { compared, skipped, flips } = diff;
  const over =
    requests === undefined ? counted(compared, 'recorded decision') : `${counted(compared, 'request')} of ${requests}`;
  const head = [
    `old  ${label(named.old, diff.old)}`,
    `new  ${label(named.new, diff.new)}`,
    ...(skipped === 0
      ? []
      : [`${counted(skipped, 'decision')} left out: they never saw a bundle, or their revision is gone`]),
  ];
  const blocks = flips.map(({ decision, request, old, new: fresh }) => {
    const subject = decision ?? `request ${(request ?? 0) + 1}`;
    const { request: asked } = fresh.explanation;
    const sentence = `${asked.actor} ${asked.action} ${asked.resource}${asked.origin === asked.actor ? '' : ` for ${asked.origin}`}`;
    const verdict = fresh.explanation.decision ? paint('good', 'denied → allowed') : paint('bad', 'allowed → denied');
    return [`${verdict}: ${sentence} (${subject})`, '  old', indented(old.text), '  new', indented(fresh.text)].join(
      '\n',
    );
  });
  const sum = `${flips.length === 0 ? 'no' : flips.length} of ${over} would flip`;
  return [head.join('\n'), ...blocks, flips.length === 0 ? paint('good', sum) : paint('bad', sum)].join('\n\n');
}

function label(named: string, digest: string): string {
  const short = digest.slice(0, 19);
  return digest.startsWith(named) || digest.slice('sha256:'.length).startsWith(named) ? short : `${named} (${short})`;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');
}
