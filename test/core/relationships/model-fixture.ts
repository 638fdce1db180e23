import { expect } from 'vitest';
import type { Model } from '../../../src/core/model/model.ts';
import { parseModel } from '../../../src/core/model/parse-model.ts';
import { formatProblem } from '../../../src/core/problem.ts';
import type { Relationship } from '../../../src/core/relationships/membership.ts';

/** A model from the DSL without its header and the type `user`, which all have. */
export function modelOf(definitions: string): Model {
  const result = parseModel([{ path: 'model.fga', text: `model\n  schema 1.1\ntype user\n${definitions}` }]);
  if (!result.ok) expect.fail(result.error.map(formatProblem).join('\n'));
  return result.value;
}

/** Relationships from lines `object#relation@user`. */
export function tuplesOf(...lines: readonly string[]): readonly Relationship[] {
  return lines.map((line) => {
    const [, object = '', relation = '', user = ''] = /^([^#]+)#([^@]+)@(.+)$/.exec(line) ?? [];
    return { object, relation, user };
  });
}
