import type { LabelRow, TrafficPosition, WindowClosed } from '#libs/contracts/index.js';
import { Conditions, type ConditionsState, type FoldTime, type WatchedPlace } from '../conditions.js';
import type { MonitorContext, MonitorOutput, WatchedVersion } from '../contract.js';
import { labelledAnswer, type LabelledAnswer } from './answer-form.js';
import { BoundConditions, type ToldBounds } from './bounds.js';
import { ErrorDetectors, type ErrorDetectorsState } from './error-detectors.js';
import { EstimatePremise, type EstimatePremiseState } from './estimate-premise.js';
import { comparedMetrics, estimateWindow, withoutEstimates, type AnsweredRows } from './estimate-window.js';
import { estimatorOf, notEstimated } from './estimates.js';
import { LabelJudge } from './judge-labels.js';
import {
  isEnded,
  LabelHorizon,
  type EndedWindow,
  type EstimatedMetrics,
  type LabelHorizonState,
  type WindowSpan,
} from './label-horizon.js';
import { LabelMemory, type LabelHolder } from './label-memory.js';
import { ErrorScale, type ErrorScaleState } from './prediction-error.js';
import { SkippedLabels, type SkippedLabelsState } from './skipped-labels.js';
import { unmeasuredBounds } from './unmeasured-bounds.js';
import { answersOf, labelledRow, trainingLabels } from './version-answers.js';
import { refusedDetectors } from './wanted-detectors.js';

/** A label as it stands in its message. */
export interface ObservedLabel {
  readonly row: LabelRow;
  /** Where its prediction stands. */
  readonly place: TrafficPosition;
  /** Of the message. */
  readonly eventId: string;
  /** Row in the message. */
  readonly index: number;
}

export interface VersionPerformanceState {
  readonly conditions: ConditionsState;
  readonly bounds: ToldBounds;
  readonly horizon: LabelHorizonState;
  readonly detectors: ErrorDetectorsState;
  readonly scale: ErrorScaleState;
  readonly premise: EstimatePremiseState;
  readonly skipped: SkippedLabelsState;
}

/**
 * What the labels of a version say: how it did in each window, whether inputs and labels still have the relation that was
 * trained, and whether estimates made without labels are to be believed. Which labels count does not depend on the order in
 * which they come, as long as their window is not final.
 */
export class VersionPerformance implements LabelHolder {
  readonly #conditions: Conditions;
  readonly #bounds: BoundConditions;
  readonly #judge: LabelJudge;
  readonly #horizon: LabelHorizon;
  readonly #detectors: ErrorDetectors;
  readonly #scale: ErrorScale;
  readonly #premise: EstimatePremise;
  readonly #skipped: SkippedLabels;

  /** @param memory shared by the versions of a deployment */
  constructor(
    private readonly place: WatchedPlace,
    private readonly memory: LabelMemory = new LabelMemory(),
    state?: VersionPerformanceState,
  ) {
    this.#conditions = new Conditions(place, state?.conditions);
    this.#bounds = new BoundConditions(place, this.#conditions, state?.bounds);
    this.#judge = new LabelJudge(place, this.#conditions, this.#bounds);
    this.#horizon = new LabelHorizon(memory, state?.horizon);
    this.#detectors = new ErrorDetectors(place, this.#conditions, state?.detectors);
    this.#scale = new ErrorScale(state?.scale);
    this.#premise = new EstimatePremise(state?.premise);
    this.#skipped = new SkippedLabels(state?.skipped);
    memory.hold(this);
  }

  state(): VersionPerformanceState {
    return {
      conditions: this.#conditions.state(),
      bounds: this.#bounds.state(),
      horizon: this.#horizon.state(),
      detectors: this.#detectors.state(),
      scale: this.#scale.state(),
      premise: this.#premise.state(),
      skipped: this.#skipped.state(),
    };
  }

  /** What has to be remembered when no labels are waited for. It is to be used no more. */
  rest(): VersionPerformanceState {
    this.memory.release(this);
    const horizon = { ...this.#horizon.state(), open: null };
    return { ...this.state(), horizon, detectors: this.#detectors.rest() };
  }

  openConditions(): readonly string[] {
    return this.#conditions.open();
  }

  /** What is not judged, and why; labels that counted nowhere are told once. */
  notes(context: MonitorContext): string[] {
    const version = this.#versionOf(context);
    const { form } = answersOf(version);
    const estimate = context.settings.performance.estimate && form.kind === 'classes';
    return [
      ...unmeasuredBounds(context.settings.performance, form),
      ...refusedDetectors(context.settings),
      ...(estimate ? notEstimated(context, version) : []),
      ...this.#skipped.notes(),
    ];
  }

  /** Rows of a window that ends, with their probabilities: how the version did, as far as it can tell by itself. */
  estimateOf(
    window: AnsweredRows,
    at: FoldTime,
    context: MonitorContext,
  ): { readonly estimated: WindowClosed['estimated']; readonly outputs: MonitorOutput[] } {
    const version = this.#versionOf(context);
    return estimateWindow(window, version, this.#premise.withdrawn, this.#bounds, at, context);
  }

  /**
   * A window has ended, and was told. Windows whose labels have changed are measured, those waited for long enough for good.
   * @param estimated of it, without labels.
   */
  closeWindow(span: WindowSpan, estimated: EstimatedMetrics, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const outputs: MonitorOutput[] = [];
    const version = this.#versionOf(context);
    const { label_wait_windows: wait } = context.settings.performance;
    for (const window of [...this.#horizon.ended]) {
      if (window.span.number <= span.number - wait) outputs.push(...this.finishOldest(at, context));
      else if (window.changed) outputs.push(this.#record(window, false, at, context));
    }
    const classes = answersOf(version).codes.declared?.length ?? 0;
    const compared = comparedMetrics(classes).flatMap((metric) =>
      estimated[metric] === undefined ? [] : [[metric, estimated[metric]] as const],
    );
    const { window, unknown } = this.#horizon.end(span, Object.fromEntries(compared));
    if (unknown > 0) this.#skipped.add('unknown', unknown);
    return [
      ...outputs,
      ...withoutEstimates(this.#bounds, span, at, context),
      ...this.#judge.boundNoLonger(span, version, at, context),
      ...this.#detectors.dropOthers(span.last, at, context),
      ...this.#judgeIfEnough(window, at, context),
      ...this.#recordIfWhole(window, at, context),
    ];
  }

  /** A label of the version. */
  label({ row, place, eventId, index }: ObservedLabel, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const version = this.#versionOf(context);
    const observedAt = Date.parse(row.observed_at);
    if (version === undefined || Number.isNaN(observedAt) || place.seq >= at.seq) return this.#skip('unknown');
    const found = this.#horizon.windowOf(place);
    if (found === 'late' || found === 'unknown') return this.#skip(found);
    const answers = answersOf(version);
    const answer = labelledAnswer(answers.form, row);
    if (answer === null) {
      found.mismatched++;
      [found.changed, found.newest] = [true, at];
      return [];
    }
    this.#horizon.keepProbabilities(answers.width);
    const first = !found.table.has(place);
    const { rowBytes } = this.#horizon;
    const outputs = first ? this.memory.makeRoom(rowBytes, at, context) : [];
    const window = this.#horizon.windowOf(place);
    if (window === 'late' || window === 'unknown') return [...outputs, ...this.#skip(window)];
    if (first && !this.memory.hasRoom(rowBytes)) return [...outputs, ...this.#skip('beyond')];
    if (first && isEnded(window) && window.table.size >= window.span.served)
      return [...outputs, ...this.#skip('unknown')];
    if (!window.table.put(place, { observedAt, eventId, index }, labelledRow(answer, answers, window.table.width)))
      return outputs;
    [window.changed, window.newest] = [true, at];
    if (first) {
      this.#horizon.counted(window);
      outputs.push(...this.#observeError(answer, version, { seq: at.seq, row: index }, at, context));
    }
    if (!isEnded(window)) return outputs;
    outputs.push(...this.#judgeIfEnough(window, at, context));
    if (first) outputs.push(...this.#recordIfWhole(window, at, context));
    return outputs;
  }

  /** Labels of some window still count. */
  get waits(): boolean {
    return this.#horizon.ended.length > 0 || this.#horizon.openLabels > 0;
  }

  get oldestEnd(): TrafficPosition | null {
    return this.#horizon.ended[0]?.span.last ?? null;
  }

  /** The oldest window that has ended: judged, if it was not and has labels enough, and told for the last time. */
  finishOldest(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const [window] = this.#horizon.ended;
    if (window === undefined) return [];
    const enough = window.table.size >= context.settings.performance.min_labels;
    const outputs = enough && !window.judged ? this.#judgeNow(window, at, context) : [];
    outputs.push(this.#record(window, true, at, context));
    this.#horizon.dropOldest();
    return outputs;
  }

  /**
   * Labels of windows that have ended are waited for no longer. What was found stays found: should the version come back,
   * it goes on from here.
   */
  finish(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const outputs: MonitorOutput[] = [];
    while (this.#horizon.ended.length > 0) outputs.push(...this.finishOldest(at, context));
    return outputs;
  }

  #versionOf(context: MonitorContext): WatchedVersion | undefined {
    return context.versionOf(this.place.model, this.place.version);
  }

  #skip(why: keyof SkippedLabelsState): MonitorOutput[] {
    this.#skipped.add(why);
    return [];
  }

  #observeError(
    answer: LabelledAnswer,
    version: WatchedVersion,
    label: TrafficPosition,
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput[] {
    const { performance, drift_detection } = context.settings;
    if (performance.estimate) this.#premise.observe(answer, estimatorOf(version, drift_detection.window_size));
    const error = this.#scale.errorOf(answer, trainingLabels(version)?.sd ?? null);
    return error === null ? [] : this.#detectors.observe(error, label, at, context);
  }

  #judgeIfEnough(window: EndedWindow, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const { min_labels, label_share } = context.settings.performance;
    const enough = window.table.size >= Math.max(min_labels, label_share * window.span.served);
    return enough && !window.judged ? this.#judgeNow(window, at, context) : [];
  }

  #judgeNow(window: EndedWindow, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const { metrics, outputs } = this.#judge.judge(window, this.#versionOf(context), at, context);
    this.#premise.judged(metrics, window.estimated, context.settings.performance.clear_after);
    return outputs;
  }

  #recordIfWhole(window: EndedWindow, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const { size } = window.table;
    return size > 0 && size === window.span.served ? [this.#record(window, false, at, context)] : [];
  }

  #record(window: EndedWindow, final: boolean, at: FoldTime, context: MonitorContext): MonitorOutput {
    window.changed = false;
    return this.#judge.record(window, this.#versionOf(context), final, this.#detectors.told(), at, context);
  }
}
