import { Command } from 'commander';
import { auditChangesCommand } from './audit-changes.ts';
import { auditCheckpointCommand } from './audit-checkpoint.ts';
import { auditDecisionsCommand } from './audit-decisions.ts';
import { auditExportCommand } from './audit-export.ts';
import { auditHmacCommand } from './audit-hmac.ts';
import { auditProofCommand } from './audit-proof.ts';
import { auditPruneCommand } from './audit-prune.ts';
import { auditReachCommand } from './audit-reach.ts';
import { auditReplayCommand } from './audit-replay.ts';
import { auditReportCommand } from './audit-report.ts';
import { auditSummaryCommand } from './audit-summary.ts';
import { auditVerifyCommand } from './audit-verify.ts';
import { auditVerifyProofCommand } from './audit-verify-proof.ts';
import type { Context, Finish } from './command.ts';

/** What was decided and changed, and that it is what was recorded. */
export function auditCommand(context: Context, finish: Finish): Command {
  const command = new Command('audit').description('what was decided and changed, and proof of it').helpCommand(false);
  for (const make of [
    auditDecisionsCommand,
    auditSummaryCommand,
    auditExportCommand,
    auditChangesCommand,
    auditReachCommand,
    auditReplayCommand,
    auditReportCommand,
    auditVerifyCommand,
    auditCheckpointCommand,
    auditProofCommand,
    auditVerifyProofCommand,
    auditPruneCommand,
    auditHmacCommand,
  ]) {
    command.addCommand(make(context, finish));
  }
  return command;
}
