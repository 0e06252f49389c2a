import type { StreamMessage } from '#libs/event-log/index.js';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import {
  readTraffic,
  type LogPosition,
  type MonitorContext,
  type MonitorOutput,
  type RegisteredVersion,
  type TrafficFact,
  type WatchedVersion,
} from '#libs/monitoring/index.js';
import type { Logger } from '#libs/nest/index.js';
import type { Checkpoints } from './checkpoints.js';
import { EventsBehind, WatchEnded, WatchFailed } from './errors.js';
import type { Fold, VersionName } from './fold.js';
import type { FollowedGovernance } from './governance.js';
import type { MonitoringMetrics } from './monitoring-metrics.js';
import type { Cause, Publisher } from './publish.js';
import type { References } from './references.js';
import type { TickWriter } from './ticks.js';

export interface DeploymentWorkerOptions {
  readonly deployment: string;
  /** Under which it was taken up. */
  readonly epoch: number;
  readonly fold: Fold;
  /** What the fold has applied. */
  readonly position: LogPosition;
  readonly publisher: Publisher;
  readonly ticks: TickWriter;
  readonly governance: FollowedGovernance;
  readonly references: References;
  readonly checkpoints: Pick<Checkpoints, 'save'>;
  readonly metrics: MonitoringMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends it without a word. */
  readonly signal: AbortSignal;
  /** It no longer watches; told once. */
  readonly onEnded: (worker: DeploymentWorker, why: WatchEnded) => void;
}

/** Outputs that may wait for the log while further messages are applied. */
const mostUnpublished = 64;

/** Watches one deployment: its messages one after the other, and what is found of them onto the log. */
export class DeploymentWorker {
  readonly #options: DeploymentWorkerOptions;
  readonly #watched = new Map<string, WatchedVersion>();
  #position: LogPosition;
  #savedSeq: number;
  #context: MonitorContext | undefined;
  #ended = false;
  /** Steps in hand, one behind the other; neither ever rejects. */
  #steps: Promise<void> = Promise.resolve();
  #published: Promise<void> = Promise.resolve();
  #unpublished = 0;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: DeploymentWorkerOptions) {
    this.#options = options;
    this.#position = options.position;
    this.#savedSeq = options.position.seq;
  }

  get deployment(): string {
    return this.#options.deployment;
  }

  /** Last sequence of TRAFFIC that was applied. */
  get seq(): number {
    return this.#position.seq;
  }

  /** Takes a message of the deployment; one that it has applied already is passed by. */
  offer(message: StreamMessage): void {
    this.#step(message.seq, () => this.#apply(message));
  }

  /** Resolves when every message that was offered is applied, or it has ended. Never rejects. */
  drained(): Promise<void> {
    return this.#steps;
  }

  /** Keeps where it is, if it has gone on since, once the log has everything found until then. Never rejects. */
  async checkpoint(): Promise<void> {
    await this.#saving;
    this.#step(this.seq, async () => {
      if (this.seq === this.#savedSeq) return;
      await this.#published;
      if (!this.#stopped) this.#saving = this.#save();
    });
    await this.#steps;
    await this.#saving;
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

  get #stopped(): boolean {
    return this.#ended || this.#options.signal.aborted;
  }

  /** @param seq of TRAFFIC that it is about */
  #step(seq: number, work: () => Promise<void>): void {
    this.#steps = this.#steps.then(async () => {
      if (this.#stopped) return;
      try {
        await work();
      } catch (error) {
        this.#end(error, seq);
      }
    });
  }

  #end(error: unknown, seq: number): void {
    if (this.#stopped) return;
    this.#ended = true;
    const { deployment, onEnded } = this.#options;
    onEnded(
      this,
      error instanceof WatchEnded ? error : new WatchFailed(deployment, seq, messageOf(error), { cause: error }),
    );
  }

  async #apply(message: StreamMessage): Promise<void> {
    const { deployment, fold, metrics, logger } = this.#options;
    if (message.seq <= this.seq) return;
    const { fact, position, unreadable } = readTraffic(deployment, message, this.#position);
    if (fact !== null) {
      const context = await this.#contextFor(fact, position.eventsSeq);
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

  async #contextFor(fact: TrafficFact, eventsSeq: number): Promise<MonitorContext> {
    const { deployment, governance, signal } = this.#options;
    if (governance.governance.position < eventsSeq) {
      const lastSeq = await governance.head();
      if (lastSeq < eventsSeq) throw new EventsBehind(deployment, fact.seq, eventsSeq, lastSeq);
      await governance.reached(eventsSeq, signal);
      signal.throwIfAborted();
    }
    if (this.#context?.eventsSeq !== eventsSeq)
      this.#context = governance.governance.contextOf(deployment, eventsSeq, (version) => this.#loaded(version));
    await this.#load(fact, eventsSeq);
    return this.#context;
  }

  async #load(fact: TrafficFact, eventsSeq: number): Promise<void> {
    const { fold, governance, references, signal } = this.#options;
    for (const { model, version } of [...versionsOf(fact), ...fold.watched()]) {
      const registered = governance.governance.versionAt(model, version, eventsSeq);
      if (registered === undefined || this.#watched.has(keyOf(registered))) continue;
      this.#watched.set(keyOf(registered), await references.of(registered, signal));
    }
  }

  #loaded(version: RegisteredVersion): WatchedVersion {
    const loaded = this.#watched.get(keyOf(version));
    if (loaded === undefined)
      throw new TypeError(`the monitor asks for ${keyOf(version)}, which it watches not and the message names not`);
    return loaded;
  }

  #publish(outputs: readonly MonitorOutput[], { seq, logTime }: Cause): void {
    const { publisher } = this.#options;
    for (const [index, output] of outputs.entries()) {
      this.#unpublished += 1;
      this.#published = this.#published.then(async () => {
        try {
          if (!this.#stopped) await publisher.publish(output, { seq, logTime }, index);
        } catch (error) {
          this.#end(error, seq);
        }
        this.#unpublished -= 1;
      });
    }
  }

  /** Called where no step is between reading the state and what it says of its position. */
  async #save(): Promise<void> {
    const { deployment, epoch, fold, publisher, checkpoints, metrics, clock, logger } = this.#options;
    const [position, began] = [this.#position, clock.monotonic()];
    this.#forget(fold.watched());
    try {
      const saved = { position, windowsSeq: publisher.windowsSeq, state: fold.state() };
      const bytes = await checkpoints.save(deployment, epoch, saved);
      this.#savedSeq = position.seq;
      metrics.checkpointBytes.set({ deployment }, bytes);
      metrics.checkpointSeconds.observe((clock.monotonic() - began) / 1000);
    } catch (error) {
      if (error instanceof WatchEnded) this.#end(error, position.seq);
      else logger.warn({ reason: messageOf(error), traffic_seq: position.seq }, 'a checkpoint could not be kept');
    }
  }

  /** References of versions that nothing asks for any more. */
  #forget(watched: readonly VersionName[]): void {
    const names = new Set(watched.map(nameOf));
    for (const key of this.#watched.keys()) if (!names.has(key)) this.#watched.delete(key);
  }

  #count(fact: TrafficFact): void {
    const { deployment, metrics } = this.#options;
    if (fact.kind === 'chunk') {
      const { served, failed, refused } = fact.chunk;
      metrics.rows.inc({ deployment, kind: 'prediction' }, served + failed + refused);
    } else if (fact.kind === 'labels') metrics.rows.inc({ deployment, kind: 'label' }, fact.labels.rows.length);
  }
}

const nameOf = ({ model, version }: VersionName): string => `${model}@${version}`;
const keyOf = nameOf;

function versionsOf(fact: TrafficFact): readonly VersionName[] {
  switch (fact.kind) {
    case 'chunk':
      return fact.chunk.schema.arms;
    case 'labels':
      return [...new Map(fact.labels.rows.map((row) => [nameOf(row), row])).values()];
    case 'tick':
      return [];
  }
}
