/** @jest-environment ./tests/support/onnx-environment.mjs */
import { it } from '@jest/globals';
import fc from 'fast-check';
import { pipelines, tables } from './arbitraries.js';
import { expectSameBits } from './graph-run.js';

it('3,000 feature pipelines give the same bits as their graphs', async () => {
  await fc.assert(fc.asyncProperty(pipelines, tables, tables, fc.constantFrom(0, 2, 4), expectSameBits), {
    numRuns: 3000,
  });
});
