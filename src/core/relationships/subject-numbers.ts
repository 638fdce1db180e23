import type { Subject } from './query.ts';
import type { TupleGraph } from './tuple-graph.ts';

/** A user that no row has: no graph has as many entities. */
export const NOBODY = 2 ** 31 - 1;

/** A subject by the numbers of a graph; what the graph does not know is nobody. */
export interface SubjectNumbers {
  readonly type: number;
  /** As a user of the graph. */
  readonly user: number;
  /** Everybody of the subject's type, as a user of the graph. */
  readonly everybody: number;
}

export function toSubjectNumbers(subject: Subject, graph: TupleGraph): SubjectNumbers {
  const everybody = subject.wildcard === undefined ? -1 : graph.entity(subject.wildcard);
  return {
    type: graph.kinds.type(subject.type),
    user: toUser(subject, graph),
    everybody: everybody < 0 ? NOBODY : everybody,
  };
}

function toUser({ text, type, object, relation }: Subject, graph: TupleGraph): number {
  if (object === undefined || relation === undefined) {
    const entity = graph.entity(text);
    return entity < 0 ? NOBODY : entity;
  }
  const row = graph.row(graph.entity(object), graph.kinds.find(type, relation));
  return row < 0 ? NOBODY : ~row;
}
