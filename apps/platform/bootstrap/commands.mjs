import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { checkout, inCheckout } from './checkout.mjs';
import { prepare } from './prepare.mjs';
import { runTests } from './test-runner.mjs';

const usage = `Modelog: a flight recorder and autopilot for machine-learning models

usage: npm start                       the platform, until Ctrl-C
       npm run demo [-- --fast]        the platform, and the main job on real data (-- --help says more)
       npm test [-- <jest arguments>]  the tests
       npm run soak [-- <arguments>]   the long tests (tests/**/*.soak.ts)
       npm run bench [-- <arguments>]  the benchmarks (-- --help lists them)
       npm run build                   installs and builds what is stale, nothing else
       npx modelog <command>           the command line (--help lists its commands)

Each installs dependencies and builds where that is needed. Settings are environment variables:
  MODELOG_HOST, MODELOG_PORT    where to listen (127.0.0.1, 5000)
  MODELOG_AUTH_SECRET           signs tokens: 32 characters or more; without it, loopback only
  MODELOG_DATA_DIR              everything Modelog writes (.modelog)
  MODELOG_DATASETS_DIR          where data sets are read from (datasets in the data folder)
  MODELOG_SERVING_PROCESSES     model servers (one less than the cores, at least 1)
  MODELOG_UNRESPONSIVE_S        seconds until a serving process that stands still is replaced (15; 0: never)
  MODELOG_TRAINING_WORKERS      processes that train, one job each at a time (1; 0: none here)
  MODELOG_TRAINING_THREADS      threads of each of them (the cores)
  MODELOG_MONITORING_PROCESSES  processes that watch deployments, each a part of them (1; 0: none here)
  NATS_URL, DATABASE_URL        servers to use instead of starting some
  MODELOG_NATS_SERVER           a nats-server program to use instead of looking for one
  LOG_LEVEL                     trace, debug, info, warn, error, fatal, silent (info)
`;

/**
 * @param {string[]} argv what follows `main.mjs`
 * @returns {Promise<void>}
 */
export async function runCommand([command = '--help', ...args]) {
  switch (command) {
    case 'start':
      if (args.includes('--help')) return help();
      await prepare(sayOut);
      return become('dist/apps/platform/main.js', args);
    case 'demo':
      await prepare(sayOut);
      return become('dist/apps/demo/main.js', args);
    case 'test':
      await prepare(sayOut);
      process.exitCode = await runTests(args);
      return;
    case 'soak':
      await prepare(sayOut);
      process.exitCode = await runTests([...soakFlags, ...args]);
      return;
    case 'bench':
      await prepare(sayErr);
      return become('dist/tests/bench/main.js', args);
    case 'modelog':
      await prepare(sayErr);
      return become('dist/apps/cli/main.js', args);
    case 'build':
      return prepare(sayOut);
    case '--help':
    case 'help':
      return help();
    default:
      throw new Error(`unknown command ${command}\n\n${usage}`);
  }
}

/** One after the other, each as long as it takes (an hour at most). */
const soakFlags = [`--testMatch=${checkout}/tests/**/*.soak.ts`, '--runInBand', '--testTimeout=3600000'];

/**
 * Goes on as that program in this very process: a process that only waits would cost 40 MB.
 * @param {string} program
 * @param {string[]} args
 */
async function become(program, args) {
  const path = inCheckout(program);
  process.argv = [String(process.argv[0]), path, ...args];
  await import(pathToFileURL(path).href);
}

function help() {
  process.stdout.write(usage);
}

/** @param {string} line */
const sayOut = (line) => process.stdout.write(`${line}\n`);

/**
 * For programs whose standard output is data.
 * @param {string} line
 */
const sayErr = (line) => process.stderr.write(`${line}\n`);
