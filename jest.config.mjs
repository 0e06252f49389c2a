/** Jest runs the TypeScript sources as ES modules (swc strips the types); servers come from tests/support/global-setup.mjs. */
/** @type {import('jest').Config} */
export default {
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs,projections,config,tests}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', {}] },
  moduleNameMapper: {
    '^#libs/(.*)\\.js$': '<rootDir>/libs/$1.ts',
    '^#projections/(.*)\\.js$': '<rootDir>/projections/$1.ts',
    '^#config/(.*)\\.js$': '<rootDir>/config/$1.ts',
    '^#apps/(.*)\\.js$': '<rootDir>/apps/$1.ts',
    '^#tests/(.*)\\.js$': '<rootDir>/tests/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  globalSetup: '<rootDir>/tests/support/global-setup.mjs',
  globalTeardown: '<rootDir>/tests/support/global-teardown.mjs',
  testEnvironment: '<rootDir>/tests/support/environment.mjs',
  testSequencer: '<rootDir>/tests/support/longest-first.cjs',
  testTimeout: 30_000,
  maxWorkers: 2,
  // A worker keeps every module of every file it ran, 12 MB each: late files would pay for it at each collection.
  workerIdleMemoryLimit: '400MB',
};
