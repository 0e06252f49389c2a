import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from 'pino';
import type { TakeOver } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { heardFrom } from './messages.js';

export interface StandbyOptions {
  /** Starts a process that loads its code, says `standby` and waits. */
  readonly launch: () => ChildProcess;
  readonly started: (pid: number) => void;
  readonly ended: (pid: number) => void;
  readonly logger: Pick<Logger, 'warn'>;
}

/** So long after one was taken the next is started: the taken one needs the processor more. */
const renewAfterMs = 1_500;

/**
 * A process ahead of need. Loading the code of an app takes most of its start (1,600 files, over a second); one that has
 * done so becomes a process of the platform at once, one that is about to becomes it as soon as it can.
 */
export class Standby {
  #waiting: ChildProcess | undefined;
  #isLoaded = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(private readonly options: StandbyOptions) {}

  /** Has a process wait, from so many milliseconds on. */
  prepareIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#prepare();
    }, milliseconds);
    this.#timer.unref();
  }

  /**
   * The process that waits or still loads its code, to be what the environment says; undefined when there is none. From
   * now on it is the caller's: to follow, and to end. The next one follows soon.
   */
  take(environment: NodeJS.ProcessEnv): ChildProcess | undefined {
    const child = this.#waiting;
    if (this.#stopped || child?.pid === undefined || !child.connected || hasEnded(child)) return undefined;
    const message: TakeOver = { type: 'take_over', environment: present(environment) };
    if (this.#isLoaded) tell(child, message);
    else tellOnceLoaded(child, message);
    this.#forget(child);
    this.prepareIn(renewAfterMs);
    return child;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const child = this.#waiting;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  #prepare(): void {
    if (this.#stopped || this.#waiting !== undefined) return;
    let child: ChildProcess;
    try {
      child = this.options.launch();
    } catch (error) {
      this.#notStarted(messageOf(error));
      return;
    }
    const { pid } = child;
    this.#waiting = child;
    if (pid !== undefined) this.options.started(pid);
    child.on('error', ({ message }) => {
      // One that has a pid runs, and `exit` will come.
      if (pid !== undefined || this.#waiting !== child) return;
      this.#forget(child);
      this.#notStarted(message);
    });
    child.on('message', this.#heard);
    child.on('exit', this.#exited);
  }

  #notStarted(reason: string): void {
    this.options.logger.warn({ reason }, 'no process stands by');
    this.prepareIn(endedPauseMs);
  }

  readonly #heard = (message: unknown): void => {
    if (isLoaded(message)) this.#isLoaded = true;
  };

  /** Of a process that waited: nothing is lost with it. */
  readonly #exited = (code: number | null, signal: NodeJS.Signals | null): void => {
    const child = this.#waiting;
    if (child === undefined) return;
    this.#forget(child);
    if (this.#stopped) return;
    this.options.logger.warn({ code, signal }, 'the process that stood by has ended');
    this.prepareIn(endedPauseMs);
  };

  #forget(child: ChildProcess): void {
    child.off('message', this.#heard);
    child.off('exit', this.#exited);
    this.#waiting = undefined;
    this.#isLoaded = false;
    if (child.pid !== undefined) this.options.ended(child.pid);
  }
}

/** One that cannot be started, or ends while it waits, again and again, costs this much at most. */
const endedPauseMs = 30_000;

const isLoaded = (message: unknown): boolean => heardFrom(message)?.type === 'standby';

// A process that has just died is found out by whoever follows it now.
const tell = (child: ChildProcess, message: TakeOver): void => {
  child.send(message, () => undefined);
};

/** Not before it listens: what it is sent meanwhile belongs to whoever listens first. */
function tellOnceLoaded(child: ChildProcess, message: TakeOver): void {
  const onMessage = (said: unknown): void => {
    if (!isLoaded(said)) return;
    child.off('message', onMessage);
    tell(child, message);
  };
  child.on('message', onMessage);
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const present = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));
