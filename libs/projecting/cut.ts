import type { Rejection } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import type { ProjectionReader, ReadAt } from './reader.js';

/**
 * Where another stream than EVENTS is cut for a moment that is `eventsSeq` in EVENTS: now is everything that is folded; a
 * past moment is cut at the time of EVENTS there.
 * @param stream of a projection of that stream
 * @param events of any projection of EVENTS
 */
export async function streamCut(
  stream: ProjectionReader,
  events: ProjectionReader,
  at: ReadAt,
  eventsSeq: number,
): Promise<Result<number, Rejection>> {
  if (at.as_of === undefined) return stream.resolveAsOf(undefined);
  if ('at' in at.as_of) return stream.cutAt(at.as_of.at);
  return stream.cutAt(await events.logTimeAt(eventsSeq));
}
