import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '#libs/learning/index.js';
import { drawRows, features, type DrawnRows } from './bench-classifier.js';

/** The same rows for every program that is compared: little-endian float32, a row the features, the probability, the label. */
const frameColumns = features.length + 2;

/** What is compared: windows with a reference, in rows. */
export interface FrameSizes {
  readonly referenceRows: number;
  readonly windowRows: number;
  readonly windows: number;
}

/** Of every second window so many features lie half a standard deviation higher. */
export const shiftedFeatures = 10;
const shift = 0.5;

/** Writes `reference-<rows>.f32` and `current-<rows of a window>.f32`, the same bytes at every run. */
export function writeFrames(folder: string, { referenceRows, windowRows, windows }: FrameSizes): void {
  const random = new Random(1);
  write(folder, `reference-${referenceRows}`, drawRows(random, referenceRows));
  const current = drawRows(random, windows * windowRows);
  for (let row = 0; row < current.rows; row++)
    if (Math.floor(row / windowRows) % 2 === 1)
      for (let at = 0; at < shiftedFeatures; at++) current.values[row * features.length + at]! += shift;
  write(folder, `current-${windowRows}`, current);
}

function write(folder: string, name: string, { rows, values, probability, isYes }: DrawnRows): void {
  const frame = new Float32Array(rows * frameColumns);
  for (let row = 0; row < rows; row++) {
    frame.set(values.subarray(row * features.length, (row + 1) * features.length), row * frameColumns);
    frame.set([probability[row]!, isYes[row]!], row * frameColumns + features.length);
  }
  writeFileSync(join(folder, `${name}.f32`), frame);
}

/** @param name without its ending */
export function readFrame(folder: string, name: string): DrawnRows {
  const bytes = readFileSync(join(folder, `${name}.f32`));
  const rows = bytes.length / (4 * frameColumns);
  // A copy: a file's bytes need not begin at a multiple of four.
  const frame = new Float32Array(new Uint8Array(bytes).buffer);
  return {
    rows,
    values: Float32Array.from({ length: rows * features.length }, (_, at) => {
      const row = Math.floor(at / features.length);
      return frame[row * frameColumns + (at % features.length)]!;
    }),
    probability: Float32Array.from({ length: rows }, (_, row) => frame[row * frameColumns + features.length]!),
    isYes: Uint8Array.from({ length: rows }, (_, row) => frame[row * frameColumns + features.length + 1]!),
  };
}
