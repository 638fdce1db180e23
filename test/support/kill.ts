import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts `script` (of test/support) with one argument and ends it with SIGKILL `afterMs` after its first output, or
 * after its start where `from` says so. Gives the whole lines that it had printed.
 */
export async function runAndKill(
  script: string,
  argument: string,
  kill: { readonly from: 'start' | 'output'; readonly afterMs: number },
): Promise<string[]> {
  const path = new URL(script, import.meta.url).pathname;
  const child = spawn(process.execPath, [path, argument], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = once(child, 'close');
  if (kill.from === 'output') await Promise.race([once(child.stdout, 'data'), ended]);
  await new Promise((resolve) => setTimeout(resolve, kill.afterMs));
  child.kill('SIGKILL');
  await ended;
  if (child.signalCode !== 'SIGKILL') throw new Error(`${script} ended by itself: ${complaint}`);
  return output.split('\n').slice(0, -1);
}
