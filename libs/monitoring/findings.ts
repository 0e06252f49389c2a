import type { FindingMethod, Reference, TrafficPosition } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import type { FoldTime, WatchedPlace } from './conditions.js';
import type { MonitorContext } from './contract.js';

/** Where something was found. */
export interface FoundIn {
  /** Null: not in a window. */
  readonly window: number | null;
  readonly first: TrafficPosition;
  readonly last: TrafficPosition;
  readonly rows: number;
  /** Of them those whose values were seen. */
  readonly sampled: number;
  readonly reference: Reference | null;
}

export interface FindingBasis {
  readonly deployment: string;
  readonly model: string;
  readonly version: string;
  readonly at: string;
  readonly window: number | null;
  readonly inputs: Pick<FoundIn, 'first' | 'last' | 'rows' | 'sampled'>;
  readonly events_seq: number;
  readonly configuration_seq: number;
  readonly reference: Reference | null;
  readonly method: FindingMethod;
}

/** What every finding rests on. @param at the message that it follows from */
export const basisOf = (
  { deployment, model, version }: WatchedPlace,
  { window, first, last, rows, sampled, reference }: FoundIn,
  { logTime }: FoldTime,
  { eventsSeq, configurationSeq }: MonitorContext,
  method: FindingMethod,
): FindingBasis => ({
  ...{ deployment, model, version },
  at: isoTime(logTime),
  window,
  inputs: { first, last, rows, sampled },
  events_seq: eventsSeq,
  configuration_seq: configurationSeq,
  reference,
  method,
});
