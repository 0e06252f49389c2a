import type { DetectorParameters } from '#libs/statistics/index.js';
import type { SettingsChange } from './settings.js';

/** A place in the log: in TRAFFIC, in EVENTS (its time), or a time, milliseconds since the epoch. */
export type Moment =
  | { readonly kind: 'traffic'; readonly seq: number; readonly text: string }
  | { readonly kind: 'events'; readonly seq: number; readonly text: string }
  | { readonly kind: 'time'; readonly time: number; readonly text: string };

/** Where a concept changed: a sample of what is judged, from 0, or the first one at a moment. */
export type ChangePoint = Moment | { readonly kind: 'sample'; readonly index: number; readonly text: string };

export interface WantedDetector {
  /** As it was asked for. */
  readonly text: string;
  readonly name: string;
  readonly parameters: DetectorParameters;
}

/** What is to be found out. */
export interface BacktestRequest {
  readonly deployment: string;
  /** Of this version alone. */
  readonly version: string | null;
  /** Run over the recorded errors. */
  readonly detectors: readonly WantedDetector[];
  /** The monitor is run, with these settings changed; null: it is not. */
  readonly monitor: readonly SettingsChange[] | null;
  /** Beginnings of the conditions that are told; null: all. */
  readonly conditions: readonly string[] | null;
  readonly from: Moment | null;
  readonly to: Moment | null;
  /** Begins at `from` as if nothing had been before. */
  readonly fresh: boolean;
  readonly changePoints: readonly ChangePoint[];
  readonly within: number | null;
  /** By prediction id, as text; null: those that are recorded. */
  readonly labels: ReadonlyMap<string, string> | null;
}
