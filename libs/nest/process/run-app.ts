import { setTimeout as pause } from 'node:timers/promises';
import { ConfigurationInvalid } from '../configuration/load.js';
import { createLogger, type Logger } from '../logging.js';

/** A started app. */
export interface RunningApp {
  /** Stops in order: no new work, what is in flight finished, checkpoints committed, connections closed. */
  stop(): Promise<void>;
}

export interface RunAppOptions {
  /** For its log lines. */
  readonly component: string;
  /** Milliseconds that a stop may take (default 10,000); then the process exits with 1. */
  readonly stopWithinMs?: number;
}

const defaultStopWithinMs = 10_000;

/** Why a process stops. */
type StopReason = 'SIGTERM' | 'SIGINT' | 'the parent process is gone';

/**
 * The one main() of every app: starts it, tells the parent process `{type: 'ready'}`, stops it in order on SIGTERM,
 * SIGINT or the parent's death, and exits with 0. A start or a stop that fails, a stop that takes too long and an error
 * nobody caught are one fatal log line and exit code 1. A second signal exits at once. Never returns but by exiting.
 */
export async function runApp(
  start: () => Promise<RunningApp>,
  { component, stopWithinMs = defaultStopWithinMs }: RunAppOptions,
): Promise<void> {
  const instance = process.env['MODELOG_INSTANCE'] ?? 'local';
  const logger = createLogger({ component, instance, level: 'info' });
  exitOnUncaught(logger);
  const stopRequested = onStopRequest(logger);
  try {
    const app = await Promise.race([start(), stopRequested.then(async () => giveUpStart(stopWithinMs))]);
    process.send?.({ type: 'ready' });
    const reason = await stopRequested;
    logger.info({ reason }, 'stopping');
    await Promise.race([app.stop(), tooLate(stopWithinMs)]);
    logger.info('stopped');
    process.exit(0);
  } catch (error) {
    die(logger, error);
  }
}

/** A start in progress is waited for, so that what it opened is closed in order; but not for ever. */
async function giveUpStart(stopWithinMs: number): Promise<never> {
  await pause(stopWithinMs);
  throw new Error(`told to stop, and not started after another ${stopWithinMs} ms`);
}

async function tooLate(stopWithinMs: number): Promise<never> {
  await pause(stopWithinMs);
  throw new Error(`not stopped in ${stopWithinMs} ms`);
}

/** Resolves at the first reason to stop; the second signal ends the process. */
function onStopRequest(logger: Logger): Promise<StopReason> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: 'SIGTERM' | 'SIGINT'): void => {
      signals += 1;
      if (signals > 1) die(logger, new Error(`${signal} again while stopping`));
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    // A process started without an IPC channel never gets this event.
    process.once('disconnect', () => {
      resolve('the parent process is gone');
    });
  });
}

function exitOnUncaught(logger: Logger): void {
  // Unhandled rejections arrive here too (Node's default).
  process.on('uncaughtException', (error) => {
    die(logger, error);
  });
}

function die(logger: Logger, error: unknown): never {
  if (error instanceof ConfigurationInvalid) logger.fatal({ problems: error.problems }, error.message);
  else logger.fatal({ err: error }, 'the process ends');
  process.exit(1);
}
