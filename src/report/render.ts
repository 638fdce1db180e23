import type { AuditReport } from '../engine/report/report-data.ts';
import { FRAMEWORKS, type PartId } from './controls.ts';
import { Html, html } from './html.ts';
import {
  callerSection,
  decisionSection,
  delegationSection,
  integritySection,
  policySection,
  replaySection,
  revocationSection,
} from './sections.ts';
import { STYLE } from './style.ts';
import { name, numberText, table, timeText } from './tables.ts';

const TITLES: { readonly [part in PartId]: string } = {
  decisions: 'Decisions',
  delegations: 'Delegations in force',
  revocations: 'Revocations and how fast they took effect',
  policies: 'Policies in force',
  callers: 'Callers and their roles',
  integrity: 'Integrity of the records',
  replay: 'Decided again',
};
const PARTS = Object.keys(TITLES) as readonly PartId[];

/**
 * The report as one HTML document that needs nothing else: no script, no font, no image from anywhere. The same data
 * give the same bytes.
 */
export function renderReport(report: AuditReport): string {
  const { period, node } = report;
  const title = `Authorization evidence, ${period.from.slice(0, 10)} to ${period.to.slice(0, 10)}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${title}</title><style>${new Html(STYLE)}</style></head>
<body><header><h1>Authorization evidence</h1>
<p class="lead">What agents asked, were allowed and were denied, on whose behalf and by which policy, from ${timeText(period.from)} to ${timeText(period.to)}${node === '' ? undefined : html`, on node ${name(node)}`}. Made by Behalf from its decision log and change log; the same records give the same report.</p></header>
<main>${glance(report)}
<nav aria-label="Parts"><ol>${PARTS.map((part) => html`<li><a href="#${part}">${TITLES[part]}</a></li>`)}<li><a href="#controls">What this is evidence for</a></li></ol></nav>
${decisionSection(report)}
${delegationSection(report)}
${revocationSection(report)}
${policySection(report)}
${callerSection(report)}
${integritySection(report)}
${replaySection(report)}
${controlSection()}</main></body></html>
`;
  return page.text;
}

function glance({ decisions, delegations, revocations, chain, replay, suspended }: AuditReport): Html {
  const cards: readonly (readonly [kind: string, value: string, label: string])[] = [
    chain.verified === 'unchanged'
      ? ['good', 'Unchanged', 'the log, verified record by record']
      : chain.verified === 'changed'
        ? ['bad', 'Changed', 'the log is not as it was written']
        : ['warn', 'Not verified', 'the log: verify a copy of it'],
    replay.faults === 0
      ? [
          replay.replayed === 0 ? '' : 'good',
          `${numberText(replay.same)} of ${numberText(replay.replayed)}`,
          'decided again, the same',
        ]
      : ['bad', numberText(replay.faults), 'come out otherwise when decided again'],
    [
      revocations.violation_count === 0 ? 'good' : 'bad',
      numberText(revocations.violation_count),
      'allows through what had ended',
    ],
    ['', numberText(decisions.total), 'decisions'],
    ['', numberText(decisions.denied), 'denied'],
    [decisions.observed === 0 ? '' : 'warn', numberText(decisions.observed), 'denied, but not enforced (observe mode)'],
    ['', numberText(delegations.live), 'delegations in force at the end'],
    [
      delegations.unused.count === 0 ? '' : 'warn',
      numberText(delegations.unused.count),
      `not used for ${delegations.unused.days} days`,
    ],
    ['', numberText(revocations.count), 'revocations and suspensions'],
    ['', numberText(suspended.length), 'principals suspended at the end'],
  ];
  return html`<section aria-label="At a glance"><ul class="cards">${cards.map(
    ([kind, value, label]) => html`<li class="${kind}"><b>${value}</b>${label}</li>`,
  )}</ul></section>`;
}

function controlSection(): Html {
  return html`<section id="controls"><h2>What this is evidence for</h2>
<p>The parts of this report can serve as evidence for the controls below. Evidence is not conformity: whether a control is met, for this and for all other systems it is about, is for the auditor to judge. The descriptions are short; the wording of the standard or the law counts.</p>
${FRAMEWORKS.map(({ name: framework, source, controls }) =>
  table(
    `${framework} (${source})`,
    [{ title: 'Control' }, { title: 'About' }, { title: 'Evidence in this report' }],
    controls.map(({ id, about, parts }) => [
      id,
      about,
      html`<ul class="plain">${parts.map((part) => html`<li><a href="#${part}">${TITLES[part]}</a></li>`)}</ul>`,
    ]),
  ),
)}</section>`;
}
