import { decide } from '../../core/decide.ts';
import type { CheckRequest, Decision } from '../../core/decision.ts';
import type { Attributes, EntityId } from '../../core/entity.ts';
import type { PolicyInput } from '../../core/policy/judgement.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Bundle, EntityRecord, Snapshot } from '../../core/snapshot.ts';
import { type CerbosPrincipal, type CerbosResource, toQuestions } from '../cerbos.ts';
import { delegationsOf, type Explanation } from '../explain.ts';
import { shortfalls } from '../needed.ts';
import type { Question } from '../question.ts';
import type { TestOptions, TestTable } from './suite.ts';

/** A combination with its fixtures found. */
export interface Scene {
  readonly principal: CerbosPrincipal;
  readonly origin?: CerbosPrincipal;
  readonly resource: CerbosResource;
  readonly auxData?: Attributes;
}

/** A decision of a test, with what it takes to tell why. */
export interface Decided {
  readonly decision: Decision;
  /** A condition asked for the time, which the test does not state. */
  readonly askedTime: boolean;
  explain(): Explanation;
}

/** Decides every action of a combination as a request of the Cerbos door would be, in the order of `actions`. */
export function decideAll(
  scene: Scene,
  table: Pick<TestTable, 'actions' | 'context' | 'proof'>,
  options: TestOptions,
  snapshot: Snapshot,
  now: number,
): Result<readonly Decided[], string> {
  const { settings } = snapshot.bundle;
  const principal = inScope(scene.principal, options);
  const origin = inScope(scene.origin ?? scene.principal, options);
  const resource = inScope(scene.resource, options);
  // Scope and version of the policies are those of whoever is asked about: the origin.
  const asked = toQuestions(origin, [{ resource, actions: table.actions }], settings, scene.auxData);
  if (!asked.ok) return err(asked.error.message);
  const acting = toQuestions(principal, [{ resource, actions: table.actions.slice(0, 1) }], settings);
  if (!acting.ok) return err(acting.error.message);
  const [actor] = acting.value;
  const [first] = asked.value;
  if (actor === undefined || first === undefined) return err('there is no action');
  const staged = withFixtures(snapshot, [
    [first.subject.entity, origin],
    [actor.subject.entity, principal],
  ]);
  return ok(asked.value.map((question) => decideOne(toRequest(question, actor.subject.entity, table), staged, now)));
}

/** The entity that a principal of a test is. */
export function entityOf(principal: CerbosPrincipal, { settings }: Bundle): Result<EntityId, string> {
  const asked = toQuestions(principal, [{ resource: { kind: 'any', id: 'any' }, actions: ['any'] }], settings);
  return asked.ok ? ok(asked.value[0]?.subject.entity ?? '') : err(asked.error.message);
}

function inScope<T extends CerbosPrincipal | CerbosResource>(fixture: T, { defaultScope }: TestOptions): T {
  if (defaultScope === undefined || (fixture.scope !== undefined && fixture.scope !== '')) return fixture;
  return { ...fixture, scope: defaultScope };
}

function toRequest(
  question: Question,
  actor: EntityId,
  { context, proof }: Pick<TestTable, 'context' | 'proof'>,
): CheckRequest {
  const {
    subject,
    resource,
    onBehalfOf: _none,
    agent: _neither,
    revision: _latest,
    claimedChain: _claim,
    ...rest
  } = question;
  return {
    ...rest,
    actor,
    origin: subject.entity,
    proof: proof ?? 'vouched',
    resource: resource.entity,
    ...(resource.properties === undefined ? undefined : { resourceAttributes: resource.properties }),
    ...(context === undefined ? undefined : { context }),
  };
}

/**
 * The directory as the fixtures have it: their roles, where they give any, and their attributes over those of the
 * world.
 */
function withFixtures(
  snapshot: Snapshot,
  fixtures: readonly (readonly [entity: EntityId, fixture: CerbosPrincipal])[],
): Snapshot {
  const records = new Map<EntityId, EntityRecord>();
  for (const [entity, { roles, attr }] of fixtures) {
    const known = snapshot.entity(entity);
    records.set(entity, {
      entity,
      roles: roles.length > 0 ? roles : (known?.roles ?? []),
      attributes: { ...known?.attributes, ...attr },
      suspended: known?.suspended === true,
      deleted: known?.deleted === true,
    });
  }
  return { ...snapshot, entity: (id) => records.get(id) ?? snapshot.entity(id) };
}

function decideOne(request: CheckRequest, snapshot: Snapshot, now: number): Decided {
  const watched = watchClock(snapshot);
  const decision = decide(request, watched.snapshot, now);
  return {
    decision,
    askedTime: watched.wasAsked(),
    explain: () => {
      const detailed = decide(request, snapshot, now, 'explain');
      return {
        request,
        decision: detailed,
        shortfalls: shortfalls(request, detailed, snapshot),
        at: now,
        revision: 'of the test',
        delegations: delegationsOf(detailed, snapshot),
        redacted: false,
      };
    },
  };
}

/** Tells whether any condition of a policy asked for the time. */
function watchClock(snapshot: Snapshot): { readonly snapshot: Snapshot; wasAsked(): boolean } {
  let asked = false;
  const watch = (input: PolicyInput): PolicyInput => {
    const { now, ...rest } = input;
    return {
      ...rest,
      get now() {
        asked = true;
        return now;
      },
    };
  };
  const { bundle } = snapshot;
  const { policies } = bundle;
  const watched: Bundle = {
    ...bundle,
    policies: {
      ...policies,
      judge: (input) => policies.judge(watch(input)),
      prohibit: (input) => policies.prohibit(watch(input)),
    },
  };
  return { snapshot: { ...snapshot, bundle: watched }, wasAsked: () => asked };
}
