import type { Rejection } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import { streamCut, type ProjectionReader, type ReadAt } from '#libs/projecting/index.js';

export interface TrafficReaders {
  /** Of the traffic projection. */
  readonly traffic: ProjectionReader;
  /** Of any projection of EVENTS: positions are given in EVENTS and cut TRAFFIC by the log's time. */
  readonly events: ProjectionReader;
}

/** Where TRAFFIC is cut for a moment that is `eventsSeq` in EVENTS. */
export const trafficCut = (
  { traffic, events }: TrafficReaders,
  at: ReadAt,
  eventsSeq: number,
): Promise<Result<number, Rejection>> => streamCut(traffic, events, at, eventsSeq);
