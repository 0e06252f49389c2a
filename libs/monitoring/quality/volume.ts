import type { ClosedBy, MonitoringSettings } from '#libs/contracts/index.js';
import { rowsOf, type WindowSpan } from '../windows/open-window.js';
import type { Checked } from './issue.js';

/** Windows whose rates are remembered, and how many there must be to compare with. */
const [mostRates, fewestRates] = [20, 5];

/** Shorter windows are taken for this long: many rows may come in one message. */
const shortest = 1;

/**
 * Rows a second of a window: over `window_seconds` where it ended by time, otherwise from its first row to its last. Null for
 * a window that ended because its version left.
 */
export function rateOf(span: WindowSpan, closedBy: ClosedBy, windowSeconds: number | null): number | null {
  if (closedBy === 'version_left') return null;
  const seconds = closedBy === 'time' && windowSeconds !== null ? windowSeconds : (span.to - span.from) / 1000;
  return rowsOf(span) / Math.max(seconds, shortest);
}

/**
 * Whether a rate is `volume_factor` times above or below the median of those of the twenty windows before, of which there
 * must be five: a median stands as long as half of them are as usual, and a new level is usual after ten windows.
 */
export function checkVolume(
  rate: number | null,
  before: readonly number[],
  { volume_factor: factor }: MonitoringSettings['quality'],
): Checked[] {
  if (factor === null) return [];
  const expected = before.length < fewestRates ? null : medianOf(before);
  const value = rate ?? 0;
  const threshold = expected === null ? 0 : value < expected ? expected / factor : expected * factor;
  return [
    {
      ...{ check: 'volume', column: null, value, expected, threshold },
      detail: () => `${shown(value)} rows a second, ${shown(expected ?? 0)} in the windows before`,
      wrong: rate === null || expected === null ? null : rate > expected * factor || rate < expected / factor,
    },
  ];
}

export const withRate = (rates: readonly number[], rate: number | null): readonly number[] =>
  rate === null ? rates : [...rates, rate].slice(-mostRates);

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const shown = (rate: number): string => String(Number(rate.toPrecision(3)));
