import { spans, startOf } from './operations.js';

/** From its beginning to before its end, milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Spans of one length that lie in a row. */
export interface SpanRange extends Span {
  readonly spanS: number;
}

const finest = spans[0];

/** Widened to whole spans of the finest length. */
export const widened = ({ from, to }: Span): Span => ({
  from: startOf(from, finest),
  to: startOf(to + 1000 * finest - 1, finest),
});

/** Windows begin at multiples of their length; the first and the last are cut where the whole begins and ends. */
export function* windowsOf({ from, to }: Span, windowS: number): Generator<Span> {
  for (let at = from; at < to;) {
    const end = Math.min(to, startOf(at, windowS) + 1000 * windowS);
    yield { from: at, to: end };
    at = end;
  }
}

export const windowCount = ({ from, to }: Span, windowS: number): number =>
  from >= to ? 0 : windowIndex(to - 1, from, windowS) + 1;

/** In which window an instant lies: 0 is that of `from`. */
export const windowIndex = (at: number, from: number, windowS: number): number =>
  (startOf(at, windowS) - startOf(from, windowS)) / (1000 * windowS);

/**
 * The fewest spans that cover a range and lie each in one window: long ones within, shorter ones where the range begins
 * and ends. The range is one of whole finest spans.
 */
export function cover({ from, to }: Span, windowS: number): SpanRange[] {
  const usable = spans.filter((span) => windowS % span === 0);
  return coverWith({ from, to }, usable.length > 0 ? usable : [finest]);
}

function coverWith({ from, to }: Span, lengths: readonly number[]): SpanRange[] {
  const spanS = lengths.at(-1);
  if (from >= to || spanS === undefined) return [];
  const inner = { from: startOf(from + 1000 * spanS - 1, spanS), to: startOf(to, spanS) };
  const shorter = lengths.slice(0, -1);
  if (inner.from >= inner.to) return coverWith({ from, to }, shorter);
  return [
    ...coverWith({ from, to: inner.from }, shorter),
    { spanS, ...inner },
    ...coverWith({ from: inner.to, to }, shorter),
  ];
}
