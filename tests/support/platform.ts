import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity } from '../../apps/platform/bootstrap/process-identity.mjs';
import { run } from '#apps/platform/processes/run.js';
import { rootFolder } from '#apps/platform/root-folder.js';
import { natsProgram } from './nats.js';
import { makeFolder, register, runFolder } from './run-folder.js';
import { until } from './wait.js';

export interface StartPlatformOptions {
  /** Of an earlier platform, to go on with its data; a new one otherwise. */
  readonly dataDir?: string;
  /** The public port; any free one otherwise. */
  readonly port?: number;
  readonly env?: NodeJS.ProcessEnv;
}

export interface PlatformHandle {
  readonly url: string;
  readonly port: number;
  /** Where Open Inference Protocol over gRPC is served: `127.0.0.1:5001`. */
  readonly grpcAddress: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Milliseconds from the start of the process to its ready line. */
  readonly startedInMs: number;
  /** What runs now: nats-server, postgres, control, serving-0 … (not the platform itself, which is `pid`). */
  processes(): { component: string; pid: number }[];
  /** Everything that the platform printed. */
  output(): string;
  /** Runs a command of `modelog` against this platform. `ok`: exit code 0; `output`: its standard output. */
  cli(args: readonly string[]): Promise<{ ok: boolean; output: string; errors: string }>;
  /** Stops it as Ctrl-C does. @throws when the exit code is not 0 */
  stop(): Promise<void>;
  /** SIGKILL for the platform and every process of it, all at once. */
  killGroup(): Promise<void>;
}

/** The whole product as `npm start` runs it, compiled, with its own nats-server and PostgreSQL, on a free port. */
export async function startPlatform({
  dataDir = makeFolder('platform'),
  port = 0,
  env,
}: StartPlatformOptions = {}): Promise<PlatformHandle> {
  buildPlatform();
  const logFile = join(makeFolder('platform-output'), 'log');
  const log = openSync(logFile, 'a');
  const began = performance.now();
  const environment = {
    ...process.env,
    MODELOG_DATA_DIR: dataDir,
    MODELOG_PORT: String(port),
    // Not the next one: another platform may have it.
    MODELOG_GRPC_PORT: '0',
    MODELOG_SERVING_PROCESSES: '1',
    // Who trains asks for one: a process of 100 MB that most of what is tested has no use for.
    MODELOG_TRAINING_WORKERS: '0',
    // Nor is what others test to be watched.
    MODELOG_MONITORING_PROCESSES: '0',
    // As much again, and a second of the processor.
    MODELOG_SERVING_STANDBY: '0',
    MODELOG_NATS_SERVER: await natsProgram(),
    ...env,
  };
  const child = spawn(process.execPath, [join(rootFolder, 'dist/apps/platform/main.js')], {
    cwd: rootFolder,
    env: environment,
    stdio: ['ignore', log, log],
    detached: true,
  });
  await once(child, 'spawn');
  const pid = child.pid!;
  register(pid, 'platform');
  const output = (): string => readFileSync(logFile, 'utf8');
  const url = await until(() => (hasEnded(child) ? 'ended' : /^Modelog is ready at (\S+)$/m.exec(output())?.[1]), {
    what: () => `the platform to be ready; it printed:\n${output()}`,
    timeoutMs: 90_000,
  });
  if (url === 'ended') throw new Error(`the platform ended at its start:\n${output()}`);
  const startedInMs = performance.now() - began;
  const connection = JSON.parse(readFileSync(join(dataDir, 'run/connection.json'), 'utf8')) as { grpc_address: string };

  const processes = (): { component: string; pid: number }[] =>
    JSON.parse(readFileSync(join(dataDir, 'run/processes.json'), 'utf8')) as { component: string; pid: number }[];
  return {
    url,
    port: Number(new URL(url).port),
    grpcAddress: connection.grpc_address,
    dataDir,
    pid,
    startedInMs,
    processes,
    output,
    async cli(args) {
      const result = await run(process.execPath, [join(rootFolder, 'dist/apps/cli/main.js'), ...args], {
        cwd: rootFolder,
        env: { ...environment, MODELOG_PORT: new URL(url).port },
        timeoutMs: 300_000,
      });
      const ok = result.outcome.kind === 'exited' && result.outcome.code === 0;
      return { ok, output: result.stdout, errors: result.stderr };
    },
    async stop() {
      if (hasEnded(child)) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw new Error(`the platform ended with ${code ?? child.signalCode ?? ''}:\n${output()}`);
    },
    async killGroup() {
      const pids = [pid, ...processes().map((each) => each.pid)];
      for (const each of pids) kill(each);
      await until(() => pids.every((each) => processIdentity(each) === undefined), {
        what: 'all processes to be gone',
      });
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Jest runs sources, the platform is what the build made of them: a run without `npm test` would meet an old one. */
export function buildPlatform(): void {
  // Once a run: to find out that nothing is stale takes half a second of reading.
  const built = join(runFolder(), 'built');
  if (existsSync(built)) return;
  const bootstrap = join(rootFolder, 'apps/platform/bootstrap/main.mjs');
  const { status, stderr } = spawnSync(process.execPath, [bootstrap, 'build'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
  writeFileSync(built, '');
}
