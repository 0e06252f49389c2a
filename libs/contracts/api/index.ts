export * from './artifacts.js';
export * from './common.js';
export * from './deploy.js';
export * from './events.js';
export * from './models.js';
export * from './predict.js';
