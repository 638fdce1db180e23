import type { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { parseEntity } from '../../entity.ts';
import { currentHost } from '../evaluation.ts';
import { fail, LimitReached } from '../fault.ts';
import { isMap, mapGet } from '../value.ts';
import { define } from './define.ts';

/** The functions that ask the decision: its time (as in Cerbos) and its graph (design, section 4). */
export function registerDecision(environment: Environment): void {
  const timeSince = (timestamp: Date) => Duration.fromMilliseconds(currentHost().now - timestamp.getTime());
  define(environment, {
    'now(): google.protobuf.Timestamp': () => new Date(currentHost().now),
    'google.protobuf.Timestamp.timeSince(): google.protobuf.Duration': timeSince,
    'timeSince(google.protobuf.Timestamp): google.protobuf.Duration': timeSince,
    'related(dyn, string, dyn): bool': related,
  });
}

/** Whether the graph relates the two; an error where it cannot tell. */
function related(subject: unknown, relation: string, object: unknown): boolean {
  const membership = currentHost().related(entityOf(subject, 'subject'), relation, entityOf(object, 'object'));
  switch (membership.kind) {
    case 'yes':
      return true;
    case 'no':
      return false;
    case 'unknown':
      if (membership.because.kind === 'limit') throw new LimitReached(membership.because.limit);
      return fail(`related() cannot tell: ${membership.because.message}`);
  }
}

/** `type:id`, or what has it at `entity`: P and R. */
function entityOf(value: unknown, role: string): string {
  const named = isMap(value) ? mapGet(value, 'entity') : value;
  if (typeof named !== 'string') return fail(`the ${role} of related() is neither type:id nor P or R`);
  const parsed = parseEntity(named);
  return parsed.ok ? parsed.value : fail(`the ${role} of related(): ${parsed.error}`);
}
