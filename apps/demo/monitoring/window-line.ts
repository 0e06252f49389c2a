import type { MeasuredMetric } from '#libs/contracts/index.js';
import { columnWidths, lineOf } from '../text/table.js';
import { percent, day } from '../text/words.js';
import type { WatchedWindow } from './windows.js';

const head = ['flights of', 'late', 'measured', 'estimated', 'drift, and what else is not good'] as const;
const widths = columnWidths([head, ['00-00 to 00-00', '00.0 %', '00.0 % (00.0–00.0)', '00.0 % (00.0–00.0)']]);

export const windowHead = lineOf(head, widths);

/** One window as one line, under `windowHead`. */
export const windowLine = (window: WatchedWindow): string =>
  lineOf(
    [
      `${day(window.from)} to ${day(window.to)}`,
      percent(window.lateShare),
      metric(window.accuracy),
      window.withdrawn ? withdrawn(window.estimated) : metric(window.estimated),
      [driftOf(window), ...window.issues].filter((part) => part !== '').join('; ') || 'none',
    ],
    widths,
  );

function metric(measured: MeasuredMetric | null): string {
  if (measured === null) return '';
  const { value, low, high } = measured;
  return low === null || high === null
    ? percent(value)
    : `${percent(value)} (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`;
}

const withdrawn = (estimated: MeasuredMetric | null): string =>
  estimated === null ? 'withdrawn' : `${percent(estimated.value)} withdrawn`;

const driftOf = ({ drifted, predictionsDrifted, labelsDrifted }: WatchedWindow): string =>
  [...drifted, ...(predictionsDrifted ? ['predictions'] : []), ...(labelsDrifted ? ['labels'] : [])].join(', ');
