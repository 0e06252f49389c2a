import { randomUUID } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Backend } from './backend.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { BulkPublisher, ensureStreams, JetStreamStore } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import type { NatsHandle } from '#tests/support/nats.js';

/** @param servers of one cluster; connections go round them, so that writers meet at different servers */
export async function jetStreamBackend(
  servers: readonly Pick<NatsHandle, 'connection'>[],
  replicas: 1 | 3,
  disrupt: (connection: NatsConnection) => Promise<void>,
): Promise<Backend & { readonly connection: NatsConnection }> {
  const connections: NatsConnection[] = [];
  const open = async (): Promise<NatsConnection> => {
    const first = connections.length % servers.length;
    const { user, pass } = servers[first]!.connection;
    const addresses = servers.map(({ connection }) => connection.servers);
    const connection = await connect({
      servers: [...addresses.slice(first), ...addresses.slice(0, first)],
      user,
      pass,
      noRandomize: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    connections.push(connection);
    return connection;
  };
  const connection = await open();
  await ensureStreams(connection, streamDeclarations(replicas));
  return {
    connection,
    events: new JetStreamStore({ connection, stream: streamNames.events }),
    snapshots: new JetStreamStore({ connection, stream: streamNames.snapshots }),
    writers: (count) =>
      Promise.all(
        Array.from(
          { length: count },
          async () => new JetStreamStore({ connection: await open(), stream: streamNames.events }),
        ),
      ),
    publishMany: async (messages) => {
      const publisher = new BulkPublisher({
        connection,
        stream: streamNames.events,
        clock: systemClock,
        maxInFlight: messages.length,
      });
      await Promise.all(
        messages.map((message) => publisher.publish({ ...message, messageId: message.messageId ?? randomUUID() })),
      );
      await publisher.drain();
    },
    disrupt: () => disrupt(connection),
    close: async () => {
      await Promise.all(connections.map((each) => each.close()));
    },
  };
}
