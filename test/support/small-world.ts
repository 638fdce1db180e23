import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const MODEL = `model
  schema 1.1
type user
type agent
type group
  relations
    define member: [user]
type document
  relations
    define reader: [user, group#member]
    define can_read: reader
    define can_comment: reader
type tool
`;

const POLICIES = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: tool
  version: default
  rules:
    - actions: [call]
      effect: EFFECT_ALLOW
      roles: [user]
      condition:
        match:
          expr: R.attr.args.amount < 1000
`;

export const SEED = `entities:
  - { entity: user:alice, attributes: { department: finance } }
tuples:
  - { user: user:alice, relation: member, object: group:finance }
  - { user: group:finance#member, relation: reader, object: document:q3 }
`;

export const DELEGATIONS = `delegations:
  - name: planning
    from: group:finance#member
    to: agent:planner
    capabilities: [{ actions: [read, comment], resources: [document:*] }, { actions: [call], resources: [tool:erp/*] }]
    max_depth: 1
    expires_in: 30d
  - name: research
    parent: planning
    to: agent:researcher
    capabilities: [{ actions: [read], resources: [document:*] }]
    expires_in: 30d
`;

/** A company of one person, two agents and one document, as files in a directory of its own. */
export interface SmallWorld {
  readonly directory: string;
  path(name: string): string;
  write(name: string, text: string): void;
  remove(): void;
}

export function makeSmallWorld(): SmallWorld {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-world-'));
  const path = (name: string): string => join(directory, name);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
  };
  write('model/model.fga', MODEL);
  write('policies/tool.yaml', POLICIES);
  write('policies/delegations/finance.yaml', DELEGATIONS);
  write('seed.yaml', SEED);
  return { directory, path, write, remove: () => rmSync(directory, { recursive: true }) };
}
