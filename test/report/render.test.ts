import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditReport, DelegationShown } from '../../src/engine/report/report-data.ts';
import { FRAMEWORKS } from '../../src/report/controls.ts';
import { html } from '../../src/report/html.ts';
import { renderReport } from '../../src/report/render.ts';
import { htmlFaults } from '../support/check-html.ts';
import { SEED } from '../support/laws.ts';

/** A report in which every text from outside is the same one. */
function reportOf(text: string, times = 3): AuditReport {
  const at = '2030-01-01T00:00:00.000Z';
  const place = { record: text, at, revision: 3 };
  const counts = { top: [{ name: text, allowed: 2, denied: 1_234_567 }], names: 30 };
  const delegation: DelegationShown = {
    id: text,
    name: text,
    from: text,
    to: text,
    origin: text,
    capabilities: [text, text],
    activation: 'standing',
    depth: 2,
    created_at: at,
    created_by: text,
    basis: 'person',
    expires_at: at,
    last_used: at,
    allowed: 1,
  };
  const sha256 = 'ab'.repeat(32);
  return {
    format: 1,
    node: text,
    period: { from: at, to: '2030-01-02T00:00:00.000Z' },
    state: { revision: 3, sha256, records: { first: 1, last: 9, sha256 } },
    decisions: {
      total: 3,
      allowed: 2,
      denied: 1,
      observed: 1,
      searches: 0,
      superseded: 0,
      reasons: [{ reason: text, count: 1 }],
      over_time: {
        unit: 'hour',
        points: Array.from({ length: times }, (_, n) => ({ start: at, allowed: n, denied: 1 })),
      },
      actors: counts,
      origins: counts,
      resource_types: counts,
      actions: counts,
      callers: counts,
      observers: [{ caller: text, count: 1 }],
      hops: [{ hops: 1, allowed: 1, denied: 0 }],
    },
    delegations: {
      live: 1,
      standing: 1,
      session: 0,
      templates: 0,
      without_end: 0,
      sessions_open: 0,
      depths: [{ depth: 2, delegations: 1 }],
      made: 1,
      ended: 0,
      longest: [delegation],
      unused: { days: 30, since: at, count: 1, shown: [delegation] },
      expiring: { days: 30, count: 1, shown: [delegation] },
      all: [delegation],
    },
    revocations: {
      count: 1,
      shown: [
        {
          kind: 'withdrawn',
          subject: text,
          name: text,
          from: text,
          to: text,
          origin: text,
          at,
          by: text,
          credential: text,
          reason: text,
          revision: 4,
          last_allow: place,
          first_denial: place,
          allows_after: 1,
        },
      ],
      held_against: 1,
      violations: [{ record: text, at, subject: text, why: text }],
      violation_count: 1,
    },
    suspended: [{ entity: text, since: at, by: text }],
    bundles: [
      { digest: text, revision: 1, from: at, until: at, by: text, credential: text, act: text, files: 1, decisions: 3 },
    ],
    callers: [
      {
        id: text,
        roles: [text],
        mode: text,
        principal: text,
        actors: [text],
        origins: [text],
        vouches: [text],
        asserts: [text],
        direct: true,
        decisions: 1,
      },
    ],
    chain: {
      verified: 'changed',
      records: 9,
      faults: [text],
      notes: [text],
      checkpoint: { size: 9, time: at, root: text, note: text },
    },
    replay: {
      replayed: 3,
      of: 3,
      seed: text,
      same: 2,
      faults: 1,
      not_replayable: { stale: 0, redacted: 0 },
      other_rules: { same: 0, denied: 0, allowed: 0, reasons: 0, path: 0 },
      faulty: [{ record: text, at, why: text }],
    },
  };
}

describe('the page', () => {
  test.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '&lt;b&gt; &amp;',
    '</style></title></pre>',
    'left \u202egnp.exe right',
    'a\u0000b\u001b[31mc',
    'half \ud800 a pair',
    '',
  ])('shows %j as text', (text) => {
    const page = renderReport(reportOf(text));
    expect(htmlFaults(page)).toEqual([]);
    expect(page.isWellFormed()).toBe(true);
  });

  test('whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(htmlFaults(renderReport(reportOf(text)))).toEqual([]);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  test.each([0, 1, 2, 96, 500])('plots %i columns', (times) => {
    const page = renderReport(reportOf('x', times));
    expect(htmlFaults(page)).toEqual([]);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page.match(/text-anchor="middle"/g)?.length ?? 0).toBeLessThanOrEqual(12);
  });

  test('says in words what is wrong', () => {
    const page = renderReport(reportOf('x'));
    expect(page).toContain('Not as it was written');
    expect(page).toContain('Come out otherwise: 1 of 3 decisions.');
    expect(page).toContain('Decisions of the period that allow through something that had ended: 1.');
    expect(page).toContain('1\u202f234\u202f567');
  });

  test('names each control once, as evidence for it and no more', () => {
    const page = renderReport(reportOf('x'));
    for (const { controls } of FRAMEWORKS) {
      expect(new Set(controls.map(({ id }) => id)).size).toBe(controls.length);
      for (const { id } of controls) expect(page).toContain(`<th scope="row">${id}</th>`);
    }
    expect(page).toContain('can serve as evidence for');
    expect(page).not.toMatch(/complian|certif|guarantee/i);
  });
});

test('what is put into a piece is escaped, pieces and lists are not twice', () => {
  const inner = html`<b>${'<&>'}</b>`;
  expect(html`${inner}${[inner, 'x"', 3]}${undefined}`.text).toBe('<b>&lt;&amp;&gt;</b><b>&lt;&amp;&gt;</b>x&quot;3');
});
