import { cpus } from 'node:os';
import { benchAudit } from './audit.ts';
import { benchCerbos } from './cerbos.ts';
import { benchDecide } from './decide.ts';
import { benchHttp } from './http.ts';
import { benchJson } from './json.ts';
import { benchMcp } from './mcp.ts';
import { benchRelationships } from './relationships.ts';

/** `npm run bench` runs every section; `npm run bench -- decide` only those named. */
const SECTIONS: { readonly [name: string]: () => void | Promise<void> } = {
  decide: benchDecide,
  relationships: benchRelationships,
  json: benchJson,
  http: benchHttp,
  cerbos: benchCerbos,
  audit: benchAudit,
  mcp: benchMcp,
};

// `--records N` is for the section that takes it.
const named = process.argv.slice(2).filter((arg, place, all) => arg !== '--records' && all[place - 1] !== '--records');
const unknown = named.find((name) => !(name in SECTIONS));
if (unknown !== undefined) {
  console.error(`there is no section "${unknown}": ${Object.keys(SECTIONS).join(', ')}`);
  process.exit(2);
}
console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`);
for (const [name, run] of Object.entries(SECTIONS)) {
  if (named.length === 0 || named.includes(name)) await run();
}
