import type { api, DriftVerdict, MeasuredMetric } from '#libs/contracts/index.js';
import type { Flights } from '../flights/flights.js';
import type { Asked } from '../stream/asked.js';

/** What the monitor says of one window, and the flights that it holds. */
export interface WatchedWindow {
  readonly number: number;
  /** Departures of its first and last flight. */
  readonly from: number;
  readonly to: number;
  readonly served: number;
  /** Share of its flights that were late. */
  readonly lateShare: number;
  readonly issues: readonly string[];
  readonly drifted: readonly string[];
  readonly predictionsDrifted: boolean;
  readonly labelsDrifted: boolean;
  readonly accuracy: MeasuredMetric | null;
  readonly estimated: MeasuredMetric | null;
  readonly withdrawn: boolean;
  readonly open: readonly string[];
}

export interface WindowAnswers {
  readonly performance: readonly api.PerformanceWindow[];
  readonly drift: readonly api.DriftWindow[];
  readonly quality: readonly api.QualityWindow[];
}

export interface WindowFlights {
  readonly flights: Flights;
  /** Rows that were asked for. */
  readonly rows: Int32Array;
  readonly asked: Asked;
  readonly isLate: (row: number) => boolean;
}

/** Windows of which all is told: their labels have come, or nobody waits for them. In order of their number. */
export function completeWindows(answers: WindowAnswers, flights: WindowFlights): WatchedWindow[] {
  const drift = new Map(answers.drift.map((window) => [window.window, window]));
  const quality = new Map(answers.quality.map((window) => [window.window, window]));
  return answers.performance
    .filter(({ measured }) => measured !== null && (measured.final || measured.labels === measured.served))
    .sort((a, b) => a.window - b.window)
    .flatMap((window) => {
      const [ofDrift, ofQuality] = [drift.get(window.window), quality.get(window.window)];
      return ofDrift && ofQuality ? [watched(window, ofDrift, ofQuality, flights)] : [];
    });
}

function watched(
  { window, first, last, rows, measured, estimated }: api.PerformanceWindow,
  { drift, label_drift, open }: api.DriftWindow,
  { quality }: api.QualityWindow,
  { flights, rows: sampled, asked, isLate }: WindowFlights,
): WatchedWindow {
  const held = asked.between(first, last).map((place) => sampled[place]!);
  return {
    number: window,
    from: flights.departed[held[0]!]!,
    to: flights.departed[held.at(-1)!]!,
    served: rows.served,
    lateShare: held.filter(isLate).length / held.length,
    issues: quality.issues.map(({ check, column }) => (column === null ? check : `${check} ${column}`)),
    drifted: driftedColumns(drift.find(({ scope }) => scope === 'features')),
    predictionsDrifted: drift.find(({ scope }) => scope === 'predictions')?.drifted === true,
    labelsDrifted: label_drift?.drifted === true,
    accuracy: measured?.metrics.accuracy ?? null,
    estimated: estimated?.metrics.accuracy ?? null,
    withdrawn: estimated?.withdrawn === true,
    open,
  };
}

const driftedColumns = (verdict: DriftVerdict | undefined): string[] =>
  verdict?.drifted === true
    ? verdict.columns.filter(({ drifted }) => drifted === true).map(({ column }) => column)
    : [];
