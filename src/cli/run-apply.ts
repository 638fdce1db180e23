import { type Behalf, BehalfError, type Delegation } from '../client/client.ts';
import { loadConfig } from '../config.ts';
import type { Delegation as Stored } from '../core/delegation/delegation.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Applied, type ApplyPlan, apply, type DelegationDoor, isDone, planApply } from '../engine/apply.ts';
import type { Failure, FailureCode } from '../engine/failure.ts';
import type { ApplyOptions } from './apply.ts';
import { describePlan, planJson } from './apply-plan.ts';
import { readDelegations, UNKNOWN_VOCABULARY } from './check-sources.ts';
import { connect, EXIT, printFailure, printJson, printProblems, urlOf } from './command.ts';
import { flagsOf } from './config-flags.ts';
import { counted } from './layout.ts';
import { readSources, shown } from './read-sources.ts';
import type { Terminal } from './terminal.ts';

/** Plans and, once agreed to, applies the delegation files to a server; answers the exit status. */
export async function runApply(options: ApplyOptions, at: number, terminal: Terminal): Promise<number> {
  const { config: file, policies } = options;
  const flags = flagsOf({ config: file, policies });
  const config = loadConfig(flags, terminal.env);
  const named = config.ok ? { ...config.value.policies, stated: true } : { path: '', stated: false };
  const sources = config.ok ? readSources({ model: { path: '', stated: false }, policies: named }) : config;
  if (!sources.ok) {
    printProblems(terminal, sources.error);
    return EXIT.fault;
  }
  const entries = readDelegations(sources.value.delegations, UNKNOWN_VOCABULARY, at);
  if (!entries.ok) {
    printProblems(terminal, entries.error.map(sources.value.inPlace));
    return EXIT.fault;
  }
  const door = clientDoor(connect(options, terminal));
  const inForce = await door.inForce();
  if (!inForce.ok) {
    printFailure(terminal, inForce.error);
    return EXIT.fault;
  }
  const planned = planApply(entries.value, inForce.value, { prune: options.prune === true, now: at });
  if (!planned.ok) {
    printProblems(terminal, planned.error.map(sources.value.inPlace));
    return EXIT.fault;
  }
  const heading = `${shown(named.path)}/delegations against ${urlOf(options, terminal)}`;
  return carryOut(planned.value, heading, door, options, terminal);
}

async function carryOut(
  plan: ApplyPlan,
  heading: string,
  door: DelegationDoor,
  options: ApplyOptions,
  terminal: Terminal,
): Promise<number> {
  const isJson = options.json === true;
  const tell = (text: string): void => (isJson ? terminal.err(text) : terminal.out(text));
  if (!isJson) terminal.out(`${heading}\n\n${describePlan(plan, terminal)}`);
  if (options.dryRun === true || isDone(plan)) {
    if (isJson) printJson(terminal, { plan: planJson(plan), applied: [] });
    return EXIT.ok;
  }
  if (options.yes !== true) {
    if (!terminal.canAsk) {
      terminal.err('error: nothing was changed: --yes applies the plan where nobody can be asked');
      return EXIT.fault;
    }
    const answer = await terminal.ask('\nApply this plan? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) {
      terminal.err('nothing was changed');
      return EXIT.no;
    }
  }
  const steps: Applied[] = [];
  if (!isJson) terminal.out('');
  const applied = await apply(plan, door, (step) => {
    steps.push(step);
    if (!isJson)
      tell(step.kind === 'created' ? `  created  ${step.name}  ${step.delegation}` : `  revoked  ${step.delegation}`);
  });
  if (isJson) printJson(terminal, { plan: planJson(plan), applied: steps });
  if (applied.ok) {
    if (!isJson) terminal.out(`\n${terminal.paint('good', 'applied')}: ${counted(steps.length, 'change')}`);
    return EXIT.ok;
  }
  printFailure(terminal, applied.error);
  terminal.err(
    `${counted(steps.length, 'change')} of the plan ${steps.length === 1 ? 'is' : 'are'} in force; apply goes on from there`,
  );
  return EXIT.fault;
}

/** The delegations of a server. */
function clientDoor(client: Behalf): DelegationDoor {
  return {
    inForce: () =>
      asResult(async () => {
        const live = await client.allDelegations({ state: 'live' });
        const later = await client.allDelegations({ state: 'not_yet_valid' });
        return [...live, ...later].map(toStored);
      }),
    delegate: (draft) =>
      asResult(async () => {
        const { not_before: begin, expires_at: end, ...terms } = draft;
        const { delegation } = await client.delegate({
          ...terms,
          ...(begin === undefined ? undefined : { not_before: new Date(begin).toISOString() }),
          ...(end === undefined ? undefined : { expires_at: new Date(end).toISOString() }),
        });
        return delegation.id;
      }),
    revoke: (id, reason) =>
      asResult(async () => {
        await client.revoke(id, { reason });
      }),
  };
}

/** What the plan compares, from the shape in which it travels. */
function toStored(delegation: Delegation): Stored {
  const { not_before, expires_at, created_at, ...rest } = delegation;
  return {
    ...rest,
    revision: 0,
    not_before: Date.parse(not_before),
    ...(expires_at === undefined ? undefined : { expires_at: Date.parse(expires_at) }),
    created_at: Date.parse(created_at),
  };
}

async function asResult<T>(ask: () => Promise<T>): Promise<Result<T, Failure>> {
  try {
    return ok(await ask());
  } catch (fault) {
    if (!(fault instanceof BehalfError)) throw fault;
    const { code, message, problem } = fault;
    return err({
      code: code as FailureCode,
      message,
      ...(problem?.errors === undefined ? undefined : { errors: problem.errors }),
    });
  }
}
