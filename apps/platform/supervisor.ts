import { ModelogError, type Clock } from '#libs/kernel/index.js';
import {
  superviseProcess,
  type ProcessDefinition,
  type SupervisedProcess,
  type SupervisionEvents,
  type SupervisionPolicy,
} from './processes/supervised-process.js';

export interface SupervisorOptions {
  readonly policy: SupervisionPolicy;
  readonly events: SupervisionEvents;
  readonly clock: Clock;
  /** Told when a component is ready for the first time, with the milliseconds it took. */
  readonly onReady: (component: string, tookMs: number) => void;
}

/** What a stage is made of: one process, or several that are kept as one. */
export interface Component {
  readonly component: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts processes stage by stage, keeps them running, and stops them in the opposite order. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #stages: (readonly Component[])[] = [];
  readonly #processes = new Map<string, SupervisedProcess>();
  #stopped: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** A process of its own policy, not started; its first start is told, `stop` is its stage's. */
  supervise(definition: ProcessDefinition, policy: SupervisionPolicy = this.#options.policy): SupervisedProcess {
    const { clock, events, onReady } = this.#options;
    const process = superviseProcess(definition, { policy, events, clock });
    this.#processes.set(process.component, process);
    return {
      ...process,
      async start() {
        const began = clock.monotonic();
        await process.start();
        onReady(process.component, clock.monotonic() - began);
      },
    };
  }

  /** Starts the processes of one stage side by side, as `startStage` does. */
  start(definitions: readonly ProcessDefinition[]): Promise<void> {
    return this.startStage(definitions.map((definition) => this.supervise(definition)));
  }

  /**
   * Starts what makes up one stage side by side; resolves when all of it is ready.
   * @throws what the first that failed says; the others of the stage keep running until `stop`
   */
  async startStage(stage: readonly Component[]): Promise<void> {
    if (this.#stopped !== undefined) throw new ModelogError('component_stopped', 'the platform is being stopped');
    this.#stages.push(stage);
    await Promise.all(stage.map((each) => each.start()));
  }

  /** Ends the component's process, which is started again as after a crash. */
  async restart(component: string): Promise<void> {
    if (this.#stopped !== undefined) return;
    const found = this.#processes.get(component);
    if (found === undefined) throw new ModelogError('component_unknown', `no component ${component} is supervised`);
    await found.restart();
  }

  /** Stops every stage, the last first. Called again, it waits for the same stop. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (const stage of [...this.#stages].reverse()) await Promise.all(stage.map((each) => each.stop()));
  }
}
