import { lstat, mkdir, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CommandTrainer, GivenParameters, LearningTask } from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import { CapturedLines } from './captured-lines.js';
import { runGuarded, standardPace, type CommandEnd, type Pace, type Stopped } from './guarded-process.js';
import { readOutput, type TrainerOutput } from './output-files.js';

export interface CommandTraining {
  /** `directory` is resolved by the caller; left out: this process's own. */
  readonly trainer: Pick<CommandTrainer, 'command' | 'directory' | 'timeout_s' | 'memory_mb'> &
    Partial<Pick<CommandTrainer, 'env'>>;
  /** Rows of training as CSV with a header: the features and the target. */
  readonly dataFile: string;
  /** Rows that are held out, in the same form; the command must not learn from them. */
  readonly testFile?: string;
  readonly parameters: GivenParameters;
  readonly target: string;
  readonly task: LearningTask;
  readonly seed: number;
  /** Made anew: what is in it is deleted first. */
  readonly outputFolder: string;
  readonly onLog: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly pace?: Pace;
}

/** Why there is no model. */
export interface ExternalFailure {
  readonly code:
    | 'trainer_not_started'
    | 'trainer_failed'
    | 'trainer_timeout'
    | 'trainer_out_of_memory'
    | 'trainer_output'
    | 'trainer_stopped';
  /** What happened and, where the command printed something, its last lines. */
  readonly message: string;
}

/**
 * Trains by a command of the user's: in a process group of its own, without a shell, with the limits of its configuration.
 * It reads MODELOG_DATA, MODELOG_TEST_DATA, MODELOG_TARGET, MODELOG_TASK, MODELOG_SEED, MODELOG_PARAMETERS (JSON) and
 * MODELOG_PARAM_<NAME>, and writes into the folder MODELOG_OUTPUT (see `readOutput`). Of this process's environment it gets
 * what programs need to be found and to run, and no secret. However it ends, nothing of it runs afterwards.
 */
export async function runCommandTrainer(training: CommandTraining): Promise<Result<TrainerOutput, ExternalFailure>> {
  const { trainer, signal } = training;
  const outputFolder = resolve(training.outputFolder);
  const directory = resolve(trainer.directory ?? '.');
  const noFolder = await whyNoFolder(directory);
  if (noFolder !== null) return reject({ code: 'trainer_not_started', message: noFolder });
  await rm(outputFolder, { recursive: true, force: true });
  await mkdir(outputFolder, { recursive: true });
  const made = await lstat(outputFolder);
  const lines = new CapturedLines(training.onLog);
  const end = await runGuarded({
    ...{ command: trainer.command, directory, env: environmentOf(training, outputFolder) },
    ...{ timeoutMs: trainer.timeout_s * 1000, memoryBytes: trainer.memory_mb * 1024 * 1024 },
    ...{ lines, marker: `MODELOG_OUTPUT=${outputFolder}`, signal, pace: training.pace ?? standardPace },
  });
  const failure = failureOf(end, trainer, lines.last);
  if (failure !== null) return reject(failure);
  if (!(await isSameFolder(outputFolder, made))) return outputFault('the output folder was exchanged', lines.last);
  const output = await readOutput(outputFolder);
  return output.ok ? accept(output.value) : outputFault(output.rejection, lines.last);
}

async function whyNoFolder(directory: string): Promise<string | null> {
  const found = await stat(directory).catch(() => null);
  return found?.isDirectory() === true ? null : `the trainer's directory ${directory} is no folder`;
}

async function isSameFolder(path: string, made: { readonly dev: number; readonly ino: number }): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found !== null && found.dev === made.dev && found.ino === made.ino;
}

/** What programs need to be found, and to find their own files, on any system. */
const passedOn = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'USERPROFILE'];

function environmentOf(training: CommandTraining, outputFolder: string): Record<string, string> {
  const { trainer, dataFile, testFile, target, task, seed, parameters } = training;
  const own = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const given = Object.entries(parameters).map(([name, value]) => [variableOf(name), textOf(value)] as const);
  return {
    ...Object.fromEntries(own),
    ...trainer.env,
    ...Object.fromEntries(given),
    MODELOG_DATA: resolve(dataFile),
    ...(testFile === undefined ? {} : { MODELOG_TEST_DATA: resolve(testFile) }),
    MODELOG_TARGET: target,
    MODELOG_TASK: task,
    MODELOG_SEED: String(seed),
    MODELOG_OUTPUT: outputFolder,
    MODELOG_PARAMETERS: JSON.stringify(parameters),
  };
}

/** Of two names that differ in other signs than letters and digits the last one counts; MODELOG_PARAMETERS has both. */
const variableOf = (name: string): string => `MODELOG_PARAM_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;

const textOf = (value: GivenParameters[string]): string => (value === null ? '' : String(value));

function failureOf(
  end: CommandEnd | Stopped,
  { command, timeout_s, memory_mb }: CommandTraining['trainer'],
  last: readonly string[],
): ExternalFailure | null {
  const program = command.join(' ').slice(0, 200);
  const failed = (code: ExternalFailure['code'], what: string): ExternalFailure => ({
    ...{ code, message: withLines(`${program} ${what}`, last) },
  });
  switch (end.kind) {
    case 'exited':
      if (end.code === 0) return null;
      return failed(
        'trainer_failed',
        end.code === null ? `was ended by ${end.signal}` : `ended with exit code ${end.code}`,
      );
    case 'not_started':
      return failed('trainer_not_started', `cannot be started: ${end.reason}`);
    case 'timeout':
      return failed('trainer_timeout', `did not end within ${timeout_s} s`);
    case 'memory':
      return failed(
        'trainer_out_of_memory',
        `took ${Math.round(end.bytes / 1024 / 1024)} MiB of memory, expected at most ${memory_mb}`,
      );
    case 'aborted':
      return failed('trainer_stopped', 'was stopped');
    default:
      return assertNever(end, 'end of a command');
  }
}

const outputFault = (what: string, last: readonly string[]): Result<never, ExternalFailure> =>
  reject({ code: 'trainer_output', message: withLines(what, last) });

/** Of the message: as many lines, and characters of each. */
const told = { lines: 10, characters: 400 };

function withLines(what: string, last: readonly string[]): string {
  const lines = last.slice(-told.lines).map((line) => `    ${line.slice(0, told.characters)}`);
  return lines.length === 0 ? what : [`${what}; its last lines:`, ...lines].join('\n');
}
