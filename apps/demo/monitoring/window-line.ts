import type { MeasuredMetric } from '#libs/contracts/index.js';
import { columnWidths, lineOf } from '../text/table.js';
import { percent, day } from '../text/words.js';
import type { WatchedWindow } from './windows.js';

const head = ['flights of', 'asked', 'late', 'accuracy measured', 'estimated', 'quality', 'drift'] as const;
const widths = columnWidths([
  head,
  ['00-00 to 00-00', '100,000', '00.0 %', '00.0 % (00.0–00.0)', '00.0 % (00.0–00.0)', 'missing recent_delay'],
]);

export const windowHead = lineOf(head, widths);

/** One window as one line, under `windowHead`. */
export const windowLine = (window: WatchedWindow): string =>
  lineOf(
    [
      `${day(window.from)} to ${day(window.to)}`,
      window.served.toLocaleString('en'),
      percent(window.lateShare),
      metric(window.accuracy),
      window.withdrawn ? 'withdrawn' : metric(window.estimated),
      window.issues.join(', ') || 'good',
      driftOf(window) || 'none',
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

const driftOf = ({ drifted, predictionsDrifted, labelsDrifted }: WatchedWindow): string =>
  [...drifted, ...(predictionsDrifted ? ['predictions'] : []), ...(labelsDrifted ? ['labels'] : [])].join(', ');
