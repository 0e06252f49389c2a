import type { BenchCase } from '../bench.js';
import { append } from './append.js';
import { backtest } from './backtest.js';
import { driftLibraries } from './drift-libraries.js';
import { http } from './http.js';
import { largeBatches } from './large-batches.js';
import { memory } from './memory.js';
import { modelServers } from './model-servers.js';
import { monitoring } from './monitoring.js';
import { onnx } from './onnx.js';
import { predict, predictBatch } from './predict.js';
import { processes } from './processes.js';
import { profile } from './profile.js';
import { projection } from './projection.js';
import { quality } from './quality.js';
import { registryReads } from './registry.js';
import { start } from './start.js';
import { training } from './training.js';

/** Every case, in the order in which they run. A new one is a file beside this one and its line here. */
export const cases: readonly BenchCase[] = [
  http,
  onnx,
  predict,
  predictBatch,
  largeBatches,
  processes,
  modelServers,
  append,
  projection,
  registryReads,
  start,
  memory,
  quality,
  training,
  profile,
  monitoring,
  driftLibraries,
  backtest,
];
