import type { DriftVerdict, FindingMethod, MeasuredMetric, PerformanceMeasured } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import type { Conditions, FoldTime, WatchedPlace } from '../conditions.js';
import type { MonitorContext, MonitorOutput, WatchedVersion } from '../contract.js';
import { driftCondition, driftFindings } from '../drift/drift-findings.js';
import { driftOver } from '../windows/judged-no-longer.js';
import { beyondOf, boundsOf, type BoundConditions } from './bounds.js';
import { labelDrift } from './label-drift.js';
import type { EndedWindow, WindowSpan } from './label-horizon.js';
import { measure, type Measured } from './measure.js';
import { answersOf, trainingLabels } from './version-answers.js';

const method: Pick<FindingMethod, 'name' | 'version'> = { name: 'labelled_performance', version: 1 };
const notAsked = 'it is bound no longer: the settings have no bound of it';

export interface JudgedLabels {
  readonly metrics: Readonly<Record<string, MeasuredMetric>>;
  readonly outputs: MonitorOutput[];
}

/** What the labels of a window that has ended say of its version: findings once, records as often as there are new labels. */
export class LabelJudge {
  constructor(
    private readonly place: WatchedPlace,
    private readonly conditions: Conditions,
    private readonly bounds: BoundConditions,
  ) {}

  judge(window: EndedWindow, version: WatchedVersion | undefined, at: FoldTime, context: MonitorContext): JudgedLabels {
    window.judged = true;
    const { span, table } = window;
    const { min_labels, label_share } = context.settings.performance;
    const { metrics } = measured(window, version);
    const rows = table.size;
    const found = { ...foundIn(span), rows, sampled: rows };
    const parameters = { level: 0.95, min_labels, label_share };
    const bounds = boundsOf(context.settings.performance, answersOf(version).form.kind === 'classes');
    const outputs = [...bounds].flatMap(([metric, own]) =>
      this.bounds.judge(
        {
          ...{ metric, estimated: false, measured: metrics[metric], beyond: beyondOf(own, metrics[metric]), rows },
          method: { ...method, parameters },
        },
        found,
        at,
        context,
      ),
    );
    return { metrics, outputs: [...outputs, ...this.#drift(window, version, at, context)] };
  }

  /** Metrics that the settings bound no more: what was found of them is over. */
  boundNoLonger(
    span: WindowSpan,
    version: WatchedVersion | undefined,
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput[] {
    const open = this.bounds.open(false);
    if (open.length === 0) return [];
    const bounds = boundsOf(context.settings.performance, answersOf(version).form.kind === 'classes');
    return open.flatMap((metric) => {
      if (bounds.has(metric)) return [];
      const judgement = { metric, estimated: false, measured: undefined, beyond: null, rows: 0, over: notAsked };
      return this.bounds.judge({ ...judgement, method: { ...method, parameters: {} } }, foundIn(span), at, context);
    });
  }

  record(
    { span, table, mismatched, newest }: EndedWindow,
    version: WatchedVersion | undefined,
    final: boolean,
    detectors: PerformanceMeasured['detectors'],
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput {
    const { metrics, noChange } = measured({ table }, version);
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
      label_drift: this.#labelDrift({ span, table }, version, context),
      detectors,
    };
    return { kind: 'record', record: { type: 'PerformanceMeasured', data } };
  }

  #drift(
    window: EndedWindow,
    version: WatchedVersion | undefined,
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput[] {
    const verdict = this.#labelDrift(window, version, context);
    const rows = window.table.size;
    const reference = version === undefined || 'missing' in version.reference ? null : version.reference.reference;
    const found = { ...foundIn(window.span), rows, sampled: rows, reference };
    const judging = { place: this.place, found, at, context, conditions: this.conditions };
    if (verdict !== null) return driftFindings(verdict, judging);
    const over = this.conditions.end(driftCondition('labels'));
    return over === null ? [] : driftOver(over, judging);
  }

  #labelDrift(
    { span, table }: Pick<EndedWindow, 'span' | 'table'>,
    version: WatchedVersion | undefined,
    context: MonitorContext,
  ): DriftVerdict | null {
    if (table.size === 0) return null;
    const { form, codes } = answersOf(version);
    return labelDrift(this.place, span.number, form, codes, table, trainingLabels(version), context);
  }
}

const foundIn = ({ number, first, last }: WindowSpan) => ({
  ...{ window: number, first, last, rows: 0, sampled: 0, reference: null },
});

function measured({ table }: Pick<EndedWindow, 'table'>, version: WatchedVersion | undefined): Measured {
  const { form, codes } = answersOf(version);
  return measure(form, codes, table);
}
