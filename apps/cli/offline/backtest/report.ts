import type { MonitoringEvent } from '#libs/contracts/index.js';
import { conditionsOf } from '#libs/domain/index.js';
import type { DetectorReport, VersionErrors } from './detector-pass.js';
import type { ConditionScore, FoundAgain, VersionWindows } from './monitor-pass.js';

/** A finding of the backtest, of the log, or of both. */
export interface ComparedFinding {
  readonly finding: MonitoringEvent;
  readonly recorded: boolean;
  /** Row of the version from 0 at the span's beginning; null: not found here. */
  readonly index: number | null;
}

/** What `--json` prints. */
export interface BacktestReport {
  readonly deployment: string;
  /** What was told of; null: no message of the deployment is in the span. */
  readonly span: {
    readonly first_seq: number;
    readonly last_seq: number;
    readonly from: string;
    readonly to: string;
  } | null;
  readonly rows: number;
  readonly labels: number;
  readonly detectors: readonly DetectorReport[];
  readonly errors: readonly VersionErrors[];
  /** Null: the monitor was not run. */
  readonly monitor: {
    readonly findings: readonly MonitoringEvent[];
    readonly versions: readonly VersionWindows[];
    readonly scores: readonly ConditionScore[];
  } | null;
  /** By the log's time. */
  readonly compared: readonly ComparedFinding[];
  /** Of the span and of what was asked for. */
  readonly recorded: readonly MonitoringEvent[];
  readonly notes: readonly string[];
}

/** What was found here beside what is recorded: each finding once, by the log's time. */
export function compareFindings(found: readonly FoundAgain[], recorded: readonly MonitoringEvent[]): ComparedFinding[] {
  const known = new Set(recorded.map(identityOf));
  const again = new Set(found.map(({ finding }) => identityOf(finding)));
  return [
    ...found.map(({ finding, index }) => ({ finding, index, recorded: known.has(identityOf(finding)) })),
    ...recorded
      .filter((finding) => !again.has(identityOf(finding)))
      .map((finding) => ({ finding, index: null, recorded: true })),
  ].sort((a, b) => Date.parse(a.finding.data.at) - Date.parse(b.finding.data.at));
}

/** The same finding has the same type and ids of its conditions. */
const identityOf = (finding: MonitoringEvent): string =>
  [finding.type, ...conditionsOf(finding).map(({ finding_id }) => finding_id)].join(' ');
