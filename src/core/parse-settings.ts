import { isMap, isScalar, LineCounter, type Pair, parseDocument } from 'yaml';
import { typeFault } from './entity.ts';
import type { Problem } from './problem.ts';
import { err, ok, type Result } from './result.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';

/** One key of `policies/behalf.yaml`: what it may hold, and which setting it becomes. */
interface Key {
  readonly expected: string;
  readonly read: (value: unknown) => Partial<Settings> | undefined;
}

const KEYS: { readonly [key: string]: Key } = {
  semantics: {
    expected: 'strict or cerbos',
    read: (value) => (value === 'strict' || value === 'cerbos' ? { semantics: value } : undefined),
  },
  globals: {
    expected: 'a map of names to values',
    read: (value) => (isPlainMap(value) ? { globals: value as Settings['globals'] } : undefined),
  },
  default_version: {
    expected: 'a policy version, like default or "20240101"',
    read: (value) => (typeof value === 'string' && value !== '' ? { defaultVersion: value } : undefined),
  },
  lenient_scope_search: {
    expected: 'true or false',
    read: (value) => (typeof value === 'boolean' ? { lenientScopeSearch: value } : undefined),
  },
  schema_enforcement: {
    expected: 'none, warn or reject',
    read: (value) =>
      value === 'none' || value === 'warn' || value === 'reject' ? { schemaEnforcement: value } : undefined,
  },
  agent_types: {
    expected: 'a list of type names, like [agent, service]',
    read: (value) =>
      Array.isArray(value) && value.every((type) => typeof type === 'string' && typeFault(type) === undefined)
        ? { agentTypes: value }
        : undefined,
  },
};

/** Reads `policies/behalf.yaml`, or says everything that is wrong with it. An unknown key is an error. */
export function parseSettings(file: {
  readonly path: string;
  readonly text: string;
}): Result<Settings, readonly Problem[]> {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { file: file.path, line, column: col };
  };
  if (document.errors.length > 0) {
    return err(
      document.errors.map((fault) => ({ ...at(fault.pos[0]), message: `not YAML: ${fault.message.split('\n')[0]}` })),
    );
  }
  if (document.contents === null) return ok(DEFAULT_SETTINGS);
  if (!isMap(document.contents))
    return err([{ ...at(0), message: 'the settings are not a map', expected: 'key: value' }]);

  const problems: Problem[] = [];
  let settings = DEFAULT_SETTINGS;
  for (const pair of document.contents.items as Pair[]) {
    const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const place = at(rangeStart(pair.key));
    const key = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
    if (key === undefined) {
      problems.push({ ...place, message: 'unknown setting', found: name, expected: Object.keys(KEYS).join(', ') });
      continue;
    }
    const value = (document.toJS() as { readonly [key: string]: unknown })[name];
    const read = key.read(value);
    if (read === undefined) {
      problems.push({
        ...at(rangeStart(pair.value)),
        message: `wrong value for ${name}`,
        found: JSON.stringify(value),
        expected: key.expected,
      });
    } else {
      settings = { ...settings, ...read };
    }
  }
  return problems.length > 0 ? err(problems) : ok(settings);
}

function rangeStart(node: unknown): number | undefined {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
    ? node.range[0]
    : undefined;
}

function isPlainMap(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
