import type { StreamMessage } from '#libs/event-log/index.js';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import { readTraffic, type LogPosition, type MonitorOutput, type TrafficFact } from '#libs/monitoring/index.js';
import type { Logger } from '#libs/nest/index.js';
import type { Checkpoints } from '../checkpoints/checkpoints.js';
import type { Contexts } from '../governance/contexts.js';
import { WatchEnded, WatchFailed } from '../errors.js';
import type { Fold } from './fold.js';
import type { FollowedGovernance } from '../governance/governance.js';
import type { HeldCondition } from '../recording/held-findings.js';
import type { Lanes } from './lanes.js';
import type { MonitoringMetrics } from '../metrics/monitoring-metrics.js';
import type { Cause, Publisher } from '../recording/publish.js';
import type { StretchEnd } from '../recording/reconciling.js';
import type { TickWriter } from './ticks.js';

export interface DeploymentWorkerOptions {
  readonly deployment: string;
  /** Under which it was taken up. */
  readonly epoch: number;
  readonly fold: Fold;
  /** What the fold has applied. */
  readonly position: LogPosition;
  readonly publisher: Publisher;
  readonly contexts: Contexts;
  readonly ticks: TickWriter;
  /** Whether TRAFFIC has none of the deployment's messages behind a sequence. */
  readonly isLast: (seq: number) => Promise<boolean>;
  readonly governance: FollowedGovernance;
  readonly checkpoints: Pick<Checkpoints, 'save'>;
  /** Checkpoints take megabytes on their way: so many at a time. */
  readonly lanes: Lanes;
  readonly metrics: MonitoringMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends it without a word, and what it waits for. The worker aborts it when it ends by itself. */
  readonly life: AbortController;
  /** It no longer watches; told once. */
  readonly onEnded: (worker: DeploymentWorker, why: WatchEnded) => void;
}

/** What a checkpoint keeps. */
export interface KeptState {
  readonly fold: unknown;
  readonly held: readonly HeldCondition[];
}

/** Outputs that may wait for the log while further messages are applied. */
const mostUnpublished = 64;

/** Watches one deployment: its messages one after the other, and what is found of them onto the log. */
export class DeploymentWorker {
  readonly #options: DeploymentWorkerOptions;
  #position: LogPosition;
  #savedSeq: number;
  /** Monotonic milliseconds of the newest message. */
  #appliedAt: number;
  /** Steps in hand, one behind the other; neither ever rejects. */
  #steps: Promise<void> = Promise.resolve();
  #waitingSteps = 0;
  #published: Promise<void> = Promise.resolve();
  #unpublished = 0;
  #keeping: Promise<void> | undefined;

  constructor(options: DeploymentWorkerOptions) {
    this.#options = options;
    this.#position = options.position;
    this.#savedSeq = options.position.seq;
    this.#appliedAt = options.clock.monotonic();
  }

  get deployment(): string {
    return this.#options.deployment;
  }

  /** Last sequence of TRAFFIC that was applied. */
  get seq(): number {
    return this.#position.seq;
  }

  get isKeeping(): boolean {
    return this.#keeping !== undefined;
  }

  /** Milliseconds without a message, all before kept; 0 while there is anything to do. */
  get restingMs(): number {
    const { publisher, clock } = this.#options;
    const isKept = this.#unpublished === 0 && this.seq === this.#savedSeq;
    return isKept && this.#waitingSteps === 0 && publisher.isReconciled ? clock.monotonic() - this.#appliedAt : 0;
  }

  /** Takes a message of the deployment; one that it has applied already is passed by. */
  offer(message: StreamMessage): void {
    this.#step(message.seq, () => this.#apply(message));
  }

  /** Resolves when every message that was offered is applied, or it has ended. Never rejects. */
  drained(): Promise<void> {
    return this.#steps;
  }

  /**
   * Keeps where it is, if it has gone on since, once the log has everything found until then. Callers that come while it
   * does so share the outcome. Never rejects.
   */
  checkpoint(): Promise<void> {
    return (this.#keeping ??= this.#keep().finally(() => {
      this.#keeping = undefined;
    }));
  }

  /** Says that the log has come so far. Never rejects. */
  tick(): void {
    const { ticks, clock, governance, logger } = this.#options;
    this.#step(this.seq, () =>
      ticks.write(clock.now(), governance.governance.position).catch((error: unknown) => {
        if (error instanceof WatchEnded) throw error;
        logger.warn({ reason: messageOf(error) }, 'the tick of this minute could not be written');
      }),
    );
  }

  /**
   * Everything up to the live follower's place was offered to it: where no message of its own is left, what is open on the log
   * is brought to what the monitor holds open, though none may ever come again. Never rejects.
   */
  settle(): void {
    const { publisher, governance, life, isLast } = this.#options;
    if (publisher.isReconciled || this.#waitingSteps > 0) return;
    this.#step(this.seq, async () => {
      const { seq, eventsSeq } = this.#position;
      await governance.reached(eventsSeq, life.signal);
      const end = this.#place();
      this.#store(seq, () => publisher.reconcileAtLast(end, () => isLast(seq)));
    });
  }

  /** Nothing is watched any more, and nothing more is told. */
  close(): void {
    this.#options.life.abort();
  }

  get #stopped(): boolean {
    return this.#options.life.signal.aborted;
  }

  /** @param seq of TRAFFIC that it is about */
  #step(seq: number, work: () => Promise<void>): void {
    this.#waitingSteps += 1;
    this.#steps = this.#steps.then(async () => {
      try {
        if (!this.#stopped) await work();
      } catch (error) {
        this.#end(error, seq);
      }
      this.#waitingSteps -= 1;
    });
  }

  #end(error: unknown, seq: number): void {
    if (this.#stopped) return;
    const { deployment, onEnded, life } = this.#options;
    life.abort();
    onEnded(
      this,
      error instanceof WatchEnded ? error : new WatchFailed(deployment, seq, messageOf(error), { cause: error }),
    );
  }

  async #apply(message: StreamMessage): Promise<void> {
    const { deployment, fold, contexts, metrics, clock, logger } = this.#options;
    if (message.seq <= this.seq) return;
    const { fact, position, unreadable } = readTraffic(deployment, message, this.#position);
    this.#appliedAt = clock.monotonic();
    if (fact !== null) {
      const context = await contexts.of(fact, position.eventsSeq, fold.watched());
      this.#reconcileBefore(fact);
      // Nothing may come between: what is kept is the state behind a message, with that message's position.
      const outputs = fold.apply(fact, context);
      this.#position = position;
      this.#count(fact);
      this.#publish(outputs, fact);
      if (this.#unpublished > mostUnpublished) await this.#published;
      return;
    }
    this.#position = position;
    metrics.unreadable.inc({ deployment });
    logger.error({ traffic_seq: message.seq, reason: unreadable }, 'a message cannot be read and counts for nothing');
  }

  #publish(outputs: readonly MonitorOutput[], { seq, logTime }: Cause): void {
    const { publisher } = this.#options;
    for (const [index, output] of outputs.entries())
      this.#store(seq, () => publisher.publish(output, { seq, logTime }, index));
  }

  #reconcileBefore({ seq, logTime }: Cause): void {
    const { publisher } = this.#options;
    if (publisher.isReconciled || !publisher.isBehindRecorded({ seq, logTime })) return;
    const end = this.#place();
    this.#store(seq, () => publisher.reconcileBefore({ seq, logTime }, end));
  }

  /** Where it is, and what holds there. */
  #place(): StretchEnd {
    const { deployment, governance } = this.#options;
    const { seq: configurationSeq } = governance.governance.settingsAt(deployment, this.#position.eventsSeq);
    return { ...this.#position, configurationSeq };
  }

  /** @param seq of TRAFFIC that it is about */
  #store(seq: number, work: () => Promise<void>): void {
    this.#unpublished += 1;
    this.#published = this.#published.then(async () => {
      try {
        if (!this.#stopped) await work();
      } catch (error) {
        this.#end(error, seq);
      }
      this.#unpublished -= 1;
    });
  }

  async #keep(): Promise<void> {
    // What the log takes long to acknowledge is waited for before there is a lane taken, what has come since within.
    await this.#published;
    if (this.seq === this.#savedSeq || this.#stopped) return;
    await this.#options.lanes.run(async () => {
      let saving: Promise<void> | undefined;
      this.#step(this.seq, async () => {
        await this.#published;
        if (!this.#stopped) saving = this.#save();
      });
      await this.#steps;
      await saving;
    });
  }

  /** Called where no step is between reading the state and what it says of its position. */
  async #save(): Promise<void> {
    const { deployment, epoch, fold, contexts, publisher, checkpoints, metrics, clock, logger } = this.#options;
    const [position, began] = [this.#position, clock.monotonic()];
    contexts.keepOnly(fold.watched());
    try {
      const state: KeptState = { fold: fold.state(), held: publisher.held };
      const bytes = await checkpoints.save(deployment, epoch, { position, windowsSeq: publisher.windowsSeq, state });
      this.#savedSeq = position.seq;
      metrics.checkpointBytes.set({ deployment }, bytes);
      metrics.checkpointSeconds.observe((clock.monotonic() - began) / 1000);
    } catch (error) {
      if (error instanceof WatchEnded) this.#end(error, position.seq);
      else logger.warn({ reason: messageOf(error), traffic_seq: position.seq }, 'a checkpoint could not be kept');
    }
  }

  #count(fact: TrafficFact): void {
    const { deployment, metrics } = this.#options;
    if (fact.kind === 'chunk') {
      const { served, failed, refused } = fact.chunk;
      metrics.rows.inc({ deployment, kind: 'prediction' }, served + failed + refused);
    } else if (fact.kind === 'labels') metrics.rows.inc({ deployment, kind: 'label' }, fact.labels.rows.length);
  }
}
