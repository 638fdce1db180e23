import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleChoice } from '../client/client.ts';
import { readJson } from '../core/json/read-json.ts';
import type { Problem } from '../core/problem.ts';
import { readTextFile } from '../text-file.ts';
import { readBundleFiles } from './bundle-files.ts';
import { CommandError } from './command.ts';

interface Side {
  readonly choice: BundleChoice;
  readonly inPlace: (problem: Problem) => Problem;
}

const DIGEST = /^(sha256:)?[0-9a-f]{8,64}$/;

/** What a person called a bundle: `current` and digests are the server's, anything else is a directory here. */
export function readChoice(named: string): Side {
  if (named === 'current' || DIGEST.test(named)) return { choice: named, inPlace: (problem) => problem };
  if (statSync(named, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CommandError(`${named} is neither current, nor a digest (8 hex digits or more), nor a directory here`);
  }
  const read = readBundleFiles({
    model: { path: join(named, 'model'), stated: false },
    policies: { path: join(named, 'policies'), stated: false },
  });
  if (!read.ok) throw new CommandError(read.error.map(({ message }) => message).join('\n'));
  return { choice: { files: read.value.files }, inPlace: read.value.inPlace };
}

/** One JSON object a line; empty lines are passed over. */
export function readRequests(file: string): readonly object[] {
  let text: string;
  try {
    text = readTextFile(file);
  } catch (fault) {
    throw new CommandError(`${file} cannot be read: ${fault instanceof Error ? fault.message : fault}`);
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const read = readJson(line);
    if (!read.ok) throw new CommandError(`${file}:${index + 1}: the line ${read.error}`);
    const { value } = read;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return [value];
    throw new CommandError(`${file}:${index + 1}: a line is one AuthZEN evaluation, a JSON object`);
  });
}
