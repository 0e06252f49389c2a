export * from './special/index.js';
export * from './two-sample/index.js';
export * from './drift/index.js';
export * from './distances/index.js';
export * from './summary/index.js';
export * from './performance/index.js';
export * from './detectors/index.js';
export * from './experiments/index.js';
