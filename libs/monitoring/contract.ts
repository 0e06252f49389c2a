/**
 * The monitor of a deployment as a fold: what TRAFFIC and EVENTS say goes in, what is to be recorded comes out. No clock, no
 * network, no randomness: the process that watches, a replay and a backtest run the same code and find the same.
 */
import type {
  Chunk,
  DriftBaseline,
  LabelsRecorded,
  MonitoringEvent,
  MonitoringSettings,
  Reference,
  Signature,
  Ticked,
  WindowRecord,
} from '#libs/contracts/index.js';
import type { ReferenceSummary } from '#libs/statistics/index.js';

interface Placed {
  /** In TRAFFIC. */
  readonly seq: number;
  /** Running maximum of the server's time up to here, milliseconds since the epoch: the log's time never runs back. */
  readonly logTime: number;
}

/** A message of TRAFFIC of one deployment, decoded. Messages are applied in the log's order, none twice, none left out. */
export type TrafficFact =
  | (Placed & { readonly kind: 'chunk'; readonly chunk: Chunk })
  | (Placed & { readonly kind: 'labels'; readonly eventId: string; readonly labels: LabelsRecorded })
  | (Placed & { readonly kind: 'tick'; readonly tick: Ticked });

/** What a version's windows are compared with, made once from its baseline or from a window of its own. */
export interface ReferenceSet {
  readonly reference: Reference;
  readonly features: readonly ReferenceSummary[];
  /** `value`, or `label` and `probabilities.<class>`. */
  readonly predictions: readonly ReferenceSummary[];
  /** Null where no labels are known. */
  readonly labels: ReferenceSummary | null;
  /** For estimates without labels: rows of the reference with what was true; null where it has none. */
  readonly labelled: DriftBaseline['sample'] | null;
}

/** What is known of a version: its signature, and its reference or why it has none. */
export interface WatchedVersion {
  readonly signature: Signature;
  readonly reference: ReferenceSet | { readonly missing: string };
}

/** What EVENTS say, up to the running maximum of the positions that TRAFFIC's messages name. */
export interface MonitorContext {
  readonly eventsSeq: number;
  /** 0 before any configuration was recorded. */
  readonly configurationSeq: number;
  readonly settings: MonitoringSettings;
  /** Undefined for a version that EVENTS does not know. */
  versionOf(model: string, version: string): WatchedVersion | undefined;
}

/** In the order in which they are to be appended: findings before the record of the window that they rest on. */
export type MonitorOutput =
  | { readonly kind: 'finding'; readonly finding: MonitoringEvent }
  | { readonly kind: 'record'; readonly record: WindowRecord };
