import type { CommandMeta, ProcessInput } from '#libs/contracts/index.js';
import { AppendContention, StreamTimeout, StreamUnavailable, type AggregateStore } from '#libs/event-log/index.js';
import { canonicalJson, isoTime, sha256Hex, type Clock } from '#libs/kernel/index.js';
import { backOff, pause, type Alarm } from './alarm.js';
import type { StepOutcome } from './hosted-process.js';
import type { OpenProcess } from './open-processes.js';
import { stepIdOf } from './step.js';

export interface TellerOptions {
  readonly aggregates: Pick<AggregateStore, 'execute'>;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly random: () => number;
  readonly actor: string;
  /** The log does not answer; it is asked again after so many milliseconds. */
  readonly onRetry: (reason: unknown, retryInMs: number) => void;
}

/** An input, and what the log says of it beside. */
export interface Told {
  readonly input: ProcessInput;
  readonly seenSeq: number;
  readonly setSeq?: number;
  readonly correlationId: string;
  /** Id of the event that led to it. */
  readonly causationId: string;
}

/** Tells processes what is for them, and waits until the log holds their answer. */
export class Teller {
  constructor(private readonly options: TellerOptions) {}

  /**
   * @returns undefined where the signal aborts before the log has answered: whether the step is taken is then unknown.
   * @throws what the process throws, and what of the append path asking again does not help with.
   */
  async tell({ process, id }: OpenProcess, told: Told, signal: AbortSignal): Promise<StepOutcome | undefined> {
    const { input, seenSeq, setSeq, correlationId, causationId } = told;
    const key = { id, input, ...(setSeq === undefined ? {} : { setSeq }) };
    const stepId = stepIdOf(process.name, key);
    return this.retrying(async () => {
      const meta: CommandMeta = {
        commandId: stepId,
        // Of what was told, not of what is known beside it: two runners may know differently, and the first one's stands.
        digest: `sha256:${sha256Hex(canonicalJson({ step: stepId }))}`,
        actor: this.options.actor,
        correlationId,
        causationId,
        at: isoTime(this.options.clock.now()),
      };
      return process.tell(this.options.aggregates, { ...key, stepId, seenSeq }, meta);
    }, signal);
  }

  /** Until the log answers; undefined when the signal aborts before. @throws what asking again does not help with. */
  async retrying<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const { alarm, random, onRetry } = this.options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error)) throw error;
        const retryInMs = backOff(failures, { ...retryMs, random });
        onRetry(error, retryInMs);
        await pause(alarm, retryInMs, signal);
      }
    }
    return undefined;
  }
}

const retryMs = { first: 50, most: 2_000 };

/** The log is away, silent or busy with the very aggregate: it will answer in a while. */
export const isPassing = (error: unknown): boolean =>
  error instanceof StreamUnavailable || error instanceof StreamTimeout || error instanceof AppendContention;
