import type { ChainTrace } from '../../core/path/trace.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { DecisionEntry } from '../log.ts';

/** What a record can be found by. */
export interface Facts {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly caller: string;
  readonly actor: string;
  readonly origin: string;
  /** Everybody on any of its chains, the actor and the origin among them; each once. */
  readonly principals: readonly string[];
  readonly action: string;
  readonly resource: string;
  /** As decided, whatever was enforced. */
  readonly allowed: boolean;
  readonly enforced: boolean;
  /** All that apply, the one that is reported first. */
  readonly reasons: readonly string[];
  /** On any of its chains, whether that carried the request or failed; each once. */
  readonly delegations: readonly string[];
  readonly bundle: string;
  /** `none` where it was asked for by itself. */
  readonly search: string;
}

/** Of an entry, as it is recorded or was read back. */
export function factsOf(entry: DecisionEntry): Facts {
  const { request, decision } = entry;
  const path = new PathNames(request.actor, request.origin);
  if (decision.chain !== undefined) addChain(path, decision.chain);
  for (const chain of decision.others) addChain(path, chain);
  return {
    at: entry.at,
    caller: entry.caller,
    actor: request.actor,
    origin: request.origin,
    principals: path.principals,
    action: request.action,
    resource: request.resource,
    allowed: decision.allowed,
    enforced: entry.enforced,
    reasons: decision.reasons,
    delegations: path.delegations,
    bundle: decision.bundle,
    search: entry.search ?? 'none',
  };
}

function addChain(path: PathNames, { steps }: ChainTrace): void {
  for (const step of steps) path.add(step);
}

/**
 * Reads the facts of the entries of one segment from their texts, in order and from the first one on, without building
 * the paths: of a step only its name is kept, for the records that refer to it.
 */
export class FactReader {
  private readonly names = new Map<string, StepName>();

  /** @param text the member `entry` of the record with `sequence` */
  read(text: string, sequence: number): Result<Facts, string> {
    const written = JSON.parse(text) as WrittenEntry;
    const { request, chain, others = [], decision, reason } = written;
    const path = new PathNames(request.actor, request.origin);
    let full = 0;
    for (const { steps } of chain === undefined ? others : [chain, ...others]) {
      for (const step of steps) {
        let name: StepName | undefined;
        if (typeof step === 'string') name = this.names.get(step);
        else {
          name = nameOf(step);
          this.names.set(`${sequence}.${full}`, name);
          full += 1;
        }
        if (name === undefined) return err(`the step "${String(step).slice(0, 32)}" of its path is not before it`);
        path.add(name);
      }
    }
    return ok({
      at: written.at,
      caller: written.caller,
      actor: request.actor,
      origin: request.origin,
      principals: path.principals,
      action: request.action,
      resource: request.resource,
      allowed: decision,
      enforced: written.enforced ?? decision,
      reasons: written.reasons ?? [reason],
      delegations: path.delegations,
      bundle: written.bundle,
      search: written.search ?? 'none',
    });
  }
}

/** The part of an entry that facts are read from (see `encodeEntry`). */
interface WrittenEntry {
  readonly at: number;
  readonly bundle: string;
  readonly caller: string;
  readonly chain?: WrittenChain;
  readonly decision: boolean;
  readonly enforced?: boolean;
  readonly others?: readonly WrittenChain[];
  readonly reason: string;
  readonly reasons?: readonly string[];
  readonly request: {
    readonly actor: string;
    readonly origin: string;
    readonly action: string;
    readonly resource: string;
  };
  readonly search?: string;
}

interface WrittenChain {
  readonly steps: readonly (string | StepName)[];
}

type StepName =
  | { readonly kind: 'principal'; readonly principal: string }
  | { readonly kind: 'edge'; readonly delegation: string };

function nameOf(step: StepName): StepName {
  return step.kind === 'principal'
    ? { kind: 'principal', principal: step.principal }
    : { kind: 'edge', delegation: step.delegation };
}

/** Who and what stands on the chains of one record: a handful, so looking through them is quicker than a set. */
class PathNames {
  readonly principals: string[];
  readonly delegations: string[] = [];

  constructor(actor: string, origin: string) {
    this.principals = actor === origin ? [actor] : [actor, origin];
  }

  add(step: StepName): void {
    if (step.kind === 'edge') {
      if (!this.delegations.includes(step.delegation)) this.delegations.push(step.delegation);
    } else if (!this.principals.includes(step.principal)) this.principals.push(step.principal);
  }
}
