import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SmallWorld } from './small-world.ts';

const MODEL = `model
  schema 1.1
type user
type agent
type mcp_server
  relations
    define user: [user]
    define can_sample: user
    define can_elicit: user
    define can_list_roots: user
    define can_set_log_level: user
type tool
type resource
  relations
    define reader: [user]
    define can_read: reader
    define can_subscribe: reader
    define can_unsubscribe: reader
    define can_complete: reader
type prompt
type task
`;

/** Alice may do with every tool what it is for, and add small numbers only. */
const TOOLS = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: tool
  version: default
  rules:
    - name: all-but-sums
      actions: [call]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: 'R.id != "everything/get-sum" && R.id != "everything/get-env"' } }
    - name: small-sums
      actions: [call]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: 'R.id == "everything/get-sum" && R.attr.args.a + R.attr.args.b <= 100.0' } }
`;

const PROMPTS = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: prompt
  version: default
  rules:
    - { actions: [get, complete], effect: EFFECT_ALLOW, roles: [user] }
`;

const TASKS = PROMPTS.replace('resource: prompt', 'resource: task').replace('[get, complete]', '["*"]');

const percent = (uri: string): string => encodeURIComponent(uri);

export const STATIC_URI = 'demo://resource/static/document/architecture.md';

const SEED = `tuples:
  - { user: user:alice, relation: user, object: mcp_server:everything }
  - { user: user:alice, relation: reader, object: 'resource:everything/${percent(STATIC_URI)}' }
  - { user: user:alice, relation: reader, object: 'resource:everything/${percent('demo://resource/dynamic/text/1')}' }
`;

/** From Alice to the planner, to the researcher, to the scout: each may do less. */
const DELEGATIONS = `delegations:
  - name: assist
    from: user:alice
    to: agent:assistant
    capabilities:
      - { actions: ['*'], resources: ['tool:*', 'resource:*', 'prompt:*', 'task:*', 'mcp_server:*'] }
    expires_in: 30d
  - name: plan
    from: user:alice
    to: agent:planner
    capabilities:
      - { actions: [call], resources: ['tool:files/list_directory', 'tool:files/read_text_file', 'tool:files/write_file'] }
    max_depth: 2
    expires_in: 30d
  - name: research
    parent: plan
    to: agent:researcher
    capabilities: [{ actions: [call], resources: ['tool:files/list_directory', 'tool:files/read_text_file'] }]
    max_depth: 1
    expires_in: 30d
  - name: scout
    parent: research
    to: agent:scout
    capabilities: [{ actions: [call], resources: ['tool:files/list_directory'] }]
    expires_in: 30d
`;

/** Alice, her agents, and the two MCP servers that are used by them. */
export function makeMcpWorld(): SmallWorld {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-mcp-'));
  const path = (name: string): string => join(directory, name);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
  };
  write('model/model.fga', MODEL);
  write('policies/tools.yaml', TOOLS);
  write('policies/prompts.yaml', PROMPTS);
  write('policies/tasks.yaml', TASKS);
  write('policies/delegations/alice.yaml', DELEGATIONS);
  write('seed.yaml', SEED);
  write('share/notes.txt', 'what Alice wrote\n');
  return { directory, path, write, remove: () => rmSync(directory, { recursive: true }) };
}
