import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '#libs/kernel/index.js';
import { DemoFailed } from './demo-failed.js';
import { findFlights } from './flights/read-flights.js';
import { readOptions, usage, type DemoOptions } from './options.js';
import { fastScale, fullScale } from './scale.js';
import { steps } from './steps/index.js';
import type { Story } from './story.js';
import { tellStory } from './tell-story.js';
import { openScreen } from './text/screen.js';
import { span } from './text/words.js';

/** `npm run demo`. Ends with 0 if the story came out as it must, 1 if not, 130 if it was interrupted. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.stdin.isTTY);
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interruption.abort();
    });
  }
  // `npm run demo | head` closes the pipe: nobody listens any more, and the platform must not stay behind.
  process.stdout.on('error', () => {
    interruption.abort();
  });
  // Before anything is started: it would be missed two minutes later.
  findFlights();
  const given = process.env.MODELOG_DATA_DIR;
  const isNew = given === undefined || given === '';
  const dataFolder = isNew ? mkdtempSync(join(tmpdir(), 'modelog-demo-')) : unusedFolder(resolve(given));
  linkPrograms(dataFolder);
  const screen = openScreen(process.stdout);
  const story: Story = {
    ...{ dataFolder, screen, environment: process.env, signal: interruption.signal },
    scale: options.fast ? fastScale : fullScale,
    failures: [],
  };
  try {
    const code = await told(story, options);
    if (code === 0 && options.exit && isNew) await removed(story, dataFolder);
    return code;
  } finally {
    await story.platform?.stop();
  }
}

async function told(story: Story, options: DemoOptions): Promise<number> {
  const { screen, signal, dataFolder } = story;
  const began = performance.now();
  try {
    await tellStory(steps, story);
  } catch (error) {
    if (signal.aborted) return 130;
    screen.line(`\nThe demo failed: ${messageOf(error)}`);
    screen.line(`What its processes logged is in ${join(dataFolder, 'logs')}`);
    return 1;
  }
  screen.line(`\nTold in ${span(performance.now() - began)}`);
  for (const failure of story.failures) screen.line(`Not as it must be: ${failure}`);
  if (!options.exit && !signal.aborted) {
    screen.line(`Modelog stays up at ${story.platform?.url ?? ''} until Ctrl-C; its data are in ${dataFolder}`);
    await Promise.race([story.platform?.ended, aborted(signal)]);
  }
  return story.failures.length === 0 ? 0 : 1;
}

/** Programs that an earlier run, or the tests, have fetched already are not fetched again. */
function linkPrograms(folder: string): void {
  const programs = join(import.meta.dirname, '../../../node_modules/.cache/modelog/bin');
  const link = join(folder, 'bin');
  if (existsSync(link)) return;
  mkdirSync(programs, { recursive: true });
  mkdirSync(folder, { recursive: true });
  symlinkSync(programs, link);
}

/** @throws DemoFailed where a log is: the windows, the versions and the closing table would count what it has. */
function unusedFolder(folder: string): string {
  if (!existsSync(join(folder, 'nats', 'jetstream'))) return folder;
  throw new DemoFailed(
    `MODELOG_DATA_DIR: ${folder} has the log of an earlier run, expected a new folder: the story begins with an empty log`,
  );
}

async function removed({ platform }: Story, folder: string): Promise<void> {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((end) => {
    if (signal.aborted) end();
    signal.addEventListener('abort', () => {
      end();
    });
  });

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
