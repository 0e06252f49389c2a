import type { StreamStore } from '#libs/event-log/index.js';

const mostMessages = 256;
const mostBytes = 4 * 2 ** 20;
/** Of a deployment that stands thinly in the log so many reads reach back a million messages and more. */
const mostReads = 6;
const firstMessages = 16;

/**
 * The latest messages of a subject, newest first: at most 256, and about 4 MiB. A store reads forwards only, so each read
 * begins further back, by as many messages of all subjects as it should find the wanted number in; where it finds more, the
 * oldest of them are taken.
 */
export async function* recordedMessages(
  traffic: Pick<StreamStore, 'lastOf' | 'readSubject'>,
  subject: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const last = await traffic.lastOf(subject, 'replica');
  if (last === undefined) return;
  yield last.data;
  let [messages, bytes, before] = [1, last.data.length, last.seq];
  /** Messages of all subjects to one of this. */
  let spread = 1;
  for (let read = 0; read < mostReads && before > 1; read++) {
    const fitting = Math.floor(((mostBytes - bytes) / bytes) * messages);
    const limit = Math.min(firstMessages * 4 ** read, mostMessages - messages, fitting);
    if (limit < 1) return;
    const from = Math.max(1, before - Math.ceil(limit * spread));
    const found = await traffic.readSubject(subject, from, 'replica', limit);
    const older = found.filter(({ seq }) => seq < before);
    spread = Math.max(1, (before - from) / Math.max(older.length, 0.25));
    before = from;
    for (const { data } of older.reverse()) {
      messages += 1;
      bytes += data.length;
      yield data;
    }
  }
}
