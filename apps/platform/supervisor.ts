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

/** Starts processes stage by stage, keeps them running, and stops them in the opposite order. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #stages: SupervisedProcess[][] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /**
   * Starts the processes of one stage side by side; resolves when all are ready.
   * @throws what the first of them that failed says; the others of the stage keep running until `stop`
   */
  async start(definitions: readonly ProcessDefinition[]): Promise<void> {
    if (this.#stopped !== undefined) throw new ModelogError('component_stopped', 'the platform is being stopped');
    const stage = definitions.map((definition) => superviseProcess(definition, this.#options));
    this.#stages.push(stage);
    await Promise.all(
      stage.map(async (each) => {
        const began = this.#options.clock.monotonic();
        await each.start();
        this.#options.onReady(each.component, this.#options.clock.monotonic() - began);
      }),
    );
  }

  /** Ends the component's process, which is started again as after a crash. */
  async restart(component: string): Promise<void> {
    if (this.#stopped !== undefined) return;
    const found = this.#stages.flat().find((each) => each.component === component);
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
