import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '#libs/kernel/index.js';
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
  const given = process.env.MODELOG_DATA_DIR;
  const isNew = given === undefined || given === '';
  const dataFolder = isNew ? newDataFolder() : resolve(given);
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

/** With the programs that an earlier run, or the tests, have fetched already. */
function newDataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'modelog-demo-'));
  const programs = join(import.meta.dirname, '../../../node_modules/.cache/modelog/bin');
  mkdirSync(programs, { recursive: true });
  symlinkSync(programs, join(folder, 'bin'));
  return folder;
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
