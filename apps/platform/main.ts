import { messageOf, ModelogError } from '#libs/kernel/index.js';
import { openOutput } from './output.js';
import { createPlatform } from './platform.js';
import { readSettings } from './settings.js';

/** `npm start`: everything up, then one ready line; Ctrl-C or SIGTERM stops everything in order. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  // The apps are given it by name; nats-server, PostgreSQL and what fetches them have no use for it.
  delete process.env.MODELOG_AUTH_SECRET;
  const output = openOutput(process.stdout, settings.logLevel);
  const platform = createPlatform({ settings, output });
  let stopping = false;

  const stop = (why: string, exitCode: number): void => {
    // Another signal while stopping changes nothing: every step of the stop has its own time limit.
    if (stopping) return;
    stopping = true;
    output.print(`Stopping (${why})`);
    void platform.stop().then(() => process.exit(exitCode));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop(signal, 0);
    });
  }
  process.on('uncaughtException', (error) => {
    output.logger.fatal({ err: error }, 'the platform itself failed');
    stop('an error of the platform itself', 1);
  });

  try {
    const url = await platform.start();
    output.print(`Modelog is ready at ${url}`);
  } catch (error) {
    // A start that a signal cut short is that signal's stop.
    if (error instanceof ModelogError && error.code === 'component_stopped') return;
    process.stderr.write(`Modelog cannot start: ${messageOf(error)}\n`);
    process.exitCode = 1;
    process.exit();
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`Modelog cannot start: ${messageOf(error)}\n`);
  process.exit(1);
});
