import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from 'pino';
import type { TakeOver } from '#libs/contracts/index.js';
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
 * done so becomes a process of the platform at once.
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

  /** The process that waits, told to be what the environment says; undefined when none is there yet. */
  take(environment: NodeJS.ProcessEnv): ChildProcess | undefined {
    const child = this.#waiting;
    if (child?.connected !== true || !this.#isLoaded || hasEnded(child)) return undefined;
    this.#forget(child);
    const message: TakeOver = { type: 'take_over', environment: present(environment) };
    // A process that has just died is found out by whoever follows it now.
    child.send(message, () => undefined);
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
    const child = this.options.launch();
    const { pid } = child;
    this.#waiting = child;
    if (pid !== undefined) this.options.started(pid);
    child.on('error', (error) => {
      this.options.logger.warn({ reason: error.message }, 'no process stands by');
    });
    child.on('message', this.#heard);
    child.on('exit', this.#exited);
  }

  readonly #heard = (message: unknown): void => {
    if (heardFrom(message)?.type === 'standby') this.#isLoaded = true;
  };

  /** Of a process that waited: nothing is lost with it, and the next crash of another one brings a new one. */
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

/** One that ends while it waits, again and again, costs this much at most. */
const endedPauseMs = 30_000;

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const present = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));
