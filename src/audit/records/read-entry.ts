import type { CheckRequest, Decision, ReasonCode } from '../../core/decision.ts';
import { FIRST_RULES } from '../../core/decision-rules.ts';
import type { ChainTrace, Step } from '../../core/path/trace.ts';
import { REQUEST_NAMES } from '../../core/request-names.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Unfinished } from '../../core/unfinished.ts';
import type { DecisionEntry } from '../log.ts';
import { FORMAT, type Origin } from './entry.ts';

/** The member `entry` of a record, as it is read back. */
export type ReadEntry = DecisionEntry & Origin & { readonly rules: number };

/** As it stands in the line (see `encodeEntry`). */
interface WrittenEntry {
  readonly at: number;
  readonly bundle: string;
  readonly caller: string;
  readonly chain?: WrittenChain;
  readonly commit?: string;
  readonly credential?: string;
  readonly decision: boolean;
  readonly enforced?: boolean;
  readonly environment?: string;
  readonly format: number;
  readonly kind: string;
  readonly latency_us: number;
  readonly limit?: NonNullable<Decision['limit']>;
  readonly others?: readonly WrittenChain[];
  readonly reason: ReasonCode;
  readonly reasons?: readonly ReasonCode[];
  readonly redacted?: readonly string[];
  readonly request: { readonly [name: string]: unknown };
  readonly request_id?: string;
  readonly revision: number | string;
  readonly rules?: number;
  readonly search?: NonNullable<DecisionEntry['search']>;
  readonly supersedes?: string;
  readonly trace?: string;
}

interface WrittenChain {
  readonly allowed?: boolean;
  readonly delegation?: string;
  readonly reasons?: readonly ReasonCode[];
  readonly steps: readonly (string | Partial<Step>)[];
}

/** The step that stands in full at a place of another record of the segment. */
export type StepAt = (sequence: number, index: number) => Result<Step, string>;

/**
 * The entry that a text holds.
 *
 * @param stepAt the step that a reference to another record of the segment means
 */
export function decodeEntry(text: string, sequence: number, stepAt: StepAt): Result<ReadEntry, string> {
  const written = JSON.parse(text) as WrittenEntry;
  if (written.format !== FORMAT || written.kind !== 'decision') {
    return err(`an entry of kind "${written.kind}" and format ${written.format} is none that this version reads`);
  }
  const allowed = written.decision;
  const steps = new Steps(sequence, stepAt);
  const chain = written.chain === undefined ? undefined : steps.chain(written.chain, allowed);
  const others = (written.others ?? []).map((other) => steps.chain(other, false));
  if (steps.fault !== undefined) return err(steps.fault);
  const [epoch, revision] = splitRevision(written.revision);
  const decision: Unfinished<Decision> = {
    allowed,
    reason: written.reason,
    reasons: written.reasons ?? [written.reason],
    others,
    revision,
    bundle: written.bundle,
  };
  if (chain !== undefined) decision.chain = chain;
  if (written.limit !== undefined) decision.limit = written.limit;
  const entry: Unfinished<ReadEntry> = {
    at: written.at,
    caller: written.caller,
    request: readRequest(written.request),
    decision,
    enforced: written.enforced ?? allowed,
    latencyUs: written.latency_us,
    rules: written.rules ?? FIRST_RULES,
  };
  if (written.credential !== undefined) entry.credential = written.credential;
  if (epoch !== undefined) entry.epoch = epoch;
  if (written.request_id !== undefined) entry.requestId = written.request_id;
  if (written.trace !== undefined) entry.trace = written.trace;
  if (written.search !== undefined) entry.search = written.search;
  if (written.supersedes !== undefined) entry.supersedes = written.supersedes;
  if (written.redacted !== undefined) entry.redacted = written.redacted;
  if (written.environment !== undefined) entry.environment = written.environment;
  if (written.commit !== undefined) entry.commit = written.commit;
  return ok(entry);
}

/** The steps that stand in full in an entry, in the order in which references count them. */
export function fullStepsOf(text: string): readonly Step[] {
  const { chain, others = [] } = JSON.parse(text) as WrittenEntry;
  const steps = [...(chain === undefined ? [] : [chain]), ...others].flatMap((one) => one.steps);
  return steps.flatMap((step) => (typeof step === 'string' ? [] : [readStep(step)]));
}

const REFERENCE = /^([1-9]\d{0,15})\.(\d{1,6})$/;

/** Puts the steps of one record back where they are referred to. */
class Steps {
  /** The first thing that is wrong with a reference. */
  fault: string | undefined;
  private readonly sequence: number;
  private readonly stepAt: StepAt;
  private readonly own: Step[] = [];

  constructor(sequence: number, stepAt: StepAt) {
    this.sequence = sequence;
    this.stepAt = stepAt;
  }

  chain({ allowed, delegation, reasons = [], steps }: WrittenChain, usual: boolean): ChainTrace {
    return {
      ...(delegation === undefined ? undefined : { delegation }),
      allowed: allowed ?? usual,
      reasons,
      steps: steps.flatMap((step) => {
        if (typeof step === 'string') return this.referred(step);
        const full = readStep(step);
        this.own.push(full);
        return [full];
      }),
    };
  }

  private referred(reference: string): readonly Step[] {
    const [, sequence, index] = REFERENCE.exec(reference) ?? [];
    const place = Number(index);
    const own = this.own[place];
    const found: Result<Step, string> =
      sequence === undefined || Number(sequence) > this.sequence
        ? err('is no reference to a step before it')
        : Number(sequence) < this.sequence
          ? this.stepAt(Number(sequence), place)
          : own === undefined
            ? err('means no step before it')
            : ok(own);
    if (found.ok) return [found.value];
    this.fault ??= `the step "${reference.slice(0, 32)}" of its path ${found.error}`;
    return [];
  }
}

/** A step with what was left out because it was empty. */
function readStep(step: Partial<Step>): Step {
  const empty =
    step.kind === 'edge' ? { reasons: [], conditions: [] } : { reasons: [], prohibitions: [], rules: [], errors: [] };
  return { ...empty, ...step } as unknown as Step;
}

function readRequest(written: WrittenEntry['request']): CheckRequest {
  const request: { [name: string]: unknown } = {};
  for (const [name, called] of REQUEST_NAMES) {
    if (written[called] !== undefined) request[name] = written[called];
  }
  return request as unknown as CheckRequest;
}

function splitRevision(revision: number | string): readonly [epoch: string | undefined, revision: number] {
  if (typeof revision === 'number') return [undefined, revision];
  const dot = revision.lastIndexOf('.');
  return [revision.slice(0, dot), Number(revision.slice(dot + 1))];
}
