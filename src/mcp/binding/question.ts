import type { Question } from '../../client/types.ts';
import { admitInput } from '../../core/cel/admit-input.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Unfinished } from '../../core/unfinished.ts';
import type { Sender } from '../sender.ts';

/** What a message asks, without who asks it and over which server. */
export type Asked = Pick<
  Question,
  'action' | 'resource' | 'properties' | 'open_attributes' | 'action_properties' | 'context'
>;

/**
 * A question about a message of `sender`, in whose context `mcp` names the server and the method. Nothing of what is
 * asked reaches the members that say who asks. The error says what of it no decision point would take, so that it is
 * told to whoever can change it.
 */
export function toQuestion(asked: Asked, sender: Sender, server: string, method: string): Result<Question, string> {
  const { actor, on_behalf_of, agent, chain, delegation } = sender.asks;
  const { action, resource, properties, open_attributes, action_properties } = asked;
  const question: Unfinished<Question> = {
    actor,
    action,
    resource,
    context: { ...asked.context, mcp: { server, method } },
  };
  if (on_behalf_of !== undefined) question.on_behalf_of = on_behalf_of;
  if (agent !== undefined) question.agent = agent;
  if (chain !== undefined) question.chain = chain;
  if (delegation !== undefined) question.delegation = delegation;
  if (properties !== undefined) question.properties = properties;
  if (open_attributes !== undefined) question.open_attributes = open_attributes;
  if (action_properties !== undefined) question.action_properties = action_properties;
  const fault = contentFault(question);
  return fault === undefined ? ok(question) : err(fault);
}

const ITEM = '/evaluations/0';

/** What decision points refuse in the documents of a question, at the depth at which they stand in a batch. */
function contentFault({ action_properties, properties, context }: Question): string | undefined {
  const item: { [name: string]: unknown } = { context };
  if (properties !== undefined) item.resource = { properties };
  if (action_properties !== undefined) item.action = { properties: action_properties };
  const admitted = admitInput({ evaluations: [item] });
  if (admitted.ok) return undefined;
  return admitted.error.startsWith(ITEM) ? admitted.error.slice(ITEM.length) : admitted.error;
}
