import type { Step } from '../story.js';
import { backtest } from './backtest.js';
import { deploy } from './deploy.js';
import { findings } from './findings.js';
import { prepareData } from './prepare-data.js';
import { promote } from './promote.js';
import { start } from './start.js';
import { stream } from './stream.js';
import { summary } from './summary.js';
import { train } from './train.js';
import { verify } from './verify.js';
import { why } from './why.js';

/** The story, in order. */
export const steps: readonly Step[] = [
  ...[start, prepareData, train, promote, deploy],
  ...[stream, findings, why, backtest, verify, summary],
];
