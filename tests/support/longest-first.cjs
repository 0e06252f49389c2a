const Sequencer = require('@jest/test-sequencer').default;

/** What takes longest begins first, so that no long file is left for one worker at the end. Without a cache to learn from. */
const first = ['tests/chaos/', 'tests/contract/', 'tests/integration/', 'tests/e2e/', 'apps/platform/', 'libs/nest/'];

module.exports = class LongestFirst extends Sequencer {
  /** @override @param {Iterable<import('@jest/test-result').Test>} tests */
  sort(tests) {
    return Array.from(tests).sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
  }
};

/** @param {string} path */
function rank(path) {
  const found = first.findIndex((folder) => path.replaceAll('\\', '/').includes(`/${folder}`));
  return found === -1 ? first.length : found;
}
