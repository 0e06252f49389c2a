import type { NatsConnection, Status } from '@nats-io/nats-core';

/** Told when the connection is there again after a break, and when it is closed for good. Returns how to stop that. */
export function watchConnection(connection: NatsConnection, tell: (change: 'reconnect' | 'close') => void): () => void {
  // The iterator has `stop`, as all of the library's queued iterators; the type of `status()` leaves it out.
  const statuses = connection.status() as AsyncIterable<Status> & { stop(): void };
  const watch = async (): Promise<void> => {
    for await (const { type } of statuses) if (type === 'reconnect' || type === 'close') tell(type);
  };
  watch().catch(() => {
    tell('close');
  });
  return () => {
    statuses.stop();
  };
}
