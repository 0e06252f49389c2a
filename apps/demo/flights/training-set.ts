import { featureNames, featuresOf, punctualityOf } from './features.js';
import type { Flights } from './flights.js';

export const target = 'punctuality';

/** CSV with a header, one piece of text for some thousand rows. */
export function* trainingSet(flights: Flights, recent: Float64Array, rows: Int32Array): Generator<string> {
  yield `${[...featureNames, target].join(',')}\n`;
  for (let at = 0; at < rows.length; at += pieceRows) {
    let piece = '';
    for (const row of rows.subarray(at, at + pieceRows)) {
      const features = featuresOf(flights, recent, row);
      piece += `${[...featureNames.map((name) => features[name] ?? ''), punctualityOf(flights, row)].join(',')}\n`;
    }
    yield piece;
  }
}

const pieceRows = 4096;
