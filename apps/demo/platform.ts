import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DemoFailed } from './demo-failed.js';

export interface RunningPlatform {
  readonly url: string;
  /** Resolves when it has ended, by itself or because it was stopped, with its exit code. */
  readonly ended: Promise<number>;
  /** As Ctrl-C does, and waits for its end. */
  stop(): Promise<number>;
  /** Runs a command of `modelog` against it. @throws DemoFailed when it ends with another code than 0 */
  modelog(args: readonly string[]): Promise<string>;
}

export interface PlatformOptions {
  readonly dataFolder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Lines for people: what is ready, and what went wrong. */
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Apps lie beside this one. */
const programOf = (path: string): string => join(import.meta.dirname, '..', path);

/** Thresholds that fit the flights. */
const configFolder = join(import.meta.dirname, '../../config/examples/demo');

/** The product as `npm start` runs it, with servers of its own and nobody asked who they are. @throws DemoFailed */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const environment: NodeJS.ProcessEnv = {
    ...options.environment,
    MODELOG_DATA_DIR: options.dataFolder,
    MODELOG_CONFIG_DIR: configFolder,
    // What its processes log lies in the data folder; here it would be between the lines of the story.
    LOG_LEVEL: 'warn',
    ...Object.fromEntries(ownServers.map((variable) => [variable, undefined])),
  };
  const child = spawn(process.execPath, ['--enable-source-maps', programOf('platform/main.js')], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = endOf(child);
  // Also in the middle of its start. A terminal's Ctrl-C reaches it anyway, any other signal only us.
  options.signal.addEventListener('abort', () => child.kill('SIGTERM'));
  const lastErrors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastErrors.push(line);
    if (lastErrors.length > errorLines) lastErrors.shift();
  });
  const stop = async (): Promise<number> => {
    child.kill('SIGTERM');
    return ended;
  };
  const url = await Promise.race([readyUrl(child, options.onLine), ended.then(() => undefined)]);
  if (url === undefined) throw new DemoFailed(`Modelog did not start:\n${lastErrors.join('\n')}`);
  const cliEnvironment = { ...environment, MODELOG_HOST: undefined, MODELOG_PORT: undefined };
  return {
    url,
    ended,
    stop,
    modelog: (args) => runModelog(['--url', url, ...args], cliEnvironment, options.signal),
  };
}

/** Not passed on: the demo has a log of its own, no tokens, and every process that the story needs. */
const ownServers = [
  ...['NATS_URL', 'DATABASE_URL', 'MODELOG_AUTH_SECRET', 'MODELOG_TOKEN', 'MODELOG_DATASETS_DIR'],
  ...['MODELOG_TRAINING_WORKERS', 'MODELOG_MONITORING_PROCESSES'],
];

const errorLines = 20;

function readyUrl(child: ChildProcess, onLine: (line: string) => void): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const url = /^Modelog is ready at (\S+)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
      const told = toldOf(line);
      if (told !== undefined) onLine(told);
    });
  });
}

/** Lines of the platform as they are; of its processes' JSON what went wrong. */
function toldOf(line: string): string | undefined {
  if (!line.startsWith('{')) return line;
  const { level, component, msg } = JSON.parse(line) as Record<string, unknown>;
  return level === 'error' || level === 'fatal' ? `${String(component)}: ${String(msg)}` : undefined;
}

async function runModelog(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const child = spawn(process.execPath, [programOf('cli/main.js'), ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await endOf(child);
  if (code === 0) return output.trimEnd();
  throw new DemoFailed(`modelog ${args.slice(2).join(' ')} ended with ${code}:\n${output}${errors}`.trimEnd());
}

async function endOf(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
