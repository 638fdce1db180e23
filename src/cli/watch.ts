import { type FSWatcher, watch } from 'node:fs';
import type { Config } from '../config.ts';
import { isBundleFile } from '../core/bundle.ts';
import { formatProblem } from '../core/problem.ts';
import { publish } from '../engine/bundles/publish.ts';
import type { Ledger } from '../engine/ledger.ts';
import { counted } from './layout.ts';
import { OPERATOR } from './operator.ts';
import { readSources, type Sources, shown } from './read-sources.ts';

/** Milliseconds without a change before the directories are read: an editor writes a file in several steps. */
const QUIET_MS = 150;

export interface Watching {
  close(): void;
}

/**
 * Publishes the bundle of the two directories whenever they change, and tells of it. One with errors is refused with
 * them, and the last good one stays in force. Delegations are not published: of those it only tells that they changed.
 */
export function watchSources(config: Config, ledger: Ledger, tell: (text: string) => void): Watching {
  let timer: NodeJS.Timeout | undefined;
  let delegations = textOfDelegations(config);
  const look = (): void => {
    const before = delegations;
    delegations = textOfDelegations(config);
    for (const line of republish(config, ledger)) tell(line);
    if (delegations !== before) {
      tell(`${shown(config.policies.path)}/delegations changed: behalf apply brings them in force`);
    }
  };
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(look, QUIET_MS);
  };
  const watchers = [config.model, config.policies].flatMap(({ path, stated }): readonly FSWatcher[] => {
    try {
      const watcher = watch(path, { recursive: true }, changed);
      watcher.on('error', (fault) => tell(`${shown(path)} is watched no more: ${fault.message}`));
      return [watcher];
    } catch (fault) {
      // A directory that nobody named need not be there.
      if (stated) tell(`${shown(path)} cannot be watched: ${fault instanceof Error ? fault.message : fault}`);
      return [];
    }
  });
  return {
    close: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** Reads and publishes; what there is to say about it. Nothing where the bundle is the one in force. */
function republish(config: Config, ledger: Ledger): readonly string[] {
  const sources = readSources(config);
  if (!sources.ok) return ['not published:', ...sources.error.map(formatProblem)];
  const files = sources.value.files.filter(({ path }) => isBundleFile(path));
  if (files.length === 0) return ['not published: the directories hold no model and no policy'];
  const orphans = config.allowOrphans ? 'allow' : 'refuse';
  const published = publish(ledger, files, OPERATOR, { orphans });
  if (!published.ok) {
    const { message, problems } = published.error;
    if (problems === undefined) return [`not published: ${message}`, KEPT];
    const lines = problems.map((problem) => formatProblem(sources.value.inPlace(problem)));
    return [`not published: ${counted(problems.length, 'error')}`, ...lines, KEPT];
  }
  const { changed, digest, revision } = published.value;
  return changed
    ? [`published: bundle ${digest.slice(0, 19)} of ${counted(files.length, 'file')}, revision ${revision}`]
    : [];
}

const KEPT = 'the last good bundle stays in force';

function textOfDelegations(config: Config): string {
  const sources = readSources(config);
  const files: Sources['delegations'] = sources.ok ? sources.value.delegations : [];
  return JSON.stringify(files);
}
