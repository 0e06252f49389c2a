import type { Conditions, FoldTime, WatchedPlace } from './conditions.js';
import type { MonitorContext } from './contract.js';
import type { FoundIn } from './findings.js';

/** A window of a version that has ended, and what it is judged by. */
export interface Judging {
  readonly place: WatchedPlace;
  readonly found: FoundIn;
  /** The message that ended it. */
  readonly at: FoldTime;
  readonly context: MonitorContext;
  readonly conditions: Conditions;
}
