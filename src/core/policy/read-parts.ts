import type { Cursor, Located } from './document.ts';
import { compileGlob, isGlob } from './glob.ts';
import type {
  ConstantSyntax,
  DefinitionsSyntax,
  Effect,
  MatchSyntax,
  OutputSyntax,
  SchemaSyntax,
  SchemasSyntax,
  VariableSyntax,
} from './syntax.ts';

/** The parts that several kinds of policies share: conditions, outputs, variables, constants, lists of names. */

type Fields = ReadonlyMap<string, Cursor>;

const MATCH_OPERATORS = ['expr', 'all', 'any', 'none'] as const;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

export function readCondition(cursor: Cursor | undefined): MatchSyntax | undefined {
  const match = cursor?.fields(['match'], ['match'])?.get('match');
  return match === undefined ? undefined : readMatch(match);
}

function readMatch(cursor: Cursor): MatchSyntax | undefined {
  const fields = cursor.fields(MATCH_OPERATORS);
  if (fields === undefined) return undefined;
  const operator = MATCH_OPERATORS.find((name) => fields.has(name));
  const operand = operator === undefined ? undefined : fields.get(operator);
  if (operator === undefined || operand === undefined || fields.size !== 1) {
    const found = [...fields.keys()].join(', ') || 'nothing';
    return cursor.fail(`${cursor.path} is not one of expr, all, any, none`, { found, expected: 'exactly one of them' });
  }
  if (operator === 'expr') {
    const source = operand.expression();
    return source === undefined ? undefined : { kind: 'expr', source };
  }
  const list = operand.fields(['of'], ['of'])?.get('of');
  const items = list?.items();
  if (list === undefined || items === undefined) return undefined;
  if (items.length === 0)
    return list.fail(`${list.path} is empty`, { found: '[]', expected: 'at least one expression' });
  return { kind: operator, of: items.flatMap((item) => readMatch(item) ?? []) };
}

/** `output.expr` is the older form of `output.when.ruleActivated`, which wins where both stand (Cerbos). */
export function readOutput(cursor: Cursor | undefined): OutputSyntax | undefined {
  const fields = cursor?.fields(['expr', 'when']);
  if (fields === undefined) return undefined;
  const when = fields.get('when')?.fields(['ruleActivated', 'conditionNotMet']);
  const activated = (when?.get('ruleActivated') ?? fields.get('expr'))?.expression();
  const notMet = when?.get('conditionNotMet')?.expression();
  return {
    ...(activated === undefined ? {} : { ruleActivated: activated }),
    ...(notMet === undefined ? {} : { conditionNotMet: notMet }),
  };
}

/** A policy's variables and constants; `older` is the top level's `variables`, from before Cerbos 0.26. */
export function readDefinitions(fields: Fields, older: Cursor | undefined): DefinitionsSyntax {
  const variables = fields.get('variables')?.fields(['import', 'local']);
  const constants = fields.get('constants')?.fields(['import', 'local']);
  return {
    importVariables: readNames(variables?.get('import')),
    variables: [...readVariables(variables?.get('local')), ...readVariables(older)],
    importConstants: readNames(constants?.get('import')),
    constants: readConstants(constants?.get('local')),
  };
}

export function readVariables(cursor: Cursor | undefined): readonly VariableSyntax[] {
  return named(cursor).flatMap(({ name, value }) => {
    if (value === undefined) {
      cursor?.fail(
        `the variable "${name.value}" is empty`,
        { found: 'null', expected: 'a CEL expression' },
        name.place,
      );
    }
    const source = value?.expression();
    return source === undefined ? [] : [{ name, source }];
  });
}

export function readConstants(cursor: Cursor | undefined): readonly ConstantSyntax[] {
  return named(cursor).map(({ name, value }) => ({ name, value: value?.json() ?? null }));
}

function named(cursor: Cursor | undefined): readonly { name: Located<string>; value: Cursor | undefined }[] {
  return (cursor?.entries() ?? []).flatMap(({ key, value, at }) => {
    if (IDENTIFIER.test(key)) return [{ name: { value: key, place: at }, value }];
    const expected = 'a letter or _, then letters, digits, _';
    cursor?.fail(`"${key}" is not a name that CEL can use`, { found: key, expected }, at);
    return [];
  });
}

/** A list of names, each once. */
export function readNames(
  cursor: Cursor | undefined,
  options: { readonly glob?: boolean } = {},
): readonly Located<string>[] {
  const names: Located<string>[] = [];
  const seen = new Set<string>();
  for (const item of cursor?.items() ?? []) {
    const name = readName(item, options);
    if (name === undefined) continue;
    if (seen.has(name.value))
      item.fail(`${item.path} repeats "${name.value}"`, { found: name.value, expected: 'each once' });
    else names.push(name);
    seen.add(name.value);
  }
  return names;
}

/** A list of names that may not be empty, like a rule's actions. */
export function readSomeNames(
  cursor: Cursor | undefined,
  options: { readonly glob?: boolean } = {},
): readonly Located<string>[] {
  const names = readNames(cursor, options);
  if (cursor !== undefined && names.length === 0 && cursor.items()?.length === 0) {
    cursor.fail(`${cursor.path} is empty`, { found: '[]', expected: 'at least one name' });
  }
  return names;
}

export function readName(
  cursor: Cursor | undefined,
  options: { readonly glob?: boolean } = {},
): Located<string> | undefined {
  const name = cursor?.string('a name');
  if (cursor === undefined || name === undefined) return undefined;
  if (name.value === '') return cursor.fail(`${cursor.path} is empty`, { found: '""', expected: 'a name' });
  if (options.glob === true && isGlob(name.value) && compileGlob(name.value) === undefined) {
    return cursor.fail(`${cursor.path} is not a pattern`, {
      found: name.value,
      expected: 'a glob with * , **, ?, [a-z], {a,b}',
    });
  }
  return name;
}

export function readEffect(cursor: Cursor | undefined): Effect | undefined {
  const effect = cursor?.string('EFFECT_ALLOW or EFFECT_DENY');
  if (cursor === undefined || effect === undefined) return undefined;
  if (effect.value === 'EFFECT_ALLOW') return 'allow';
  if (effect.value === 'EFFECT_DENY') return 'deny';
  return cursor.fail(`${cursor.path} is not an effect`, {
    found: effect.value,
    expected: 'EFFECT_ALLOW or EFFECT_DENY',
  });
}

export function readSchemas(cursor: Cursor | undefined): SchemasSyntax | undefined {
  const fields = cursor?.fields(['principalSchema', 'resourceSchema']);
  if (fields === undefined) return undefined;
  const principal = readSchema(fields.get('principalSchema'));
  const resource = readSchema(fields.get('resourceSchema'));
  return { ...(principal === undefined ? {} : { principal }), ...(resource === undefined ? {} : { resource }) };
}

function readSchema(cursor: Cursor | undefined): SchemaSyntax | undefined {
  const fields = cursor?.fields(['ref', 'ignoreWhen'], ['ref']);
  const ref = readName(fields?.get('ref'));
  if (fields === undefined || ref === undefined) return undefined;
  const ignored = fields.get('ignoreWhen')?.fields(['actions'], ['actions']);
  return { ref, ignoreWhen: readSomeNames(ignored?.get('actions'), { glob: true }) };
}
