import type { Attributes, Question } from '../../client/types.ts';
import type { Result } from '../../core/result.ts';
import type { Response } from '../messages/message.ts';
import type { Sender } from '../sender.ts';
import { declaredMapping } from './declared-mapping.ts';
import { type McpType, toMcpEntity } from './entity-name.ts';
import { type Asked, toQuestion } from './question.ts';
import { toToolDefinition } from './tool-definition.ts';

/** What is to be asked about the entries of a list, and what is then left of it. */
export interface ListQuestions {
  /** In the order of the entries; none for entries that cannot be asked about and are left out. May be empty. */
  readonly questions: readonly Question[];
  /**
   * The response with the entries that may be shown, one boolean for each question; the same object if that is all
   * of them.
   */
  keep(shown: readonly boolean[]): Response;
}

interface Entry {
  readonly type: McpType;
  readonly name: string;
  readonly asked: Omit<Asked, 'resource'>;
}

interface List {
  readonly method: string;
  readonly toEntry: (entry: Attributes) => Entry | undefined;
}

/** By the member of the result that holds the list, whatever was asked for: nothing has to be remembered. */
const LISTS: { readonly [member: string]: List } = {
  tools: { method: 'tools/list', toEntry: tool },
  resources: { method: 'resources/list', toEntry: resource },
  resourceTemplates: { method: 'resources/templates/list', toEntry: template },
  prompts: { method: 'prompts/list', toEntry: prompt },
};

/**
 * The questions by which a list of tools, resources, templates or prompts is filtered; undefined if the response holds
 * none. The arguments of a call are not known yet, so they are left open: an entry may be shown if its answer is yes
 * or depends on them. Never throws.
 */
export function listQuestions(
  response: Response,
  { server, sender }: { readonly server: string; readonly sender: Sender },
): ListQuestions | undefined {
  if (!('result' in response)) return undefined;
  const { result } = response;
  const lists = Object.entries(LISTS).filter(
    ([member]) => Object.hasOwn(result, member) && Array.isArray(result[member]),
  );
  if (lists.length === 0) return undefined;
  const questions: Question[] = [];
  const places: { readonly member: string; readonly entry: unknown; readonly question: number | undefined }[] = [];
  for (const [member, list] of lists) {
    for (const entry of result[member] as readonly unknown[]) {
      const question = questionOf(entry, list, server, sender);
      places.push({ member, entry, question: question === undefined ? undefined : questions.length });
      if (question !== undefined) questions.push(question);
    }
  }
  return {
    questions,
    keep(shown) {
      const kept = places.filter(({ question }) => question !== undefined && shown[question] === true);
      if (kept.length === places.length) return response;
      const left = lists.map(([member]) => [
        member,
        kept.filter((place) => place.member === member).map(({ entry }) => entry),
      ]);
      return { ...response, result: { ...result, ...Object.fromEntries(left) } };
    },
  };
}

function questionOf(entry: unknown, list: List, server: string, sender: Sender): Question | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return undefined;
  const found = list.toEntry(entry as Attributes);
  if (found === undefined) return undefined;
  const question = whenOk(toMcpEntity(found.type, server, found.name), (entity) =>
    toQuestion({ ...found.asked, resource: entity }, sender, server, list.method),
  );
  return question.ok ? question.value : undefined;
}

/** A tool whose own mapping is malformed can never be called. */
function tool(entry: Attributes): Entry | undefined {
  const definition = toToolDefinition(entry);
  if (definition === undefined || !declaredMapping(definition).ok) return undefined;
  const { name, digest } = definition;
  return {
    type: 'tool',
    name,
    asked: { action: 'call', properties: { definition: digest }, open_attributes: ['args'] },
  };
}

function resource({ uri }: Attributes): Entry | undefined {
  if (typeof uri !== 'string') return undefined;
  return { type: 'resource', name: uri, asked: { action: 'read', properties: { uri } } };
}

/** Which resources the template stands for is open, so their URIs are. */
function template({ uriTemplate }: Attributes): Entry | undefined {
  if (typeof uriTemplate !== 'string') return undefined;
  return { type: 'resource', name: uriTemplate, asked: { action: 'read', open_attributes: ['uri'] } };
}

function prompt({ name }: Attributes): Entry | undefined {
  if (typeof name !== 'string') return undefined;
  return { type: 'prompt', name, asked: { action: 'get', open_attributes: ['args'] } };
}

function whenOk<T, U>(result: Result<T, string>, next: (value: T) => Result<U, string>): Result<U, string> {
  return result.ok ? next(result.value) : result;
}
