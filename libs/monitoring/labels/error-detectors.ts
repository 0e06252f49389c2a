import type { FindingMethod, MonitoringEvent, PerformanceMeasured, TrafficPosition } from '#libs/contracts/index.js';
import {
  detectorFrom,
  restoreDetector,
  type DetectorParameters,
  type DetectorState,
  type StreamDetector,
} from '#libs/statistics/index.js';
import type { Conditions, FoldTime, WatchedPlace } from '../conditions.js';
import type { MonitorContext, MonitorOutput } from '../contract.js';
import { basisOf } from '../findings.js';
import { wantedDetectors, type WantedDetector } from './wanted-detectors.js';

/** How wrong a prediction was. */
export interface PredictionError {
  /** 1 or 0 of a class; of a number the distance from the label. */
  readonly size: number;
  /** The same between 0 and 1, for detectors of numbers. */
  readonly scaled: number;
  /** For detectors of errors. */
  readonly wrong: boolean;
}

export interface ErrorDetectorsState {
  readonly labels: number;
  readonly newest: readonly number[];
  readonly running: readonly (readonly [name: string, state: RunningState])[];
}

interface RunningState {
  readonly given: string;
  readonly detector: DetectorState;
  readonly drifts: readonly number[];
  readonly first: TrafficPosition | null;
  readonly seen: number;
  readonly sum: number;
}

interface Running {
  /** Parameters as the settings have them. */
  readonly given: string;
  readonly detector: StreamDetector;
  /** Labels at which it told drift, the newest twenty. */
  drifts: number[];
  /** Label, by its place in the log, that it saw first since the last drift; null: none yet. */
  first: TrafficPosition | null;
  /** Since then. */
  seen: number;
  sum: number;
}

/** Errors that tell how it is now. */
const newestErrors = 50;
const driftsTold = 20;

const notAsked = 'the detector is asked for no longer';

export const conceptCondition = (detector: string): string => `concept_drift/${detector}`;

/** The detectors of concept drift of a version: each sees one error per labelled prediction, in the order of the log. */
export class ErrorDetectors {
  readonly #running: Map<string, Running>;
  /** Sizes of the newest errors, oldest first. */
  readonly #newest: number[];
  #labels: number;

  constructor(
    private readonly place: WatchedPlace,
    private readonly conditions: Conditions,
    state: ErrorDetectorsState = { labels: 0, newest: [], running: [] },
  ) {
    this.#labels = state.labels;
    this.#newest = [...state.newest];
    this.#running = new Map(
      state.running.map(([name, { detector, drifts, ...rest }]) => [
        name,
        { ...rest, drifts: [...drifts], detector: restoreDetector(detector) },
      ]),
    );
  }

  /** @param label where the label stands in the log */
  observe(error: PredictionError, label: TrafficPosition, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    this.#labels++;
    this.#newest.push(error.size);
    if (this.#newest.length > newestErrors) this.#newest.shift();
    const wanted = wantedDetectors(context.settings.concept_drift);
    const outputs = this.dropOthers(label, at, context);
    for (const one of wanted.detectors.values())
      outputs.push(...this.#take(one, this.#runningOf(one), error, label, at, context));
    return outputs;
  }

  told(): PerformanceMeasured['detectors'] {
    return [...this.#running].map(([name, { detector, drifts }]) => ({
      detector: name,
      labels: detector.samples,
      drifts: [...drifts],
      warning: detector.signal === 'warning',
    }));
  }

  state(): ErrorDetectorsState {
    return {
      labels: this.#labels,
      newest: [...this.#newest],
      running: [...this.#running].map(([name, { detector, drifts, ...rest }]) => [
        name,
        { ...rest, drifts: [...drifts], detector: detector.toJSON() },
      ]),
    };
  }

  /** Of a version without labels to come: detectors whose drift is not over, at their beginning. */
  rest(): ErrorDetectorsState {
    return {
      labels: this.#labels,
      newest: [],
      running: [...this.#running].flatMap(([name, { given, drifts }]) => {
        if (!this.conditions.isOpen(conceptCondition(name))) return [];
        const detector = detectorFrom(name, JSON.parse(given) as DetectorParameters).toJSON();
        return [[name, { given, detector, drifts: drifts.slice(-1), first: null, seen: 0, sum: 0 }] as const];
      }),
    };
  }

  #take(
    { name, takesErrors }: WantedDetector,
    running: Running,
    error: PredictionError,
    label: TrafficPosition,
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput[] {
    const { detector } = running;
    running.first ??= label;
    running.seen++;
    running.sum += error.size;
    const signal = detector.update(takesErrors ? Number(error.wrong) : error.scaled);
    const condition = conceptCondition(name);
    if (signal === 'drift') {
      const change = this.conditions.observe(condition, true, { raiseAfter: 1, clearAfter: 1 }, label);
      const { before, now } = this.#errorsOf(running);
      const basis = this.#basisOf(running, label, at, context);
      running.drifts = [...running.drifts, this.#labels].slice(-driftsTold);
      [running.first, running.seen, running.sum] = [null, 0, 0];
      if (change === null) return [];
      return told({
        type: 'ConceptDriftDetected',
        data: {
          ...basis,
          ...{ condition, finding_id: change.finding_id, detector: name, labels: this.#labels },
          ...{ error_before: before, error_now: now },
        },
      });
    }
    const drifted = running.drifts.at(-1) ?? 0;
    if (this.#labels - drifted < context.settings.concept_drift.clear_after_labels) return [];
    return this.#clear(name, running, label, at, context);
  }

  /** @param reason why it is over, where that is not for want of a further change */
  #clear(
    name: string,
    running: Running,
    label: TrafficPosition,
    at: FoldTime,
    context: MonitorContext,
    reason?: string,
  ): MonitorOutput[] {
    const condition = conceptCondition(name);
    if (!this.conditions.isOpen(condition)) return [];
    const change = this.conditions.observe(condition, false, { raiseAfter: 1, clearAfter: 1 }, label);
    if (change === null) return [];
    return told({
      type: 'ConceptDriftCleared',
      data: {
        ...this.#basisOf(running, label, at, context),
        ...{ condition, finding_id: change.finding_id, detector: name, labels: this.#labels },
        error_now: this.#errorsOf(running).now,
        ...(reason === undefined ? {} : { reason }),
      },
    });
  }

  /**
   * A detector that is no longer asked for says nothing more, and what it said is over.
   * @param label the newest, or the last row of a window that has ended.
   */
  dropOthers(label: TrafficPosition, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const { detectors } = wantedDetectors(context.settings.concept_drift);
    const outputs: MonitorOutput[] = [];
    for (const [name, running] of this.#running) {
      if (detectors.has(name)) continue;
      this.#running.delete(name);
      outputs.push(...this.#clear(name, running, label, at, context, notAsked));
    }
    return outputs;
  }

  /** With other parameters it is another detector, that has seen nothing. */
  #runningOf({ name, given, parameters }: WantedDetector): Running {
    const known = this.#running.get(name);
    if (known?.given === given) return known;
    const detector = detectorFrom(name, parameters);
    const running = { given, detector, drifts: known?.drifts ?? [], first: null, seen: 0, sum: 0 };
    this.#running.set(name, running);
    return running;
  }

  #errorsOf({ seen, sum }: Running): { readonly before: number | null; readonly now: number } {
    const now = this.#newest.slice(-Math.max(Math.min(seen, newestErrors), 1));
    const sumNow = now.reduce((total, size) => total + size, 0);
    const earlier = seen - now.length;
    return { before: earlier <= 0 ? null : Math.max(sum - sumNow, 0) / earlier, now: sumNow / now.length };
  }

  #basisOf({ detector, first, seen }: Running, label: TrafficPosition, at: FoldTime, context: MonitorContext) {
    const found = { window: null, first: first ?? label, last: label, rows: seen, sampled: seen, reference: null };
    return basisOf(this.place, found, at, context, methodOf(detector));
  }
}

const methodOf = ({ name, version, parameters }: StreamDetector): FindingMethod => ({ name, version, parameters });

const told = (finding: MonitoringEvent): MonitorOutput[] => [{ kind: 'finding', finding }];
