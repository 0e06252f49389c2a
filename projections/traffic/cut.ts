import type { Rejection } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import type { ProjectionReader, ReadAt } from '#libs/projecting/index.js';

export interface TrafficReaders {
  /** Of the traffic projection. */
  readonly traffic: ProjectionReader;
  /** Of any projection of EVENTS: positions are given in EVENTS and cut TRAFFIC by the log's time. */
  readonly events: ProjectionReader;
}

/**
 * Where TRAFFIC is cut for a moment that is `eventsSeq` in EVENTS: now is everything that is folded; a past moment is cut
 * at the time of EVENTS there.
 */
export async function trafficCut(
  { traffic, events }: TrafficReaders,
  at: ReadAt,
  eventsSeq: number,
): Promise<Result<number, Rejection>> {
  if (at.as_of === undefined) return traffic.resolveAsOf(undefined);
  if ('at' in at.as_of) return traffic.cutAt(at.as_of.at);
  return traffic.cutAt(await events.logTimeAt(eventsSeq));
}
