const EXTENSION = /\.(ya?ml|json)$/;
const TEST_SUITE = /_test\.(ya?ml|json)$/;

/** Directories of a policy tree that hold something else: test fixtures and JSON schemas (Cerbos), delegations (ours). */
const OTHER_DIRECTORIES: ReadonlySet<string> = new Set(['testdata', '_schemas']);

/** The settings of the bundle and the delegations lie in the same tree (design, sections 5 and 10). */
const SETTINGS = /^behalf\.(ya?ml|json)$/;
const DELEGATIONS = 'delegations';

/**
 * Whether a file of a policy directory is a policy, by its path relative to that directory, with `/` as separator.
 * Cerbos skips hidden files and directories, `testdata`, `_schemas` and `*_test` files.
 */
export function isPolicyFile(path: string): boolean {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const name = segments.at(-1) ?? '';
  if (!EXTENSION.test(name) || TEST_SUITE.test(name)) return false;
  if (segments.length === 1 && SETTINGS.test(name)) return false;
  if (segments.length > 1 && segments[0] === DELEGATIONS) return false;
  return !segments.some((segment, index) => {
    return segment.startsWith('.') || (index < segments.length - 1 && OTHER_DIRECTORIES.has(segment));
  });
}
