import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system of its own, so that a full or read-only disk is a real one. */
export interface Tmpfs extends Disposable {
  readonly path: string;
  /** `options` as of mount(8), such as `size=8m` or `ro`. */
  remount(options: string): void;
}

/** Mounts a tmpfs of `size` (such as `2m`); undefined where this process may not mount. */
export function mountTmpfs(size: string): Tmpfs | undefined {
  const path = mkdtempSync(join(tmpdir(), 'behalf-disk-'));
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path)) {
    rmdirSync(path);
    return undefined;
  }
  return {
    path,
    remount: (options) => {
      if (!run('mount', '-o', `remount,${options}`, path)) throw new Error(`remount ${options} failed`);
    },
    [Symbol.dispose]: () => {
      // Lazily: a test that failed may have left files open.
      run('umount', '-l', path);
      rmdirSync(path);
    },
  };
}

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}
