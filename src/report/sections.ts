import type {
  AuditReport,
  Count,
  Counts,
  DelegationFigures,
  DelegationShown,
  RecordPlace,
  RevocationShown,
} from '../engine/report/report-data.ts';
import { columnChart, rowBar } from './charts.ts';
import { type Html, html } from './html.ts';
import { code, facts, name, numberText, short, table, timeText } from './tables.ts';

/** Rows of the table of all delegations; the data has more. */
const MOST_ROWS = 200;

export function decisionSection({ decisions, period }: AuditReport): Html {
  const { over_time: time, reasons, hops } = decisions;
  const busiest = time.points.reduce((most, { allowed, denied }) => Math.max(most, allowed + denied), 0);
  const worst = Math.max(0, ...reasons.map(({ count }) => count));
  return html`<section id="decisions"><h2>Decisions</h2>
<p>Every question that was answered between ${timeText(period.from)} and ${timeText(period.to)}, each with a record of its own.</p>
${facts([
  ['Decisions', decisions.total],
  ['Allowed', decisions.allowed],
  ['Denied', decisions.denied],
  ['Denied, and allowed to an observing caller', decisions.observed],
  ['Results of searches', decisions.searches],
  ['Taken back before they left', decisions.superseded],
])}
${columnChart(
  `Decisions by ${time.unit} (UTC)`,
  `${time.points.length} columns, one for each ${time.unit}; at most ${numberText(busiest)} decisions in one. The data file holds the numbers.`,
  time.points.map(({ start, allowed, denied }) => ({ label: pointLabel(start, time.unit), allowed, denied })),
)}
${table(
  'Why requests were denied (first reason)',
  [{ title: 'Reason' }, { title: 'Denials', isNumber: true }, { title: 'Share' }],
  reasons.map(({ reason, count }) => [code(reason), count, rowBar(0, count, worst)]),
)}
${countTable('Agents and other actors', 'Actor', decisions.actors)}
${countTable('On whose behalf', 'Origin', decisions.origins)}
${countTable('Types of resources', 'Type', decisions.resource_types)}
${countTable('Actions', 'Action', decisions.actions)}
${countTable('Callers that asked', 'Caller', decisions.callers)}
${table(
  'Delegations between origin and actor',
  [{ title: 'Delegations' }, { title: 'Allowed', isNumber: true }, { title: 'Denied', isNumber: true }],
  hops.map(({ hops: count, allowed, denied }) => [String(count), allowed, denied]),
)}
${table(
  'Denials that callers in observe mode were answered allow to',
  [{ title: 'Caller' }, { title: 'Denials', isNumber: true }],
  decisions.observers.map(({ caller, count }) => [name(caller), count]),
  'None: what was decided was enforced.',
)}</section>`;
}

function countTable(caption: string, title: string, { top, names }: Counts): Html {
  const longest = Math.max(0, ...top.map(({ allowed, denied }) => allowed + denied));
  const cut = names > top.length ? `, the ${top.length} most frequent of ${numberText(names)}` : '';
  return table(
    `${caption}${cut}`,
    [{ title }, { title: 'Allowed', isNumber: true }, { title: 'Denied', isNumber: true }, { title: 'Share' }],
    top.map(({ name: who, allowed, denied }: Count) => [name(who), allowed, denied, rowBar(allowed, denied, longest)]),
  );
}

function pointLabel(start: string, unit: AuditReport['decisions']['over_time']['unit']): string {
  return unit === 'hour' ? `${start.slice(5, 10)} ${start.slice(11, 13)}h` : start.slice(0, 10);
}

export function delegationSection({ delegations, period, suspended }: AuditReport): Html {
  const { unused, expiring, all } = delegations;
  const cut = delegations.live > MOST_ROWS ? `: the first ${MOST_ROWS} of ${numberText(delegations.live)}` : '';
  return html`<section id="delegations"><h2>Delegations in force</h2>
<p>As things were just before ${timeText(period.to)}.</p>
${facts([
  ['In force', delegations.live],
  ['Standing', delegations.standing],
  ['Only in a session', delegations.session],
  ['Sessions open', delegations.sessions_open],
  ['Templates (for a set of people)', delegations.templates],
  ['Without an end', delegations.without_end],
  ['Made in the period', delegations.made],
  ['Ended in the period', delegations.ended],
])}
${depthTable(delegations)}
${delegationTable('Valid the longest', delegations.longest)}
${delegationTable(
  `Not used for ${unused.days} days or more: ${numberText(unused.count)}`,
  unused.shown,
  'None: each carried something, or is younger.',
)}
${delegationTable(`Ending within ${expiring.days} days: ${numberText(expiring.count)}`, expiring.shown)}
${table(
  'Suspended principals',
  [{ title: 'Principal' }, { title: 'Since' }, { title: 'By' }],
  suspended.map(({ entity, since, by }) => [
    name(entity),
    since === undefined ? undefined : timeText(since),
    by === undefined ? undefined : name(by),
  ]),
)}
${delegationTable(`All in force${cut}`, all.slice(0, MOST_ROWS))}</section>`;
}

function depthTable({ depths }: DelegationFigures): Html {
  const longest = Math.max(0, ...depths.map(({ delegations }) => delegations));
  return table(
    'How deep they are (delegations from the root)',
    [{ title: 'Depth' }, { title: 'Delegations', isNumber: true }, { title: 'Share' }],
    depths.map(({ depth, delegations }) => [String(depth), delegations, rowBar(delegations, 0, longest)]),
  );
}

function delegationTable(caption: string, rows: readonly DelegationShown[], none?: string): Html {
  return table(
    caption,
    [
      { title: 'Delegation' },
      { title: 'From → to' },
      { title: 'What' },
      { title: 'Kind' },
      { title: 'Made' },
      { title: 'Ends' },
      { title: 'Last used' },
    ],
    rows.map((row) => [
      html`${row.name === undefined ? undefined : html`${name(row.name)}<br>`}${code(row.id)}`,
      html`${name(row.from)} → ${name(row.to)}${row.origin === undefined ? undefined : html`<br>only for ${name(row.origin)}`}`,
      html`<ul class="plain">${row.capabilities.map((text) => html`<li>${name(text)}</li>`)}</ul>`,
      html`${row.activation}, depth ${row.depth}`,
      html`${timeText(row.created_at)}<br>by ${name(row.created_by)} (${row.basis})`,
      row.expires_at === undefined ? 'no end' : timeText(row.expires_at),
      row.last_used === undefined ? 'not seen' : timeText(row.last_used),
    ]),
    none,
  );
}

export function revocationSection({ revocations }: AuditReport): Html {
  const { count, shown, held_against: against, violation_count: violations } = revocations;
  const cut = count > shown.length ? `, the first ${shown.length} of ${numberText(count)}` : '';
  return html`<section id="revocations"><h2>Revocations and how fast they took effect</h2>
<p>A revocation, withdrawal, suspension or deletion is final from its revision on. Before and after go by revisions, the one order that all changes and decisions have; the times are beside them.</p>
<p>${
    violations === 0
      ? html`<span class="good-text">No decision of the period allows through anything that had ended</span>: all were held against ${numberText(against)} revocations, withdrawals, suspensions and deletions of any time, and against the end of every delegation that carried them.`
      : html`<span class="bad-text">Decisions of the period that allow through something that had ended: ${numberText(violations)}.</span>`
  }</p>
${table(
  `In the period${cut}`,
  [
    { title: 'What' },
    { title: 'When' },
    { title: 'By' },
    { title: 'Last allow before' },
    { title: 'First denial after' },
    { title: 'Allows after', isNumber: true },
  ],
  shown.map((row) => [
    endingText(row),
    html`${timeText(row.at)}<br>revision ${row.revision}`,
    html`${name(row.by)}${row.credential === undefined ? undefined : html`<br>${code(row.credential)}`}${row.reason === undefined ? undefined : html`<br>${name(row.reason)}`}`,
    placeText(row.last_allow, row.at, 'before'),
    placeText(row.first_denial, row.at, 'after'),
    row.allows_after === 0 ? '0' : html`<span class="bad-text">${numberText(row.allows_after)}</span>`,
  ]),
)}
${
  violations === 0
    ? undefined
    : table(
        'Decisions that allow through what had ended',
        [{ title: 'Record' }, { title: 'When' }, { title: 'Through' }, { title: 'Why it should not' }],
        revocations.violations.map(({ record, at, subject, why }) => [code(record), timeText(at), name(subject), why]),
      )
}</section>`;
}

function endingText({ kind, subject, name: called, from, to, origin }: RevocationShown): Html {
  const between = from === undefined ? undefined : html`<br>${name(from)} → ${name(to ?? '')}`;
  const only = origin === undefined ? undefined : html`<br>for ${name(origin)}`;
  return html`${kind} ${called === undefined ? undefined : html`${name(called)} `}${code(subject)}${between}${only}`;
}

function placeText(place: RecordPlace | undefined, at: string, side: 'before' | 'after'): Html | string {
  if (place === undefined) return side === 'before' ? 'none in the period' : 'not asked again';
  const ms = Date.parse(place.at) - Date.parse(at);
  const apart = durationText(Math.abs(ms));
  return html`${code(place.record)}<br>${apart} ${ms <= 0 ? 'before' : 'after'}, revision ${place.revision}`;
}

function durationText(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

export function policySection({ bundles }: AuditReport): Html {
  return html`<section id="policies"><h2>Policies in force</h2>
<p>A bundle is one version of model, policies and settings, named by the digest of its files. Every decision names the one that it was taken by.</p>
${table(
  'Bundles, the newest first',
  [
    { title: 'Bundle' },
    { title: 'In force from' },
    { title: 'Until' },
    { title: 'By' },
    { title: 'Files', isNumber: true },
    { title: 'Decisions', isNumber: true },
  ],
  bundles.map((row) => [
    short(row.digest),
    html`${timeText(row.from)}<br>revision ${row.revision}`,
    row.until === undefined ? 'in force' : timeText(row.until),
    html`${name(row.by)} (${row.act})${row.credential === undefined ? undefined : html`<br>${code(row.credential)}`}`,
    row.files,
    row.decisions,
  ]),
)}</section>`;
}

export function callerSection({ callers, period }: AuditReport): Html {
  return html`<section id="callers"><h2>Callers and their roles</h2>
<p>Whoever asks or changes something does it as a caller with a credential, as they were just before ${timeText(period.to)}. Keys are never kept, only their hashes.</p>
${table(
  'Callers',
  [
    { title: 'Caller' },
    { title: 'Roles' },
    { title: 'Speaks as' },
    { title: 'May name' },
    { title: 'May assert' },
    { title: 'Mode' },
    { title: 'Decisions', isNumber: true },
  ],
  callers.map((row) => [
    name(row.id),
    row.roles.join(', '),
    row.principal === undefined ? undefined : name(row.principal),
    html`<ul class="plain">${(
      [
        ['actors', row.actors],
        ['origins', row.origins],
        ['vouches for', row.vouches],
      ] as const
    ).map(([what, patterns]) =>
      patterns.length === 0 ? undefined : html`<li>${what}: ${name(patterns.join(', '))}</li>`,
    )}</ul>`,
    row.asserts.join(', '),
    row.mode === 'observe' ? html`<span class="bad-text">observe</span>` : row.mode,
    row.decisions,
  ]),
)}</section>`;
}

export function integritySection({ chain, state, node }: AuditReport): Html {
  const { verified, checkpoint, faults, notes } = chain;
  const verdict = {
    unchanged: html`<span class="good-text">Unchanged</span>: no record was changed, removed, added or moved, as far as the checkpoints reach.`,
    changed: html`<span class="bad-text">Not as it was written</span>: see the faults below.`,
    not_verified: html`Not verified here: a server does not vouch for its own log. Verify a copy of its directory: <code>behalf audit verify --log DIR --public-key FILE</code>.`,
  }[verified];
  return html`<section id="integrity"><h2>Integrity of the records</h2><p>${verdict}</p>
${facts([
  ['Node', name(node)],
  ['Records', verified === 'not_verified' ? undefined : chain.records],
  ['First and last record', `${state.records.first} to ${state.records.last}`],
  ['Last record', short(state.records.sha256)],
  ['Checkpoints that agree', chain.checkpoints],
  ['Changes in the change log', chain.changes],
  ['Change log at the end of the period', html`revision ${state.revision} ${short(state.sha256)}`],
])}
${faults.length === 0 ? undefined : html`<h3>Faults</h3><ul>${faults.map((text) => html`<li>${name(text)}</li>`)}</ul>`}
${notes.length === 0 ? undefined : html`<h3>Notes</h3><ul>${notes.map((text) => html`<li>${name(text)}</li>`)}</ul>`}
${
  checkpoint === undefined
    ? html`<p class="none">There is no checkpoint.</p>`
    : html`<h3>Checkpoint</h3><p>Signed ${timeText(checkpoint.time)} over ${numberText(checkpoint.size)} records. Whoever keeps it finds out if the log is ever shortened or rewritten.</p>${
        checkpoint.note === undefined ? facts([['Root', code(checkpoint.root)]]) : html`<pre>${checkpoint.note}</pre>`
      }`
}</section>`;
}

export function replaySection({ replay }: AuditReport): Html {
  const { replayed, of, same, faults, seed, not_replayable: not, other_rules: other, faulty } = replay;
  const byOthers = other.same + other.denied + other.allowed + other.reasons + other.path;
  const verdict =
    faults === 0
      ? html`<span class="good-text">The same</span>: ${numberText(same)} of ${numberText(replayed)} decisions come out as they were recorded, answer, reasons and path${not.stale + not.redacted + byOthers === 0 ? '' : '; the others cannot be replayed, or were decided by other rules'}.`
      : html`<span class="bad-text">Come out otherwise: ${numberText(faults)} of ${numberText(replayed)} decisions.</span>`;
  return html`<section id="replay"><h2>Decided again</h2>
<p>A sample of the period's records was put to the decision again, each at its own revision, bundle and time.</p><p>${verdict}</p>
${facts([
  ['Replayed', replayed],
  ['Of', of],
  ['Not decided (stale)', not.stale],
  ['Redacted', not.redacted],
  ['Decided by other rules', byOthers],
  ['… allowed then, denied by these', other.denied],
  ['… denied then, allowed by these', other.allowed],
  ['Drawn by', short(seed)],
])}
${
  faulty.length === 0
    ? undefined
    : table(
        'Decisions that come out otherwise',
        [{ title: 'Record' }, { title: 'When' }, { title: 'Where it parts' }],
        faulty.map(({ record, at, why }) => [code(record), timeText(at), name(why)]),
      )
}</section>`;
}
