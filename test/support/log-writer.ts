import { once } from 'node:events';
import { openFileLog } from '../../src/audit/file-log.ts';
import { decisionEntry } from './decision-entry.ts';

/**
 * Appends to the log in the directory given, 16 at a time, and prints the id of each record acknowledged and what it
 * holds, until it is killed.
 */
const [, , directory = ''] = process.argv;
const log = openFileLog(directory, 'node-1', { segmentBytes: 50_000 });
for (let n = 0; n < 16; n++) void appendForEver(n);

async function appendForEver(writer: number): Promise<never> {
  for (let n = 0; ; n++) {
    const { id } = await log.append(decisionEntry({ request: { context: { writer, n, text: 'x'.repeat(n % 3000) } } }));
    if (!process.stdout.write(`${id} ${writer}.${n}\n`)) await once(process.stdout, 'drain');
  }
}
