import { mkdirSync } from 'node:fs';
import { factsOf } from '../src/audit/index/facts.ts';
import { writeIndex } from '../src/audit/index/index-files.ts';
import { MemoryIndex } from '../src/audit/index/memory-index.ts';
import type { DecisionEntry } from '../src/audit/log.ts';
import { encodeEntry } from '../src/audit/records/entry.ts';
import { StepDictionary } from '../src/audit/records/step-dictionary.ts';
import { recover } from '../src/audit/segments/recover.ts';
import type { Segment } from '../src/audit/segments/segment.ts';
import { SegmentWriter } from '../src/audit/writing/segment-writer.ts';
import type { ReasonCode } from '../src/core/decision.ts';
import type { EdgeStep, PrincipalStep, Step } from '../src/core/path/trace.ts';

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Of what stands around an entry. */
const FRAME_BYTES = 230;
const BATCH = 1000;

/** Seconds that the parts of the work took. */
export interface GeneratedLog {
  readonly encodeSeconds: number;
  readonly writeSeconds: number;
  readonly indexSeconds: number;
  /** Milliseconds since 1970 of the first and the last decision. */
  readonly from: number;
  readonly to: number;
}

/** Writes a log of decisions into a new directory, through the encoder, the writer and the index that a node has. */
export function generateLog(directory: string, records: number): GeneratedLog {
  mkdirSync(directory, { recursive: true });
  const begun = recover(directory, 'bench');
  const first = begun.ok ? begun.value.segments[0] : undefined;
  if (!begun.ok || first === undefined) throw new Error('the log did not begin');
  const writer = new SegmentWriter(directory, 'bench', first, begun.value.end);
  const dictionary = new StepDictionary();
  const world = new AuditWorld();
  const clock = { encode: 0, write: 0, index: 0 };
  const timed = <T>(part: keyof typeof clock, work: () => T): T => {
    const begin = performance.now();
    const result = work();
    clock[part] += (performance.now() - begin) / 1000;
    return result;
  };
  const from = world.now;
  let segment: Segment = first;
  let index = new MemoryIndex(1);
  let bytes = 0;
  for (let sequence = 1; sequence <= records; ) {
    const some = Array.from({ length: Math.min(BATCH, records + 1 - sequence) }, () => world.decision());
    const rotates = bytes >= SEGMENT_BYTES;
    if (rotates) {
      dictionary.clear();
      bytes = 0;
    }
    const entries = timed('encode', () =>
      some.map((entry, place) => encodeEntry(entry, {}, sequence + place, dictionary)),
    );
    for (const entry of entries) bytes += entry.length + FRAME_BYTES;
    const before = segment;
    segment = timed('write', () => writer.write({ entries, rotates }, () => {}).segment);
    timed('index', () => {
      if (rotates) {
        finish(before, index);
        index = new MemoryIndex(segment.first);
        index.mark(0, segment.start);
      }
      for (const entry of some) index.add(factsOf(entry));
    });
    sequence += some.length;
    index.mark(sequence - segment.first, segment.length);
  }
  timed('index', () => finish(segment, index));
  writer.close();
  return {
    encodeSeconds: clock.encode,
    writeSeconds: clock.write,
    indexSeconds: clock.index,
    from,
    to: world.now,
  };
}

function finish(segment: Segment, index: MemoryIndex): void {
  const writing = writeIndex(segment, index);
  while (writing.next().done !== true);
}

const USERS = 2000;
const AGENTS = 60;
const TOOLS = 400;
const DOCUMENTS = 200_000;
const DENIALS: readonly ReasonCode[] = ['not_entitled', 'not_covered', 'condition_false', 'expired', 'revoked'];
const BUNDLES = [`sha256:${'4f'.repeat(32)}`, `sha256:${'a3'.repeat(32)}`];
/** Decisions after which another bundle is in force. */
const BUNDLE_DECISIONS = 100_000;

/**
 * Agents of people, through one to three delegations, on tools (with arguments) and documents, some of them much more
 * often than others; one in twelve is denied, one in fifty was found by a search.
 */
class AuditWorld {
  /** Milliseconds since 1970; some ten decisions each second. */
  now = Date.parse('2030-01-01T00:00:00Z');
  private decided = 0;
  private state = 1;
  private readonly steps = new Map<string, Step>();

  decision(): DecisionEntry {
    this.decided += 1;
    this.now += this.below(200);
    const user = `user:u${this.skewed(USERS)}`;
    const depth = 1 + this.skewed(3);
    const people = [user];
    const delegations: string[] = [];
    for (let hop = 0; hop < depth; hop += 1) {
      // The same people delegate to the same few agents.
      const agent = `agent:a${(this.skewed(4) * 7 + user.length * hop + hop * 13) % AGENTS}`;
      delegations.push(`dlg_${user.slice(5)}x${agent.slice(6)}x${hop}`);
      people.push(agent);
    }
    const allowed = this.below(12) !== 0;
    const reason = allowed ? 'allowed' : (DENIALS[this.skewed(DENIALS.length)] ?? 'not_entitled');
    const isTool = this.below(3) !== 0;
    const resource = isTool
      ? `tool:server${this.skewed(20)}/tool_${this.skewed(TOOLS)}`
      : `document:space${this.skewed(50)}/d${this.below(DOCUMENTS)}`;
    return {
      at: this.now,
      caller: `gateway-${this.skewed(4)}`,
      credential: 'key:0123456789abcdef',
      request: {
        actor: people.at(-1) ?? user,
        origin: user,
        proof: 'vouched',
        action: isTool ? 'call' : (['read', 'write', 'share'][this.skewed(3)] ?? 'read'),
        resource,
        ...(isTool
          ? { resourceAttributes: { args: { amount: this.below(1000), note: `order ${this.below(1_000_000)}` } } }
          : {}),
        context: { ip: `10.0.${this.below(256)}.${this.below(256)}` },
      },
      decision: {
        allowed,
        reason,
        reasons: [reason],
        chain: {
          delegation: delegations.at(-1),
          allowed,
          reasons: allowed ? [] : [reason],
          steps: people.flatMap((principal, place) => {
            const delegation = delegations[place];
            const step = this.step(principal, () => principalStep(principal, place === 0));
            const next = people[place + 1];
            if (delegation === undefined || next === undefined) return [step];
            return [step, this.step(delegation, () => edgeStep(delegation, principal, next))];
          }),
        },
        others: [],
        revision: 1000 + Math.floor(this.decided / 500),
        bundle: BUNDLES[Math.floor(this.decided / BUNDLE_DECISIONS) % BUNDLES.length] ?? '',
      },
      epoch: 'abcdefgh',
      enforced: allowed,
      requestId: `req-${this.decided.toString(36).padStart(12, '0')}`,
      latencyUs: 80 + this.below(200),
      ...(this.below(50) === 0 ? { search: 'resource' as const } : {}),
    };
  }

  private step(name: string, make: () => Step): Step {
    let step = this.steps.get(name);
    if (step === undefined) {
      step = make();
      this.steps.set(name, step);
    }
    return step;
  }

  /** A whole number below `end`, all alike (xorshift32: the same log every time). */
  private below(end: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % end;
  }

  /** A whole number below `end`, the small ones much more often. */
  private skewed(end: number): number {
    const random = this.below(1_000_000) / 1_000_000;
    return Math.floor(end * random * random * random);
  }
}

function principalStep(principal: string, isOrigin: boolean): PrincipalStep {
  return {
    kind: 'principal',
    principal,
    roles: isOrigin ? ['employee', 'user'] : ['agent'],
    reasons: [],
    ...(isOrigin ? { entitlement: { by: 'relationship' as const, relation: 'can_call', proof: [] } } : {}),
    prohibitions: [],
    rules: [],
    errors: [],
  };
}

function edgeStep(delegation: string, from: string, to: string): EdgeStep {
  return {
    kind: 'edge',
    delegation,
    from,
    to,
    reasons: [],
    capability: 0,
    conditions: [{ expression: 'R.attr.args.amount < 1000', value: 'true' }],
    not_before: 1_893_456_000_000,
    expires_at: 1_924_992_000_000,
  };
}
