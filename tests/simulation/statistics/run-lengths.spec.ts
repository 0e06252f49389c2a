import { describe, expect, it } from '@jest/globals';
import { runLengths } from './run-lengths.js';

describe('streaming detectors on streams that never change', () => {
  it('tell drift no more often than the rate that they state', () => {
    for (const { detector, stream, drifts, allowed } of runLengths(10_000, 6)) {
      if (allowed !== null) expect([detector, stream, drifts <= allowed]).toEqual([detector, stream, true]);
    }
  });
});
