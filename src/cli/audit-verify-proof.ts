import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { ProvenRecord } from '../audit/checkpoints/record-proof.ts';
import { readPublicKey } from './audit-key.ts';
import { CommandError, type Context, EXIT, type Finish, printJson } from './command.ts';
import { counted, labelled } from './layout.ts';

interface VerifyProofOptions {
  readonly publicKey: string;
  readonly json?: boolean;
}

/** Checks the proof of one record with nothing but the node's public key. Exits 1 where it proves nothing. */
export function auditVerifyProofCommand({ terminal }: Context, finish: Finish): Command {
  return new Command('verify-proof')
    .description('check the proof of a record (behalf audit proof) with nothing but the public key')
    .argument('<file>', 'the proof, as JSON')
    .requiredOption('--public-key <FILE>', "the node's public key")
    .option('--json', 'print JSON')
    .action(async (file: string, options: VerifyProofOptions) => {
      const publicKey = readPublicKey(options.publicKey);
      const proof = readProofFile(file);
      const { verifyRecordProof } = await import('../audit/checkpoints/record-proof.ts');
      const proven = verifyRecordProof(proof, publicKey);
      if (!proven.ok) {
        terminal.err(`error: ${file} proves nothing: ${proven.error}`);
        return finish(EXIT.no);
      }
      if (options.json === true) printJson(terminal, provenJson(proven.value));
      else terminal.out(told(proven.value));
      return finish(EXIT.ok);
    });
}

function readProofFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (fault) {
    throw new CommandError(`the proof ${file} cannot be read: ${fault instanceof Error ? fault.message : fault}`);
  }
}

function told({ record, checkpoint }: ProvenRecord): string {
  const { request, decision } = record;
  const answer = decision.allowed ? 'allowed' : 'denied';
  const onBehalf = request.origin === request.actor ? '' : ` for ${request.origin}`;
  const lines = labelled([
    ['decided', `${new Date(record.at).toISOString()} at revision ${decision.revision}, asked by ${record.caller}`],
    ['reason', decision.reasons.join(', ')],
    ['bundle', decision.bundle],
    ['record', `${record.sequence} of ${counted(checkpoint.size, 'record')} that node ${checkpoint.node} signed for`],
    ['signed', new Date(checkpoint.at).toISOString()],
    ['sha256', record.hash],
  ]);
  return `proven: ${record.id}\n${answer}: ${request.actor} ${request.action} ${request.resource}${onBehalf}\n${lines}`;
}

function provenJson({ record, checkpoint }: ProvenRecord): object {
  const { request, decision } = record;
  return {
    proven: true,
    id: record.id,
    sha256: record.hash,
    at: new Date(record.at).toISOString(),
    caller: record.caller,
    actor: request.actor,
    origin: request.origin,
    action: request.action,
    resource: request.resource,
    decision: decision.allowed,
    reasons: decision.reasons,
    checkpoint: { node: checkpoint.node, size: checkpoint.size, time: new Date(checkpoint.at).toISOString() },
  };
}
