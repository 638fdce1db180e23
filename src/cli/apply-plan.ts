import type { Delegation } from '../core/delegation/delegation.ts';
import type { ApplyPlan, EntryChange, Removal } from '../engine/apply.ts';
import { isDone } from '../engine/apply.ts';
import { columns, counted } from './layout.ts';
import type { Terminal } from './terminal.ts';

const BECAUSE: { readonly [because in Removal['because']]: string } = {
  replaced: 'replaced',
  duplicate: 'another one has its name, with the terms of the file',
  not_in_files: 'in no file',
};

/** A plan for people: what is made, what goes and what dies with it, what is left alone. */
export function describePlan(plan: ApplyPlan, { paint }: Terminal): string {
  const { changes, removals, others } = plan;
  const rows = [
    ...changes.filter(({ kind }) => kind !== 'unchanged').map((change) => changeRow(change, paint)),
    ...removals.flatMap(({ delegation, because, dies }) => [
      [paint('bad', '- revoke'), labelOf(delegation), edgeOf(delegation), BECAUSE[because]],
      ...dies.map((one) => ['', `  ${labelOf(one)}`, edgeOf(one), 'dies with it']),
    ]),
  ];
  const unchanged = changes.filter(({ kind }) => kind === 'unchanged').length;
  const lines = [
    ...(rows.length === 0 ? [] : [columns(rows, '  '), '']),
    `  ${isDone(plan) ? 'nothing to do: ' : ''}${counted(unchanged, 'delegation')} in force as ${unchanged === 1 ? 'its file states it' : 'the files state them'}`,
  ];
  if (others.length > 0) {
    lines.push(`  ${counted(others.length, 'delegation')} in no file, left alone (--prune revokes):`);
    lines.push(
      columns(
        others.map((one) => [labelOf(one), edgeOf(one)]),
        '    ',
      ),
    );
  }
  return lines.join('\n');
}

export function planJson({ changes, removals, others }: ApplyPlan): object {
  return {
    changes: changes.map((change) => ({
      change: change.kind,
      name: change.name,
      ...(change.kind === 'unchanged' ? { delegation: change.delegation.id } : undefined),
      ...(change.kind === 'replace' ? { replaces: change.replaces.map(({ id }) => id) } : undefined),
    })),
    removals: removals.map(({ delegation, because, dies }) => ({
      delegation: delegation.id,
      because,
      dies: dies.map(({ id }) => id),
    })),
    left_alone: others.map(({ id }) => id),
  };
}

function changeRow(change: EntryChange, paint: Terminal['paint']): readonly string[] {
  if (change.kind === 'replace') {
    const old = change.replaces.map(({ id }) => id).join(', ');
    return [paint('strong', '~ replace'), change.name, edgeOf(change.terms), `instead of ${old}`];
  }
  const { from, to } = change.kind === 'create' ? change.terms : change.delegation;
  return [paint('good', '+ create'), change.name, `${from} → ${to}`, ''];
}

function labelOf({ name, id }: Delegation): string {
  return name === undefined ? id : `${name} (${id})`;
}

function edgeOf({ from, to }: Delegation): string {
  return `${from} → ${to}`;
}
