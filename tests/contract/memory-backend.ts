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
      await Promise.all(messages.map((message) => events.publish(message)));
    },
    close: () => Promise.resolve(),
  };
}
