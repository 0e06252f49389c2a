import {
  decodePredictionId,
  type Chunk,
  type LabelRow,
  type LabelsRecorded,
  type Ticked,
  type TrafficPosition,
} from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';
import type { FoldTime } from './conditions.js';
import type { MonitorContext, MonitorOutput, TrafficFact } from './contract.js';
import { Silence, silenceCondition, type SilenceState } from './quality/silence.js';
import { countOf, rowAt, versionRows } from './rows/version-rows.js';
import { Writers, type WritersState } from './rows/writers.js';
import { LabelMemory } from './labels/label-memory.js';
import { rowsPerSeq } from './labels/label-table.js';
import { recordable } from './recordable.js';
import { VersionWatch, type Surroundings, type VersionWatchState } from './version-watch.js';

/** Raised with every change of the state, and of what follows from the same messages: a stored state of another one is not read. */
export const monitorStateVersion = 2;

export interface MonitorState {
  readonly version: number;
  readonly deployment: string;
  readonly writers: WritersState;
  /** Of the newest table that a chunk was routed by. */
  readonly routingSeq: number;
  /** The newest tick, milliseconds, by its writer's clock and not after the log's time; null before the first. */
  readonly tickedAt: number | null;
  readonly silence: SilenceState;
  readonly unwatchedLabels: number;
  /** The one that had rows last at the end. */
  readonly versions: readonly VersionWatchState[];
  /** Versions that have left, by name: what is remembered of them, as JSON. */
  readonly resting: readonly (readonly [name: string, state: string])[];
}

/** Versions that are kept whole when they have no window: those that had rows last, whose labels are waited for. */
const mostLabelled = 2;

/**
 * Rows of a version may still come when its successor has some: processes change over one by one, within a lease. Its window
 * does not end by each other chunk of the same routing table then, but by those that come so much later.
 */
const changeOverMs = 10_000;

/**
 * The monitor of one deployment, a fold of its messages: the same messages and contexts give the same outputs, wherever
 * it is restored in between.
 *
 *     const monitor = new DeploymentMonitor('churn');
 *     for (const fact of facts) publish(monitor.apply(fact, contextAt(fact)));
 *     const elsewhere = DeploymentMonitor.restore(monitor.state());
 */
export class DeploymentMonitor {
  readonly #writers: Writers;
  readonly #versions: Map<string, VersionWatch>;
  /** A version that has left takes some hundred bytes: they may be very many over the years. */
  readonly #resting: Map<string, string>;
  readonly #silence: Silence;
  #routingSeq: number;
  #tickedAt: number | null;
  #unwatchedLabels: number;
  /** Windows that were stored are told what EVENTS say by the next message. */
  #resumed: boolean;

  constructor(
    readonly deployment: string,
    state?: MonitorState,
  ) {
    this.#writers = new Writers(state?.writers);
    this.#versions = new Map(
      state?.versions.map((own) => [keyOf(own.place), new VersionWatch(own.place, this.#surroundings, own)] as const),
    );
    this.#resting = new Map(state?.resting);
    this.#silence = new Silence(state?.silence);
    this.#routingSeq = state?.routingSeq ?? 0;
    this.#tickedAt = state?.tickedAt ?? null;
    this.#unwatchedLabels = state?.unwatchedLabels ?? 0;
    this.#resumed = state === undefined;
  }

  /** @throws RangeError for a state of another version */
  static restore(state: MonitorState): DeploymentMonitor {
    if (state.version !== monitorStateVersion)
      throw new RangeError(`version of the stored monitor: expected ${monitorStateVersion}, got ${state.version}`);
    return new DeploymentMonitor(state.deployment, state);
  }

  /**
   * The next message of the deployment.
   * @param context what EVENTS say at it
   * @returns what is to be recorded, in order
   * @throws MonitorStateUnfit, by the first message after `restore`, where a version's reference is another one now
   */
  apply(fact: TrafficFact, context: MonitorContext): MonitorOutput[] {
    if (!this.#resumed) {
      for (const watch of this.#versions.values()) watch.resume(context);
      this.#resumed = true;
    }
    const at = { seq: fact.seq, logTime: fact.logTime };
    const before = [...this.#silence.settle(at, context), ...this.#endByTime(at, context)];
    return [...before, ...this.#outputsOf(fact, at, context)].map(recordable);
  }

  /** Versions that `apply` may ask for beside those that a message names. */
  watched(): { readonly model: string; readonly version: string }[] {
    return [...this.#versions.values()].flatMap(({ place: { model, version }, beganAt, waits }) =>
      beganAt === null && !waits ? [] : [{ model, version }],
    );
  }

  /** Plain: numbers, strings, arrays, typed arrays. Later messages do not change it. */
  state(): MonitorState {
    return {
      version: monitorStateVersion,
      deployment: this.deployment,
      writers: this.#writers.state(),
      routingSeq: this.#routingSeq,
      tickedAt: this.#tickedAt,
      silence: this.#silence.state(),
      unwatchedLabels: this.#unwatchedLabels,
      versions: Array.from(this.#versions.values(), (watch) => watch.state()),
      resting: [...this.#resting],
    };
  }

  #outputsOf(fact: TrafficFact, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    switch (fact.kind) {
      case 'chunk':
        return this.#chunk(fact.chunk, at, context);
      case 'labels':
        return this.#labels(fact.eventId, fact.labels, at, context);
      case 'tick':
        return this.#tick(fact.tick, at, context);
      default:
        return assertNever(fact, 'fact of TRAFFIC');
    }
  }

  #endByTime(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const seconds = context.settings.drift_detection.window_seconds;
    if (seconds === null) return [];
    return [...this.#versions.values()].flatMap((watch) =>
      watch.beganAt !== null && at.logTime >= watch.beganAt + 1000 * seconds ? watch.end('time', at, context) : [],
    );
  }

  #chunk(chunk: Chunk, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    if (!this.#writers.isFresh(chunk)) return [];
    // A chunk of tens of thousands of windows has more outputs than a call takes arguments: they are not pushed at once.
    let outputs = this.#endDeparted(chunk, at, context);
    const found = versionRows(chunk);
    for (const { model, version, rows } of found) {
      const watch = this.#watchOf(model, version);
      const last = { seq: at.seq, row: rowAt(rows, countOf(rows) - 1) };
      outputs = outputs.concat(this.#silence.rows(watch.place, last, at, context), watch.add(chunk, rows, at, context));
    }
    if (found.length === 0) return outputs;
    outputs = outputs.concat(this.#finishOldest(at, context));
    this.#layToRest();
    return outputs;
  }

  /** Windows of versions that take no more traffic, by the newest routing table. */
  #endDeparted({ schema: { routing_seq, arms } }: Chunk, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    if (routing_seq < this.#routingSeq) return [];
    const newer = routing_seq > this.#routingSeq;
    this.#routingSeq = routing_seq;
    return [...this.#versions.values()].flatMap((watch) => {
      const { beganAt, place } = watch;
      if (beganAt === null || arms.some((arm) => keyOf(arm) === keyOf(place))) return [];
      return newer || at.logTime >= beganAt + changeOverMs ? watch.end('version_left', at, context) : [];
    });
  }

  /** Its watch, which has rows last now. */
  #watchOf(model: string, version: string): VersionWatch {
    const key = keyOf({ model, version });
    const place = { deployment: this.deployment, model, version };
    const rested = this.#resting.get(key);
    const state = rested === undefined ? undefined : (JSON.parse(rested) as VersionWatchState);
    const watch = this.#versions.get(key) ?? new VersionWatch(place, this.#surroundings, state);
    this.#resting.delete(key);
    this.#versions.delete(key);
    this.#versions.set(key, watch);
    return watch;
  }

  /** The memory for labels is that of a few versions: those that had no rows for longest are waited for no more. */
  #finishOldest(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const labelled = [...this.#versions.values()].filter(({ waits }) => waits);
    return labelled
      .slice(0, -mostLabelled)
      .flatMap((watch) => (watch.beganAt === null ? watch.finish(at, context) : []));
  }

  #layToRest(): void {
    const idle = [...this.#versions].slice(0, -mostLabelled);
    for (const [key, watch] of idle) {
      if (watch.beganAt !== null || watch.waits) continue;
      this.#resting.set(key, JSON.stringify(watch.rest()));
      this.#versions.delete(key);
    }
  }

  #labels(eventId: string, { rows }: LabelsRecorded, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    return rows.flatMap((row, index) => {
      const watch = this.#versions.get(keyOf(row));
      const place = placeOf(row);
      if (watch === undefined || place === undefined) {
        this.#unwatchedLabels++;
        return [];
      }
      return watch.label(row, place, eventId, index, at, context);
    });
  }

  #tick(tick: Ticked, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    // A clock that is ahead must not have all later ticks ignored.
    const tickedAt = Math.min(Date.parse(tick.at), at.logTime);
    if (this.#tickedAt !== null && tickedAt <= this.#tickedAt) return [];
    this.#tickedAt = tickedAt;
    return this.#silence.tick(at, context);
  }

  readonly #surroundings: Surroundings = {
    labels: new LabelMemory(),
    openWindows: () => {
      let open = 0;
      for (const { beganAt } of this.#versions.values()) if (beganAt !== null) open++;
      return open;
    },
    extrasOf: (place) => {
      const labels = this.#unwatchedLabels;
      this.#unwatchedLabels = 0;
      return {
        notes: labels === 0 ? [] : [`${labels} labels of versions that are not watched here count nowhere`],
        open: this.#silence.isOpenFor(place) ? [silenceCondition] : [],
      };
    },
  };
}

const keyOf = ({ model, version }: { readonly model: string; readonly version: string }): string =>
  `${model}@${version}`;

/** Where its prediction stands; undefined for an id that is none. */
function placeOf({ traffic_seq, prediction_id, row }: LabelRow): TrafficPosition | undefined {
  const seq = traffic_seq ?? decodePredictionId(prediction_id)?.seq;
  return seq === undefined || row >= rowsPerSeq ? undefined : { seq, row };
}
