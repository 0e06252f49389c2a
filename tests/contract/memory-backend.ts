import type { Backend } from './backend.js';
import { MemoryStream } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';

export function memoryBackend(replicas: 1 | 3): Backend {
  const events = new MemoryStream({ name: 'EVENTS', clock: systemClock, replicas });
  const snapshots = new MemoryStream({ name: 'SNAPSHOTS', clock: systemClock, replicas, lastPerSubject: true });
  return {
    events,
    snapshots,
    writers: (count) => Promise.resolve(Array.from({ length: count }, () => events)),
    publishMany: async (messages) => {
      for (const message of messages) {
        const last = await events.lastOf(message.subject, 'leader');
        await events.publish({ ...message, expectedLastSubjectSeq: last?.seq ?? 0 });
      }
    },
    close: () => Promise.resolve(),
  };
}
