import type { Attributes, EntityId, Json } from '../../src/core/entity.ts';

/** A condition's value as the naive reference computes it (design, section 1: fail closed). */
export type Truth = 'true' | 'false' | 'error';

/** Membership, three-valued. */
export type Answer = 'yes' | 'no' | 'unknown';

export interface PathSeen {
  readonly origin: EntityId;
  readonly actor: EntityId;
  readonly path: readonly EntityId[];
}

/** All that a condition may look at. */
export interface Scene {
  readonly principal: { readonly entity: EntityId; readonly roles: readonly string[]; readonly attr: Attributes };
  readonly resource: Attributes;
  readonly context: Attributes;
  readonly path: PathSeen;
  readonly now: number;
  readonly variables: { readonly [name: string]: string };
  readonly related: (subject: string, relation: string, object: string) => Answer;
}

type Evaluate = (scene: Scene) => Truth;

const truth = (value: boolean): Truth => (value ? 'true' : 'false');
const attribute = (attributes: Attributes, name: string, test: (value: Json) => boolean): Truth => {
  const value = attributes[name];
  return value === undefined ? 'error' : truth(test(value));
};
const TRUTHS: { readonly [answer in Answer]: Truth } = { yes: 'true', no: 'false', unknown: 'error' };

/** 2026-06-01T00:00:00Z, the date in the one condition that reads the clock. */
const JUNE = Date.UTC(2026, 5, 1);

const PLAIN: { readonly [cel: string]: Evaluate } = {
  true: () => 'true',
  false: () => 'false',
  'R.attr.gone == 1': (s) => attribute(s.resource, 'gone', (v) => v === 1),
  'R.attr.risk == "low"': (s) => attribute(s.resource, 'risk', (v) => v === 'low'),
  'P.attr.level >= 2': (s) => attribute(s.principal.attr, 'level', (v) => typeof v === 'number' && v >= 2),
  'request.context.urgent == true': (s) => attribute(s.context, 'urgent', (v) => v === true),
  '"admin" in P.roles': (s) => truth(s.principal.roles.includes('admin')),
  'P.type == "agent"': (s) => truth(s.principal.entity.startsWith('agent:')),
  'false && R.attr.gone == 1': () => 'false',
  'R.attr.gone == 1 || true': () => 'true',
};

const ABOUT_PATH: { readonly [cel: string]: Evaluate } = {
  'D.depth <= 1': (s) => truth(s.path.path.length - 1 <= 1),
  'D.depth >= 2': (s) => truth(s.path.path.length - 1 >= 2),
  'size(D.path) < 4': (s) => truth(s.path.path.length < 4),
  'D.actor == "agent:worker"': (s) => truth(s.path.actor === 'agent:worker'),
  'D.origin == "user:alice"': (s) => truth(s.path.origin === 'user:alice'),
  '"agent:runner" in D.path': (s) => truth(s.path.path.includes('agent:runner')),
};

const ABOUT_TIME: { readonly [cel: string]: Evaluate } = {
  'now() < timestamp("2026-06-01T00:00:00Z")': (s) => truth(s.now < JUNE),
};

const ABOUT_GRAPH: { readonly [cel: string]: Evaluate } = {
  'related(P, "member", "group:ops")': (s) => TRUTHS[s.related(s.principal.entity, 'member', 'group:ops')],
  'related(D.origin, "member", "group:dev")': (s) => TRUTHS[s.related(s.path.origin, 'member', 'group:dev')],
};

const ALL: { readonly [cel: string]: Evaluate } = { ...PLAIN, ...ABOUT_PATH, ...ABOUT_TIME, ...ABOUT_GRAPH };

/** The CEL sources that the generators draw from, by what they look at. */
export const CONDITIONS = {
  plain: Object.keys(PLAIN),
  path: Object.keys(ABOUT_PATH),
  time: Object.keys(ABOUT_TIME),
  graph: Object.keys(ABOUT_GRAPH),
  /** The only two whose value is known without looking at anything. */
  holds: 'true',
  fails: 'false',
  errs: 'R.attr.gone == 1',
} as const;

/** What the condition is worth: the value of a table entry, or of `V.name`, which stands for one. */
export function evaluate(cel: string, scene: Scene): Truth {
  const variable = /^V\.(\w+)$/.exec(cel)?.[1];
  const source = variable === undefined ? cel : scene.variables[variable];
  const rule = source === undefined ? undefined : ALL[source];
  if (rule === undefined) throw new Error(`no naive evaluation of ${cel}`);
  return rule(scene);
}
