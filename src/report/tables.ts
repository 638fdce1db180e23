import { Html, html } from './html.ts';

export type Cell = Html | string | number | undefined;

export interface Column {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly isNumber?: boolean;
}

/** A table with a caption and headers that screen readers tell; `none` is said where it has no rows. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  none = 'None.',
): Html {
  if (rows.length === 0) return html`<p class="none"><b>${caption}:</b> ${none}</p>`;
  const head = columns.map(({ title, isNumber }) => html`<th scope="col"${numeric(isNumber)}>${title}</th>`);
  const body = rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, index) =>
        index === 0
          ? html`<th scope="row"${numeric(columns[index]?.isNumber)}>${shown(cell)}</th>`
          : html`<td${numeric(columns[index]?.isNumber)}>${shown(cell)}</td>`,
      )}</tr>`,
  );
  return html`<div class="wide"><table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** Labels and values. */
export function facts(pairs: readonly (readonly [label: string, value: Cell])[]): Html {
  const rows = pairs.flatMap(([label, value]) =>
    value === undefined ? [] : [html`<div><dt>${label}</dt><dd>${shown(value)}</dd></div>`],
  );
  return html`<dl class="facts">${rows}</dl>`;
}

function shown(cell: Cell): Cell {
  return typeof cell === 'number' ? numberText(cell) : cell;
}

function numeric(isNumber: boolean | undefined): Html {
  return new Html(isNumber === true ? ' class="number"' : '');
}

/** With thin groups, the same in every place. */
export function numberText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** A time as people read it: the day, and the second in UTC. */
export function timeText(rfc3339: string): Html {
  const text = rfc3339.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
  return html`<time datetime="${rfc3339}">${text}</time>`;
}

/** A name that somebody gave to something: broken where it is too long, never read as markup. */
export function name(text: string): Html {
  return html`<span class="name">${text}</span>`;
}

export function code(text: string): Html {
  return html`<code>${text}</code>`;
}

/** The first digits of a hash. */
export function short(hash: string): Html {
  return html`<code title="${hash}">${hash.replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]*$/, '$2…')}</code>`;
}
