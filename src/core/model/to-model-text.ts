import { transformer } from '@openfga/syntax-transformer';
import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import type { Model, Rewrite } from './model.ts';
import { parseModel } from './parse-model.ts';
import { toModelJson } from './to-model-json.ts';

/**
 * A model as the text of one file in the DSL, in which bundles keep models. It is read again and compared: what the
 * DSL cannot say (a second `this` in one relation, a name that its grammar takes for a keyword) is refused.
 */
export function toModelText(model: Model, schemaVersion: string): Result<string, readonly Problem[]> {
  let text: string;
  try {
    text = transformer.transformJSONStringToDSL(JSON.stringify(toModelJson(model, schemaVersion)));
  } catch (thrown) {
    return err([inexpressible(thrown instanceof Error ? thrown.message : String(thrown))]);
  }
  const again = parseModel([{ path: 'model.fga', text }]);
  if (!again.ok) return err(again.error.map(({ message }) => inexpressible(message)));
  if (fingerprint(again.value) !== fingerprint(model))
    return err([inexpressible('it would mean something else there')]);
  return ok(text);
}

function inexpressible(why: string): Problem {
  return { message: `the model cannot be written in the DSL: ${why}` };
}

/** The same for models that mean the same: the DSL puts what is assigned directly first, and sorts parameters. */
function fingerprint(model: Model): string {
  const types = [...model.types.values()].map(({ name, relations }) => [
    name,
    sorted(
      [...relations.values()].map(({ name: relation, rewrite, directTypes }) => [
        relation,
        normal(rewrite),
        directTypes,
      ]),
    ),
  ]);
  const conditions = [...model.conditions.values()].map(({ name, expression, parameters }) => [
    name,
    expression.trim(),
    sorted([...parameters]),
  ]);
  return JSON.stringify([types, sorted(conditions)]);
}

function normal(rewrite: Rewrite): unknown {
  switch (rewrite.kind) {
    case 'union':
    case 'intersection': {
      const [only, ...others] = rewrite.children;
      if (only !== undefined && others.length === 0) return normal(only);
      return [rewrite.kind, ...sorted(rewrite.children.map(normal))];
    }
    case 'exclusion':
      return [rewrite.kind, normal(rewrite.base), normal(rewrite.subtract)];
    case 'direct':
    case 'computed':
    case 'tuple_to_userset':
      return rewrite;
  }
}

function sorted(values: readonly unknown[]): readonly unknown[] {
  return values.map((value) => JSON.stringify(value)).sort();
}
