import type { Command } from 'commander';
import type { Question } from '../client/client.ts';
import { CommandError, parseValue, type RemoteOptions, remoteCommand } from './command.ts';

export interface QuestionOptions extends RemoteOptions {
  readonly for?: string;
  readonly attr: readonly string[];
  readonly arg: readonly string[];
  readonly context?: string;
  readonly delegation?: string;
  readonly revision?: string;
}

/** A command that asks whether an actor may do something: `behalf check ACTOR ACTION RESOURCE`. */
export function questionCommand(name: string, description: string): Command {
  return remoteCommand(name, description)
    .argument('<actor>', 'who is calling, like agent:researcher')
    .argument('<action>', 'what it wants to do, like read')
    .argument('<resource>', 'to what, like document:q3')
    .option('--for <ORIGIN>', 'on whose behalf, like user:alice; without it on its own authority')
    .option('--attr <NAME=VALUE>', 'an attribute of the resource (R.attr.NAME)', collect, [])
    .option('--arg <NAME=VALUE>', 'an argument of the tool (R.attr.args.NAME)', collect, [])
    .option('--context <JSON>', 'the context that policies see (request.context)')
    .option('--delegation <ID>', 'only the chain that ends with this delegation')
    .option('--revision <REVISION>', 'at least as fresh as this revision');
}

/** The question that was typed. Throws `CommandError` for what cannot be one. */
export function toQuestion(actor: string, action: string, resource: string, options: QuestionOptions): Question {
  const { for: origin, delegation, revision } = options;
  for (const [what, entity] of [
    ['the actor', actor],
    ['the resource', resource],
    ['--for', origin ?? 'none:none'],
  ] as const) {
    if (!entity.includes(':')) {
      throw new CommandError(
        `${what} is "${entity}", which has no type: an entity is written type:id, like user:alice`,
      );
    }
  }
  const args = pairs('--arg', options.arg);
  const attributes = { ...pairs('--attr', options.attr), ...(args === undefined ? undefined : { args }) };
  return {
    actor,
    action,
    resource,
    ...(origin === undefined ? undefined : { on_behalf_of: origin }),
    ...(Object.keys(attributes).length === 0 ? undefined : { properties: attributes }),
    ...(options.context === undefined ? undefined : { context: parseContext(options.context) }),
    ...(delegation === undefined ? undefined : { delegation }),
    ...(revision === undefined ? undefined : { revision }),
  };
}

/** For an option that may be given more than once. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function pairs(flag: string, given: readonly string[]): { readonly [name: string]: unknown } | undefined {
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new CommandError(`${flag} ${pair} is not NAME=VALUE`);
      return [pair.slice(0, equals), parseValue(pair.slice(equals + 1))];
    }),
  );
}

function parseContext(text: string): { readonly [name: string]: unknown } {
  const value = parseValue(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as { readonly [name: string]: unknown };
  }
  throw new CommandError(`--context ${text} is not a JSON object, like '{"ip": "10.0.0.1"}'`);
}
