/** The head of `GET /openapi.json`; the routes describe themselves. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Behalf',
    version: '1',
    description: 'May this agent do this, to that, on whose behalf? An authorization decision point for AI agents.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  tags: [
    { name: 'authzen', description: 'AuthZEN Authorization API 1.0: decisions' },
    { name: 'delegations', description: 'Who handed what on to whom, and sessions' },
    { name: 'explain', description: 'Why' },
    { name: 'decisions', description: 'The decision log' },
    { name: 'entities', description: 'The directory: roles, attributes, suspending, deleting' },
    { name: 'bundles', description: 'Model, policies and settings: publishing, history, what would change' },
    { name: 'callers', description: 'Who may ask' },
    { name: 'openfga', description: 'Relationships, as the OpenFGA clients send and expect them' },
    { name: 'cerbos', description: 'Decisions, as the Cerbos clients ask for them' },
    { name: 'health', description: 'For whatever starts, stops and balances servers' },
  ],
  components: { securitySchemes: { key: { type: 'http' as const, scheme: 'bearer' } } },
  security: [{ key: [] }],
};
