import type { ScalingDecision, ServingLoad } from '#libs/contracts/index.js';
import { isoTime, messageOf, type Clock } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';
import { initialScaling, lookAtLoad, type ScalingPolicy, type ScalingState } from './scaling-policy.js';

export interface ServingScalerOptions {
  readonly policy: ScalingPolicy;
  /** How many there are; undefined as long as nobody has said. */
  readonly processes: () => number | undefined | Promise<number | undefined>;
  /** Of every serving process that answers in time. */
  readonly loads: () => Promise<readonly ServingLoad[]>;
  /** Stores the decision. @throws when it is not stored */
  readonly record: (decision: ScalingDecision) => Promise<void>;
  /** Has so many processes run. */
  readonly tell: (count: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Waits between two looks; ends early when the signal aborts. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const lookEveryMs = 1_000;

/** Holds the number of serving processes to the work: looks every second, records what it decides, then says it. */
export class ServingScaler {
  readonly #stopping = new AbortController();
  #state: ScalingState = initialScaling;
  #looking: Promise<void> = Promise.resolve();

  constructor(private readonly options: ServingScalerOptions) {}

  start(): void {
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
  }

  /** Never rejects. A decision that is not recorded is not told: the next look decides anew. */
  async #look(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#decide();
      } catch (error) {
        this.options.logger.warn({ reason: messageOf(error) }, 'the number of serving processes stays as it is');
      }
      await this.options.pause(lookEveryMs, signal);
    }
  }

  async #decide(): Promise<void> {
    const { policy, clock, logger, record, tell } = this.options;
    const processes = await this.options.processes();
    if (processes === undefined) return;
    const loads = canScale(policy) ? await this.options.loads() : [];
    const { state, step } = lookAtLoad(this.#state, { at: clock.monotonic(), processes, loads }, policy);
    this.#state = { ...state, awaited: step === null ? state.awaited : null };
    if (step !== null) {
      const { bounds, targets } = policy;
      await record({ at: isoTime(clock.now()), from: processes, ...step, bounds, targets, loads: [...loads] });
      logger.info({ from: processes, ...step }, 'serving processes');
      tell(step.to);
      this.#state = state;
    }
  }
}

const canScale = ({ bounds }: ScalingPolicy): boolean => bounds.min < bounds.max;
