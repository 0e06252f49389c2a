import {
  driftScope,
  type ClosedBy,
  type DriftVerdict,
  type Reference,
  type WindowClosed,
} from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import type { ColumnFigures, DriftState } from '#libs/statistics/index.js';
import type { Conditions, FoldTime, WatchedPlace } from '../conditions.js';
import type { MonitorContext, MonitorOutput } from '../contract.js';
import { driftCondition, driftFindings } from '../drift/drift-findings.js';
import { judgeTogether } from '../drift/multivariate.js';
import { judgeScope, noWindows } from '../drift/scope-drift.js';
import type { FoundIn } from '../findings.js';
import type { Judging } from '../judging.js';
import type { Checked } from '../quality/issue.js';
import { qualityFindings } from '../quality/quality-findings.js';
import { qualityOfWindow } from '../quality/quality-of-window.js';
import { checkVolume, rateOf, withRate } from '../quality/volume.js';
import { seedOf } from '../seeds.js';
import type { BoundConditions } from '../labels/bounds.js';
import { judgedNoLonger } from './judged-no-longer.js';
import { latencyFinding } from './latency-finding.js';
import type { OpenWindow } from './open-window.js';

/** What is remembered of the windows before, plain. */
export interface WindowHistory {
  /** Rows a second of the newest windows. */
  readonly rates: readonly number[];
  /** By scope; begun anew with another reference. */
  readonly drift: { readonly reference: Reference | null; readonly scopes: Readonly<Record<string, DriftState>> };
}

export const noHistory: WindowHistory = { rates: [], drift: { reference: null, scopes: {} } };

export interface JudgedWindow {
  readonly findings: readonly MonitorOutput[];
  /** Without what labels say, what was open, and what is known of estimates. */
  readonly record: Omit<WindowClosed, 'estimated' | 'open'>;
  readonly history: WindowHistory;
}

/** A window that has ended, against its reference and the windows before. */
export function judgeWindow(
  place: WatchedPlace,
  window: OpenWindow,
  closedBy: ClosedBy,
  history: WindowHistory,
  conditions: Conditions,
  bounds: BoundConditions,
  at: FoldTime,
  context: MonitorContext,
): JudgedWindow {
  const { settings, eventsSeq, configurationSeq } = context;
  const judging: Judging = { place, found: foundIn(window), at, context, conditions };
  const { span } = window;
  const rate = rateOf(span, closedBy, settings.drift_detection.window_seconds);
  const figures = window.features.figures();
  const quality = qualityOfWindow(window, figures, settings, [
    ...checkVolume(rate, history.rates, settings.quality),
    checkReference(window),
  ]);
  const drift = judgeDrift(window, figures, history.drift, judging);
  const { deployment, model, version } = place;
  return {
    findings: [
      ...qualityFindings(quality.checked, judging),
      ...drift.verdicts.flatMap((verdict) => driftFindings(verdict, judging)),
      ...latencyFinding(window.latencies, bounds, judging),
      ...judgedNoLonger(judging),
    ],
    history: { rates: withRate(history.rates, rate), drift: drift.states },
    record: {
      ...{ deployment, model, version, window: span.number, closed_by: closedBy },
      ...{ first: span.first, last: span.last, from: isoTime(span.from), to: isoTime(span.to) },
      ...{ events_seq: eventsSeq, configuration_seq: configurationSeq, reference: judging.found.reference },
      rows: { served: span.served, failed: span.failed, refused: span.refused },
      sampled: window.features.reservoir.rows,
      latency_ms: window.latencies.figures(),
      quality: quality.verdict,
      drift: drift.verdicts,
      notes: [...notesOf(window), ...drift.notes],
    },
  };
}

const foundIn = ({ span, layout, rows, features }: OpenWindow): FoundIn => ({
  ...{ window: span.number, first: span.first, last: span.last, rows },
  sampled: features.reservoir.rows,
  reference: layout.reference?.reference ?? null,
});

/** The version is to have a reference and has none. */
function checkReference({ withoutReference }: OpenWindow): Checked {
  const wanting = withoutReference?.wanting ?? false;
  return {
    ...{ check: 'no_reference', column: null, value: Number(wanting), expected: null, threshold: 0 },
    detail: () => withoutReference?.why ?? 'there is a reference',
    wrong: wanting,
  };
}

function judgeDrift(
  window: OpenWindow,
  figures: readonly ColumnFigures[],
  { reference: before, scopes }: WindowHistory['drift'],
  { place, found: { reference }, context, conditions }: Judging,
): { verdicts: DriftVerdict[]; notes: string[]; states: WindowHistory['drift'] } {
  const settings = context.settings.drift_detection;
  const same = JSON.stringify(before) === JSON.stringify(reference);
  const stateOf = (scope: string): DriftState => (same ? (scopes[scope] ?? noWindows) : noWindows);
  const seed = (scope: string): number =>
    seedOf('drift', scope, place.deployment, `${place.model}@${place.version}`, window.span.number);
  const { features, outputs, layout } = window;
  const judged = {
    features: judgeScope('features', features, figures, settings, stateOf('features'), seed('features')),
    predictions: judgeScope(
      'predictions',
      outputs,
      outputs.figures(),
      settings,
      stateOf('predictions'),
      seed('predictions'),
    ),
    multivariate: judgeTogether(layout.reference, features, settings, stateOf('multivariate'), seed('multivariate')),
  };
  for (const scope of driftScope.options)
    if (scope in judged && judged[scope as keyof typeof judged].asked) conditions.unknown(driftCondition(scope));
  return {
    verdicts: Object.values(judged).flatMap(({ verdict }) => (verdict === null ? [] : [verdict])),
    notes: Object.values(judged).flatMap(({ notes }) => notes),
    states: {
      reference,
      scopes: Object.fromEntries(Object.entries(judged).map(([scope, { state }]) => [scope, state])),
    },
  };
}

const notesOf = ({ withoutReference, layout }: OpenWindow): string[] => [
  ...(withoutReference === null ? [] : [`nothing to compare with: ${withoutReference.why}`]),
  ...layout.tooWide.map((name) => `'${name}' has more elements than are watched one by one`),
];
