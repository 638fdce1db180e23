import type { Attributes } from '../../client/types.ts';
import { admitInput } from '../../core/cel/admit-input.ts';
import type { MappingInputs } from '../../core/cel/mapping-expression.ts';
import { type Json, shorten } from '../../core/entity.ts';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { objectOf, toMappedQuestion } from './mapped-question.ts';
import {
  ABSENT,
  type Resolved,
  type Template,
  TemplateCompiler,
  TemplateResolver,
  UNKNOWN,
} from './mapping-template.ts';
import type { Asked } from './question.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** The questions that a tool's server wants asked before the tool is called. */
export interface DeclaredMapping {
  /** The questions for one call, or why there are none to be had: then the call must not pass. Never throws. */
  resolve(inputs: { readonly params: Attributes; readonly token: Attributes }): Result<readonly Asked[], string>;
}

/**
 * Reads `x-authzen-mapping` in the input schema of a tool (COAZ binding for MCP, "Declared Mappings"); undefined if
 * there is none. The error says what makes it malformed: such a tool cannot be called. Never throws.
 */
export function declaredMapping({ tool }: ToolDefinition): Result<DeclaredMapping | undefined, string> {
  const { inputSchema } = tool;
  if (typeof inputSchema !== 'object' || inputSchema === null || !Object.hasOwn(inputSchema, KEY)) return ok(undefined);
  const compiled = compile((inputSchema as Attributes)[KEY]);
  return compiled.ok ? compiled : err(`the mapping that the tool declares is malformed: ${compiled.error}`);
}

const KEY = 'x-authzen-mapping';

/** The fields of one evaluation, still without their values. */
type Fields = ReadonlyMap<string, Template>;

interface Envelope {
  readonly subject: Template | undefined;
  /** What each question takes its fields from; a field of an entry replaces the whole default (AuthZEN 1.0, 7.1.1). */
  readonly evaluations: readonly Fields[];
}

function compile(value: unknown): Result<DeclaredMapping, string> {
  const admitted = admitInput(value);
  if (!admitted.ok) return admitted;
  const envelope = toEnvelope(admitted.value);
  if (!envelope.ok) return envelope;
  // What is wrong whatever the message says is wrong now.
  const certain = resolveEnvelope(envelope.value, new TemplateResolver(), UNKNOWN);
  if (!certain.ok) return certain;
  return ok({
    resolve({ params, token }) {
      const inputs = admitInput({ params, token });
      if (!inputs.ok) return inputs;
      const resolver = new TemplateResolver(inputs.value as MappingInputs);
      return resolveEnvelope(envelope.value, resolver, token.sub);
    },
  });
}

function toEnvelope(mapping: Json): Result<Envelope, string> {
  if (!isObject(mapping)) return err('it is no object');
  const [name, ...others] = Object.keys(mapping);
  if ((name !== 'evaluation' && name !== 'evaluations') || others.length > 0) {
    return err('it must have exactly one member: evaluation or evaluations');
  }
  const body = mapping[name] ?? null;
  if (!isObject(body)) return err(`${name} is no object`);
  const compiler = new TemplateCompiler();
  return name === 'evaluation' ? toSingle(body, compiler) : toBatch(body, compiler);
}

function toSingle(body: JsonObject, compiler: TemplateCompiler): Result<Envelope, string> {
  const fields = fieldsOf(body, ['subject', 'action', 'resource', 'context'], 'evaluation', compiler);
  return fields.ok ? ok({ subject: fields.value.get('subject'), evaluations: [fields.value] }) : fields;
}

/** How many questions there are is for the mapping to say, never for the value of an expression. */
function toBatch(
  { evaluations: entries, options: _, ...defaults }: JsonObject,
  compiler: TemplateCompiler,
): Result<Envelope, string> {
  const shared = fieldsOf(defaults, ['subject', 'action', 'resource', 'context'], 'evaluations', compiler);
  if (!shared.ok) return shared;
  const subject = shared.value.get('subject');
  if (entries === undefined) return ok({ subject, evaluations: [shared.value] });
  if (!Array.isArray(entries)) return err('evaluations.evaluations is no list');
  if (entries.length > LIMITS.mappingQuestions) {
    return err(`it has more than ${LIMITS.mappingQuestions} evaluations (limit mappingQuestions)`);
  }
  const evaluations: Fields[] = [];
  for (const [index, entry] of entries.entries()) {
    const where = `evaluations.evaluations[${index}]`;
    if (!isObject(entry)) return err(`${where} is no object`);
    if (Object.hasOwn(entry, 'subject')) {
      return err(`${where} has a subject: the one of the whole mapping applies to every evaluation`);
    }
    const fields = fieldsOf(entry, ['action', 'resource', 'context'], where, compiler);
    if (!fields.ok) return fields;
    evaluations.push(new Map([...shared.value, ...fields.value]));
  }
  // Without entries the defaults are the one evaluation (AuthZEN 1.0, section 7.1).
  return ok({ subject, evaluations: evaluations.length === 0 ? [shared.value] : evaluations });
}

function fieldsOf(
  body: JsonObject,
  known: readonly string[],
  where: string,
  compiler: TemplateCompiler,
): Result<Fields, string> {
  const fields = new Map<string, Template>();
  for (const [name, value] of Object.entries(body)) {
    if (!known.includes(name)) {
      return err(`${where} has the member "${shorten(name)}": it may have ${known.join(', ')}`);
    }
    const compiled = compiler.compile(value, `${where}.${name}`);
    if (!compiled.ok) return compiled;
    fields.set(name, compiled.value);
  }
  return ok(fields);
}

function resolveEnvelope(
  { subject, evaluations }: Envelope,
  resolver: TemplateResolver,
  sub: unknown,
): Result<readonly Asked[], string> {
  const wrong = subject === undefined ? undefined : subjectFault(subject, resolver, sub);
  if (wrong !== undefined) return err(wrong);
  const questions: Asked[] = [];
  for (const fields of evaluations) {
    const values: { [name in 'action' | 'resource' | 'context']?: Resolved } = {};
    for (const name of ['action', 'resource', 'context'] as const) {
      const field = fields.get(name);
      if (field === undefined) continue;
      const resolved = resolver.resolve(field);
      if (!resolved.ok) return resolved;
      if (resolved.value !== ABSENT) values[name] = resolved.value;
    }
    const question = toMappedQuestion(values);
    if (!question.ok) return question;
    if (question.value !== undefined) questions.push(question.value);
  }
  return ok(questions);
}

/**
 * A mapping's subject is never asked about: it is compared with the one that the transport established ("Subject
 * Identity"), so that what a server declares is not taken for what it is not. Its other members mean nothing here.
 */
function subjectFault(template: Template, resolver: TemplateResolver, sub: unknown): string | undefined {
  const resolved = resolver.resolve(template);
  if (!resolved.ok) return resolved.error;
  if (resolved.value === ABSENT || resolved.value === null) return 'subject is missing';
  const subject = objectOf(resolved.value, 'subject', ['type', 'id', 'properties']);
  if (!subject.ok) return subject.error;
  if (subject.value === UNKNOWN) return undefined;
  const { id } = subject.value;
  const names = template.kind === 'object' && template.fields.has('id');
  if (id === undefined && !names) return undefined;
  if (id === undefined || id === null) return 'subject.id is missing';
  if (id === UNKNOWN || sub === UNKNOWN) return undefined;
  if (typeof id !== 'string') return 'subject.id is no string';
  return id === sub ? undefined : 'subject.id is not the subject of the token';
}

type JsonObject = { readonly [name: string]: Json };

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
