/**
 * File paths of Unix and Windows in one form, as Cerbos's path functions treat them: separators are slashes, a drive
 * stands below a root (`/C:/dir`), a UNC share too (`/host/share/dir`), and the path is clean: no `.`, no `//`, no
 * `..` that can be resolved.
 */
export interface FilePath {
  readonly value: string;
  readonly kind: 'unc' | 'drive' | 'windows' | 'unix';
}

const DRIVE = /^[A-Za-z]:/;

export function toFilePath(text: string): FilePath {
  const slashed = text.replaceAll('\\', '/');
  // Two slashes at the start of a UNC path would be cleaned to one anyway.
  if (text.startsWith('\\\\')) return { kind: 'unc', value: clean(slashed) };
  if (DRIVE.test(text)) return { kind: 'drive', value: clean(`/${slashed}`) };
  return text.includes('\\') ? { kind: 'windows', value: clean(slashed) } : { kind: 'unix', value: clean(text) };
}

export function fromFilePath({ value, kind }: FilePath): string {
  if (kind === 'unix') return value;
  const text = value.replaceAll('/', '\\');
  if (kind === 'unc') return `\\${text}`;
  return kind === 'drive' && text.startsWith('\\') ? text.slice(1) : text;
}

/** Go's filepath.Clean, by which Cerbos compares paths. */
function clean(path: string): string {
  const rooted = path.startsWith('/');
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!rooted) kept.push('..');
  }
  const joined = kept.join('/');
  if (rooted) return `/${joined}`;
  return joined === '' ? '.' : joined;
}

/** The last segment; `/` of a root. */
export function baseOf({ value }: FilePath): string {
  return value === '/' ? '/' : value.slice(value.lastIndexOf('/') + 1);
}

/** Everything before the last segment; of a volume's root, the root itself. */
export function directoryOf(path: FilePath): FilePath {
  const { value, kind } = path;
  const segments = value.split('/').length - 1;
  if (kind === 'drive' && segments <= 1) return { kind, value: `${value}/` };
  if (kind === 'unc' && segments <= 2) return path;
  return { kind, value: clean(value.slice(0, value.lastIndexOf('/') + 1)) };
}

/** From the last dot of the last segment on, or empty. */
export function extensionOf(path: FilePath): string {
  const base = baseOf(path);
  const dot = base.lastIndexOf('.');
  return dot < 0 ? '' : base.slice(dot);
}

export function joinPaths(paths: readonly FilePath[]): FilePath | undefined {
  const [first, ...rest] = paths;
  if (first === undefined) return undefined;
  return { kind: first.kind, value: clean([first.value, ...rest.map((path) => path.value)].join('/')) };
}

/**
 * How to get from `base` to `target` (Go's filepath.Rel), or undefined where nobody can tell: of an absolute and a
 * relative path, or above what `..` hides.
 */
export function relativePath(base: FilePath, target: FilePath): string | undefined {
  const from = base.value === '.' ? '' : base.value;
  const to = target.value === '.' ? '' : target.value;
  if (from === to) return '.';
  if (from.startsWith('/') !== to.startsWith('/')) return undefined;
  const [above, below] = [segmentsOf(from), segmentsOf(to)];
  let shared = 0;
  while (shared < above.length && above[shared] === below[shared]) shared += 1;
  if (above[shared] === '..') return undefined;
  return [...above.slice(shared).map(() => '..'), ...below.slice(shared)].join('/');
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** `C:` or `\\host\share`; empty on Unix. */
export function volumeOf(text: string): string {
  if (DRIVE.test(text)) return text.slice(0, 2);
  return /^\\\\[^\\]+\\[^\\]+/.exec(text)?.[0] ?? '';
}
