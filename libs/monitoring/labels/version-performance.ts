import type {
  DriftVerdict,
  FindingMethod,
  LabelRow,
  PerformanceMeasured,
  TrafficPosition,
  WindowClosed,
} from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import type { PremiseState } from '#libs/statistics/index.js';
import { Conditions, type ConditionsState, type FoldTime, type WatchedPlace } from '../conditions.js';
import type { MonitorContext, MonitorOutput, WatchedVersion } from '../contract.js';
import { driftFindings } from '../drift/drift-findings.js';
import { answerFormOf, labelledAnswer, type AnswerForm, type LabelledAnswer } from './answer-form.js';
import { beyondOf, BoundConditions, boundsOf, type ToldBounds } from './bounds.js';
import { ClassCodes, noCode } from './class-codes.js';
import { sharesIn, sharesOf } from './class-metrics.js';
import { ErrorDetectors, refusedDetectors, type ErrorDetectorsState } from './error-detectors.js';
import { estimateWindow, withoutEstimates, type AnsweredRows } from './estimate-window.js';
import { EstimatePremise, estimatorOf, notEstimated } from './estimates.js';
import { labelDrift } from './label-drift.js';
import {
  isEnded,
  LabelHorizon,
  type EndedWindow,
  type LabelHorizonState,
  type LabelledWindow,
  type WindowSpan,
} from './label-horizon.js';
import type { LabelledRow } from './label-table.js';
import { measure, type Measured } from './measure.js';
import { ErrorScale, type ErrorScaleState } from './prediction-error.js';
import { unmeasuredBounds } from './unmeasured-bounds.js';

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
  /** Classes that the version does not declare. */
  readonly classes: readonly string[];
  readonly detectors: ErrorDetectorsState;
  readonly scale: ErrorScaleState;
  readonly premise: PremiseState | null;
  readonly skipped: Skipped;
}

/** Labels that count nowhere, since this was noted last. */
interface Skipped {
  /** Their window is final. */
  readonly late: number;
  /** They name no row of the version, or no moment. */
  readonly unknown: number;
  /** More than memory is meant for. */
  readonly beyond: number;
}

const noneSkipped: Skipped = { late: 0, unknown: 0, beyond: 0 };

const labelled: Pick<FindingMethod, 'name' | 'version'> = { name: 'labelled_performance', version: 1 };

/**
 * What the labels of a version say: how it did in each window, whether inputs and labels still have the relation that was
 * trained, and whether estimates made without labels are to be believed. Which labels count does not depend on the order in
 * which they come, as long as their window is not final.
 */
export class VersionPerformance {
  readonly #conditions: Conditions;
  readonly #bounds: BoundConditions;
  readonly #horizon: LabelHorizon;
  readonly #detectors: ErrorDetectors;
  readonly #scale: ErrorScale;
  readonly #premise: EstimatePremise;
  readonly #storedClasses: readonly string[];
  /** Null until a label comes of a version that is known. */
  #codes: ClassCodes | null = null;
  #skipped: Skipped;

  constructor(
    private readonly place: WatchedPlace,
    state?: VersionPerformanceState,
  ) {
    this.#conditions = new Conditions(place, state?.conditions);
    this.#bounds = new BoundConditions(place, this.#conditions, state?.bounds);
    this.#horizon = new LabelHorizon(state?.horizon);
    this.#detectors = new ErrorDetectors(place, this.#conditions, state?.detectors);
    this.#scale = new ErrorScale(state?.scale);
    this.#premise = new EstimatePremise(state?.premise);
    this.#storedClasses = state?.classes ?? [];
    this.#skipped = state?.skipped ?? noneSkipped;
  }

  static restore(place: WatchedPlace, state: VersionPerformanceState): VersionPerformance {
    return new VersionPerformance(place, state);
  }

  state(): VersionPerformanceState {
    return {
      conditions: this.#conditions.state(),
      bounds: this.#bounds.state(),
      horizon: this.#horizon.state(),
      classes: this.#codes?.found ?? this.#storedClasses,
      detectors: this.#detectors.state(),
      scale: this.#scale.state(),
      premise: this.#premise.state(),
      skipped: this.#skipped,
    };
  }

  openConditions(): readonly string[] {
    return this.#conditions.open();
  }

  /** What is not judged, and why; labels that counted nowhere are told once. */
  notes(context: MonitorContext): string[] {
    const version = this.#versionOf(context);
    const { late, unknown, beyond } = this.#skipped;
    this.#skipped = noneSkipped;
    const form = formOf(version);
    const estimate = context.settings.performance.estimate && form.kind === 'classes';
    return [
      ...unmeasuredBounds(context.settings.performance, form),
      ...refusedDetectors(context.settings),
      ...(estimate ? notEstimated(context, version) : []),
      ...(late === 0 ? [] : [`${late} labels of windows that are final count no more`]),
      ...(unknown === 0 ? [] : [`${unknown} labels are of no row of a window, or of no moment`]),
      ...(beyond === 0 ? [] : [`${beyond} labels are more than are kept of one window`]),
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

  /** A window has ended, and was told. Windows whose labels have changed are measured, those waited for long enough for good. */
  closeWindow(span: WindowSpan, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const outputs: MonitorOutput[] = [];
    const { label_wait_windows: wait } = context.settings.performance;
    for (const window of [...this.#horizon.ended]) {
      if (window.span.number <= span.number - wait) outputs.push(...this.#finalise(at, context));
      else if (window.changed) outputs.push(this.#record(window, false, at, context));
    }
    const { window, unknown } = this.#horizon.end(span);
    if (unknown > 0) this.#skip('unknown', unknown);
    return [
      ...outputs,
      ...withoutEstimates(this.#bounds, span, at, context),
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
    const form = formOf(version);
    const answer = labelledAnswer(form, row);
    if (answer === null) {
      found.mismatched++;
      [found.changed, found.newest] = [true, at];
      return [];
    }
    const codes = this.#codesOf(form);
    this.#horizon.keepProbabilities(widthOf(version, codes));
    const first = !found.table.has(place);
    const outputs = first ? this.#makeRoom(at, context) : [];
    const window = this.#horizon.windowOf(place);
    if (window === 'late' || window === 'unknown') return [...outputs, ...this.#skip(window)];
    if (first && !this.#horizon.hasRoom) return [...outputs, ...this.#skip('beyond')];
    if (!window.table.put(place, { observedAt, eventId, index }, labelledRow(answer, codes, window.table.width)))
      return outputs;
    [window.changed, window.newest] = [true, at];
    if (first) outputs.push(...this.#observeError(answer, version, { seq: at.seq, row: index }, at, context));
    if (!isEnded(window)) return outputs;
    outputs.push(...this.#judgeIfEnough(window, at, context));
    if (first) outputs.push(...this.#recordIfWhole(window, at, context));
    return outputs;
  }

  /** Labels of some window still count. */
  get waits(): boolean {
    return this.#horizon.ended.length > 0 || this.#horizon.openLabels > 0;
  }

  /**
   * Labels of windows that have ended are waited for no longer. What was found stays found: should the version come back,
   * it goes on from here.
   */
  finish(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const outputs: MonitorOutput[] = [];
    while (this.#horizon.ended.length > 0) outputs.push(...this.#finalise(at, context));
    return outputs;
  }

  #versionOf(context: MonitorContext): WatchedVersion | undefined {
    return context.versionOf(this.place.model, this.place.version);
  }

  #codesOf(form: AnswerForm): ClassCodes {
    // What a version that is not known yet answers will be known.
    if (form.kind !== 'classes') return new ClassCodes(null);
    return (this.#codes ??= new ClassCodes(form.classes, this.#storedClasses));
  }

  #skip(why: keyof Skipped, labels = 1): MonitorOutput[] {
    this.#skipped = { ...this.#skipped, [why]: this.#skipped[why] + labels };
    return [];
  }

  /** The oldest windows are final before their time where there is no room for more labels. */
  #makeRoom(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const outputs: MonitorOutput[] = [];
    while (!this.#horizon.hasRoom && this.#horizon.ended.length > 0) outputs.push(...this.#finalise(at, context));
    return outputs;
  }

  #observeError(
    answer: LabelledAnswer,
    version: WatchedVersion,
    label: TrafficPosition,
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput[] {
    const { performance, drift_detection } = context.settings;
    if (performance.estimate && !this.#premise.withdrawn)
      this.#premise.observe(answer, estimatorOf(version, drift_detection.window_size));
    const error = this.#scale.errorOf(answer, trainingLabels(version)?.sd ?? null);
    return error === null ? [] : this.#detectors.observe(error, label, at, context);
  }

  #judgeIfEnough(window: EndedWindow, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const { min_labels, label_share } = context.settings.performance;
    const enough = window.table.size >= Math.max(min_labels, label_share * window.span.served);
    return enough && !window.judged ? this.#judge(window, at, context) : [];
  }

  #recordIfWhole(window: EndedWindow, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const { size } = window.table;
    return size > 0 && size === window.span.served ? [this.#record(window, false, at, context)] : [];
  }

  /** The oldest window that has ended: judged, if it was not and has labels enough, and told for the last time. */
  #finalise(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const [window] = this.#horizon.ended;
    if (window === undefined) return [];
    const enough = window.table.size >= context.settings.performance.min_labels;
    const outputs = enough && !window.judged ? this.#judge(window, at, context) : [];
    outputs.push(this.#record(window, true, at, context));
    this.#horizon.dropOldest();
    return outputs;
  }

  #judge(window: EndedWindow, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    window.judged = true;
    const { span, table } = window;
    const { performance } = context.settings;
    const { metrics } = this.#measure(window, context);
    const bounds = boundsOf(performance, formOf(this.#versionOf(context)).kind === 'classes');
    const rows = table.size;
    const found = { window: span.number, first: span.first, last: span.last, rows, sampled: rows, reference: null };
    const { min_labels, label_share } = performance;
    const method = { ...labelled, parameters: { level: 0.95, min_labels, label_share } };
    const outputs = [...new Set([...bounds.keys(), ...this.#bounds.open(false)])].flatMap((metric) => {
      const measured = metrics[metric];
      const own = bounds.get(metric);
      const beyond = own === undefined ? null : beyondOf(own, measured);
      const judgement = { metric, estimated: false, measured, beyond, rows, method };
      return this.#bounds.judge(judgement, found, at, context, own === undefined ? 1 : performance.clear_after);
    });
    const verdict = this.#labelDrift(window, context);
    if (verdict === null) return outputs;
    const version = this.#versionOf(context)!;
    const reference = 'missing' in version.reference ? null : version.reference.reference;
    const judging = { place: this.place, found: { ...found, reference }, at, context, conditions: this.#conditions };
    return [...outputs, ...driftFindings(verdict, judging)];
  }

  #record(window: EndedWindow, final: boolean, at: FoldTime, context: MonitorContext): MonitorOutput {
    window.changed = false;
    const { span, table, mismatched, newest } = window;
    const { metrics, noChange } = this.#measure(window, context);
    const { seq, logTime } = newest ?? at;
    const data: PerformanceMeasured = {
      ...this.place,
      window: span.number,
      at: isoTime(logTime),
      traffic_seq: seq,
      events_seq: context.eventsSeq,
      configuration_seq: context.configurationSeq,
      ...{ served: span.served, labels: table.size, mismatched, final, metrics },
      no_change_accuracy: noChange,
      label_drift: this.#labelDrift(window, context),
      detectors: this.#detectors.told(),
    };
    return { kind: 'record', record: { type: 'PerformanceMeasured', data } };
  }

  #measure({ table }: LabelledWindow, context: MonitorContext): Measured {
    const form = formOf(this.#versionOf(context));
    return measure(form, this.#codesOf(form), table);
  }

  #labelDrift({ span, table }: EndedWindow, context: MonitorContext): DriftVerdict | null {
    const version = this.#versionOf(context);
    if (version === undefined || table.size === 0) return null;
    const form = formOf(version);
    return labelDrift(this.place, span.number, form, this.#codesOf(form), table, trainingLabels(version), context);
  }
}

const forms = new WeakMap<WatchedVersion['signature'], AnswerForm>();

function formOf(version: WatchedVersion | undefined): AnswerForm {
  if (version === undefined) return { kind: 'other' };
  let form = forms.get(version.signature);
  if (form === undefined) {
    form = answerFormOf(version.signature);
    forms.set(version.signature, form);
  }
  return form;
}

const trainingLabels = ({ reference }: WatchedVersion) => ('missing' in reference ? null : reference.labels);

function widthOf({ signature }: WatchedVersion, { declared }: ClassCodes): number {
  const told =
    declared !== null && declared.length > 1 && signature.outputs.some(({ role }) => role === 'probabilities');
  return told ? sharesOf(declared.length) : 0;
}

function labelledRow(answer: LabelledAnswer, codes: ClassCodes, width: number): LabelledRow {
  switch (answer.kind) {
    case 'class': {
      const { label, predicted } = answer;
      return {
        label: codes.codeOf(label),
        predicted: predicted === null ? noCode : codes.codeOf(predicted),
        wrong: label !== predicted,
        probabilities: width === 0 ? [] : sharesIn(answer, codes.declared ?? []),
      };
    }
    case 'number':
      return { ...answer, wrong: answer.label !== answer.predicted, probabilities: [] };
    case 'other':
      return { label: Number.NaN, predicted: Number.NaN, wrong: false, probabilities: [] };
  }
}
