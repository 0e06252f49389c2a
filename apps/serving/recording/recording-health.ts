import { Overloaded } from '#libs/event-log/index.js';
import { isoTime, messageOf, type Clock } from '#libs/kernel/index.js';
import type { Published } from './recorder.js';

/** Why predictions of a deployment could not be recorded. */
export interface RecordingError {
  /** ISO-8601 instant. */
  readonly at: string;
  readonly code: 'overloaded' | 'log_unavailable';
  readonly detail: string;
}

interface Failure extends RecordingError {
  readonly failedAt: number;
}

/**
 * Milliseconds that a failure counts while nothing else is published. Without an end to it a process that gets no
 * traffic because it is unready could never show that it can record again.
 */
const countsForMs = 60_000;

/** Whether predictions can be recorded, told from what came of the latest publish: of all, and of each deployment. */
export class RecordingHealth {
  #latest: Failure | null = null;
  readonly #ofDeployment = new Map<string, Failure>();

  constructor(private readonly clock: Clock) {}

  published({ version, error }: Pick<Published, 'error'> & { readonly version: { readonly subject: string } }): void {
    if (error === undefined) {
      if (this.#latest !== null) this.#latest = null;
      if (this.#ofDeployment.size > 0) this.#ofDeployment.delete(version.subject);
      return;
    }
    const code = error instanceof Overloaded ? 'overloaded' : 'log_unavailable';
    const { clock } = this;
    this.#latest = { at: isoTime(clock.now()), code, detail: messageOf(error), failedAt: clock.monotonic() };
    this.#ofDeployment.set(version.subject, this.#latest);
  }

  /** @throws Error when the latest publish failed, within the last minute */
  check(): void {
    const failure = this.#latest;
    if (failure === null || this.clock.monotonic() - failure.failedAt >= countsForMs) return;
    throw new Error(`predictions cannot be recorded (${failure.code}, ${failure.at}): ${failure.detail}`);
  }

  /** Stays until a prediction of the deployment is recorded again. */
  lastErrorOf(subject: string): RecordingError | null {
    const failure = this.#ofDeployment.get(subject);
    return failure === undefined ? null : { at: failure.at, code: failure.code, detail: failure.detail };
  }
}
