import { Html, html } from './html.ts';
import { numberText } from './tables.ts';

export interface Bar {
  readonly label: string;
  readonly allowed: number;
  readonly denied: number;
}

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 64;
const BOTTOM = 34;
const TOP = 10;
/** Labels below the bars, at most: more would touch each other. */
const MOST_LABELS = 12;

/** Stacked columns in the order given: what was allowed below, what was denied above it. */
export function columnChart(title: string, description: string, bars: readonly Bar[]): Html {
  const highest = Math.max(1, ...bars.map(({ allowed, denied }) => allowed + denied));
  const ceiling = niceCeiling(highest);
  const plotWidth = WIDTH - LEFT;
  const plotHeight = HEIGHT - TOP - BOTTOM;
  const step = plotWidth / Math.max(1, bars.length);
  const width = Math.max(0.5, Math.min(48, step * 0.8));
  const heightOf = (value: number): number => (plotHeight * value) / ceiling;
  const floor = TOP + plotHeight;
  const columns = bars.map(({ label, allowed, denied }, index) => {
    const x = LEFT + index * step + (step - width) / 2;
    const below = heightOf(allowed);
    const above = heightOf(denied);
    return html`<g><title>${label}: ${numberText(allowed)} allowed, ${numberText(denied)} denied</title>${rect('allowed', x, floor - below, width, below)}${rect('denied', x, floor - below - above, width, above)}</g>`;
  });
  const every = Math.ceil(bars.length / MOST_LABELS);
  const labels = bars.map(({ label }, index) =>
    index % every === 0
      ? html`<text x="${round(LEFT + index * step + step / 2)}" y="${floor + 20}" text-anchor="middle">${label}</text>`
      : undefined,
  );
  const ticks = [0, ceiling / 2, ceiling]
    .filter((tick) => Number.isInteger(tick))
    .map((tick) => {
      const y = round(floor - heightOf(tick));
      return html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${numberText(tick)}</text>`;
    });
  return html`<figure><figcaption>${title} <span class="key allowed"></span> allowed <span class="key denied"></span> denied</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}"><desc>${description}</desc>${ticks}${columns}${labels}</svg></figure>`;
}

/** A bar of a row, as a share of the longest one. */
export function rowBar(allowed: number, denied: number, longest: number): Html {
  const unit = 160 / Math.max(1, longest);
  const first = allowed * unit;
  return html`<svg class="bar" viewBox="0 0 160 12" aria-hidden="true">${rect('allowed', 0, 1, first, 10)}${rect('denied', first, 1, denied * unit, 10)}</svg>`;
}

function rect(kind: 'allowed' | 'denied', x: number, y: number, width: number, height: number): Html {
  if (width <= 0 || height <= 0) return new Html('');
  return html`<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"/>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The least of 1, 2 and 5 times a power of ten that is not below. */
function niceCeiling(value: number): number {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power >= value) return factor * power;
  }
}
