import type { MonitorContext, MonitorOutput, TrafficFact } from '#libs/monitoring/index.js';

/** A deployment's monitor, as this process runs it. */
export interface Fold {
  /** @param fact of the deployment, behind all before it. */
  apply(fact: TrafficFact, context: MonitorContext): readonly MonitorOutput[];
  /** Plain data for v8.serialize. */
  state(): unknown;
  /** Versions that `apply` may ask the context for, beside those that the fact names. */
  watched(): readonly VersionName[];
}

export interface VersionName {
  readonly model: string;
  readonly version: string;
}

/** How monitors are made. */
export interface Folding {
  /** Raised whenever a state means something else: checkpoints of another version are not gone on with. */
  readonly version: number;
  begin(deployment: string): Fold;
  /** @param state of this version. */
  restore(state: unknown): Fold;
}
