import { describe, expect, it } from '@jest/globals';
import type { DataFinding } from '#libs/contracts/index.js';
import { thatFit } from './held-claim.js';

const finding = (message: string): DataFinding => ({
  ...{ check: 'range', severity: 'error', column: 'x', message, rows: 1, examples: [0] },
});

describe('the findings that end a job', () => {
  it('are told as far as an event holds them', () => {
    const few = [finding('a'), finding('b')];
    expect(thatFit(few)).toEqual(few);
    const told = thatFit(Array.from({ length: 10 }, () => finding('é'.repeat(50_000))));
    expect(told).toHaveLength(4);
  });
});
