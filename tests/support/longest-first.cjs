const Sequencer = require('@jest/test-sequencer').default;

/**
 * What takes longest begins first, so that no long file is left for one worker at the end. A list: in a fresh checkout
 * Jest has no earlier run to learn from. The files that took ten seconds and more, the longest first; then folders.
 */
const first = [
  'tests/e2e/',
  'tests/chaos/',
  'apps/training/external/example-trainers.spec.ts',
  'tests/integration/registry/registry.spec.ts',
  'tests/integration/api/',
  'tests/integration/serving/crashes.spec.ts',
  'tests/integration/identity.spec.ts',
  'tests/integration/serving/switching.spec.ts',
  'apps/platform/platform.spec.ts',
  'tests/compat/',
  'tests/integration/monitoring/',
  'tests/integration/training/',
  'tests/integration/serving/fleet.spec.ts',
  'tests/contract/jetstream-r3.spec.ts',
  'tests/integration/training-api/',
  'tests/contract/jetstream-r1.spec.ts',
  'libs/artifacts/',
  'apps/api/trial/optimise.spec.ts',
  'libs/learning/trees/',
  'tests/simulation/',
  'apps/training/external/run-command-trainer.spec.ts',
  'tests/integration/serving/rollback.spec.ts',
  'libs/nest/process/',
  'projections/',
  'tests/contract/',
  'tests/integration/',
  'tests/support/',
  'apps/platform/',
  'libs/nest/',
];

module.exports = class LongestFirst extends Sequencer {
  /** @override @param {Iterable<import('@jest/test-result').Test>} tests */
  sort(tests) {
    return Array.from(tests).sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
  }
};

/** @param {string} path */
function rank(path) {
  const found = first.findIndex((start) => path.replaceAll('\\', '/').includes(`/${start}`));
  return found === -1 ? first.length : found;
}
