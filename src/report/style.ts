/** The one style sheet: readable on a screen and on paper, without anything from elsewhere. */
export const STYLE = `
:root { color-scheme: light; --ink: #1c2430; --quiet: #5b6675; --line: #d5dbe3; --ground: #f6f8fa; --good: #14694a; --bad: #b3261e; --warn: #8a5300; --allowed: #2f7d5d; --denied: #c8642b; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.5rem 4rem; color: var(--ink); background: #fff; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .75rem; padding-bottom: .3rem; border-bottom: 2px solid var(--ink); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p { margin: .5rem 0; max-width: 60rem; }
.lead, .none, .note { color: var(--quiet); }
a { color: #1d4f91; }
nav ol { margin: .5rem 0 0; padding-left: 1.4rem; columns: 2; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: .75rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.cards li { border: 1px solid var(--line); border-left: .3rem solid var(--quiet); border-radius: .3rem; padding: .6rem .85rem; background: var(--ground); }
.cards li.good { border-left-color: var(--good); }
.cards li.bad { border-left-color: var(--bad); }
.cards li.warn { border-left-color: var(--warn); }
.cards b { display: block; font-size: 1.25rem; line-height: 1.3; }
.cards .good b { color: var(--good); } .cards .bad b { color: var(--bad); } .cards .warn b { color: var(--warn); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .1rem 1.5rem; margin: .75rem 0; }
.facts div { display: flex; justify-content: space-between; gap: 1rem; border-bottom: 1px solid var(--line); padding: .2rem 0; }
.facts dt { color: var(--quiet); } .facts dd { margin: 0; font-variant-numeric: tabular-nums; text-align: right; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; min-width: min(100%, 38rem); font-size: .875rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); }
td, tbody th { min-width: 4.5rem; }
thead th { border-bottom: 1px solid var(--ink); color: var(--quiet); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.name { overflow-wrap: anywhere; }
td time { white-space: normal; }
th time, p time { white-space: nowrap; }
code, pre { font: .8125rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: .3rem; padding: .75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
figure { margin: 1.25rem 0; }
figcaption { font-weight: 600; font-size: .875rem; margin-bottom: .4rem; }
figcaption .key { margin-left: 1rem; }
.key { display: inline-block; width: .8rem; height: .8rem; vertical-align: -.05rem; }
.key.allowed { background: var(--allowed); } .key.denied { background: var(--denied); }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--quiet); }
svg .grid { stroke: var(--line); stroke-width: 1; }
rect.allowed { fill: var(--allowed); } rect.denied { fill: var(--denied); }
.bar { width: 10rem; height: .75rem; }
.good-text { color: var(--good); font-weight: 600; } .bad-text { color: var(--bad); font-weight: 600; }
ul.plain { margin: 0; padding: 0; list-style: none; }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  table { font-size: 8pt; } code, pre { font-size: 7.5pt; }
  .wide { overflow: visible; }
  h2, h3, caption { break-after: avoid; }
  tr, figure, .cards li { break-inside: avoid; }
  thead { display: table-header-group; }
  a { color: inherit; text-decoration: none; }
  rect, .key, .cards li { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
