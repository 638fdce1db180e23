/** The layers of docs/design.md, section "Rooms": imports point inwards. test/layers.test.ts shows each rule firing. */
// ajv compiles JSON schemas to functions of their document and nothing else.
const CORE_LIBRARIES = 'node_modules/(ajv|@marcbachmann/cel-js|@openfga/syntax-transformer|re2js|yaml)/';

module.exports = {
  forbidden: [
    {
      name: 'core-is-pure',
      comment: 'core imports core and pure libraries only: no I/O, no clock, no other room',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { pathNot: ['^src/core/', CORE_LIBRARIES] },
    },
    {
      name: 'one-room-knows-cel',
      comment: 'the CEL library and the regular expression engine are known in core/cel only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/core/cel/' },
      to: { path: 'node_modules/(@marcbachmann/cel-js|re2js)/' },
    },
    {
      name: 'engine-uses-types-of-ports',
      comment: 'engine knows store, audit and callers by their types; main.ts brings the implementations',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '^src/(store|audit|callers)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'engine-points-inwards',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '^src/(wire|cli|client|mcp|analysis|main\\.ts|config\\.ts)' },
    },
    {
      name: 'ports-point-inwards',
      comment: 'store, audit, callers and export import core only (export the types of audit as well)',
      severity: 'error',
      from: { path: '^src/(store|audit|callers|export)/' },
      to: { path: '^src/(engine|wire|cli|client|mcp|analysis|main\\.ts|config\\.ts)' },
    },
    {
      name: 'wire-siblings',
      comment: 'the folders of wire never import each other; what they share lies beside them',
      severity: 'error',
      from: { path: '^src/wire/([^/]+)/' },
      to: { path: '^src/wire/[^/]+/', pathNot: '^src/wire/$1/' },
    },
    {
      name: 'wire-reaches-the-engine-only',
      comment: 'no store or log behind the back of the engine',
      severity: 'error',
      from: { path: '^src/wire/' },
      to: { path: '^src/(store|audit|cli|client|mcp|analysis)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'store-siblings',
      severity: 'error',
      from: { path: '^src/store/([^/]+)/' },
      to: { path: '^src/store/[^/]+/', pathNot: '^src/store/$1/' },
    },
    {
      name: 'client-stands-alone',
      comment: 'the client is shipped to applications: it brings nothing of the server along',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { path: '^src/', pathNot: '^src/client/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'mcp-is-a-client',
      comment:
        'enforcement points for MCP ask a decision point, wherever that is: they bring nothing of the server along',
      severity: 'error',
      from: { path: '^src/mcp/' },
      to: { path: '^src/', pathNot: '^src/(mcp|client|core)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'main-opens-the-rooms',
      comment: 'nothing imports main.ts',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-barrels', severity: 'error', from: {}, to: { path: '^src/.*/index\\.ts$' } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
