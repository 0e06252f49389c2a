import { api } from '#libs/contracts/index.js';

const MiB = 1024 * 1024;

/** Largest bodies, in bytes. What is announced larger is refused before it is read. */
export const limits = {
  /** An artifact, and therefore a model. */
  artifact: 2048 * MiB,
  /** A command in JSON: a registration may name 100,000 features. */
  json: 8 * MiB,
  /** An artifact with a curve: 100,000 points in three arrays, each number written in full. */
  curve: 8 * MiB,
  /** A data set that is read here: the rows to measure an optimised graph on, a baseline to profile. */
  dataset: { bytes: 16 * MiB, cells: 1_000_000 },
  prediction: api.batchLimits.singleBytes,
  batch: api.batchLimits.bytes,
  feedback: api.feedbackLimits.bytes,
} as const;

/** Around the file of a multipart registration: its meta part, part headers and boundaries. */
export const multipartLimit = limits.artifact + limits.json + 64 * 1024;
