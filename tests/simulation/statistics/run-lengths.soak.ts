import { describe, expect, it } from '@jest/globals';
import { runLengths } from './run-lengths.js';

const samples = Number(process.env.MODELOG_SOAK_SAMPLES ?? 500_000);

describe('streaming detectors on streams that never change', () => {
  it(`of ${samples} samples: tell drift no more often than the rate that they state`, () => {
    const found = [...runLengths(samples, 6)];
    const lines = found.map(({ detector, stream, drifts, allowed }) => {
      const mean = drifts === 0 ? `more than ${samples}` : String(Math.round(samples / drifts));
      return `${detector.padEnd(13)} ${stream.padEnd(20)} ${mean} samples from one false alarm to the next${
        allowed === null ? '' : `, at least ${Math.round(samples / allowed)} by its own rate`
      }`;
    });
    console.log(lines.join('\n'));
    for (const { detector, stream, drifts, allowed } of found) {
      if (allowed !== null) expect([detector, stream, drifts <= allowed]).toEqual([detector, stream, true]);
    }
  });
});
