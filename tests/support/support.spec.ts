import { describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';
import { startNats, startNatsCluster } from './nats.js';
import { createDatabase } from './postgres.js';
import { until } from './wait.js';

describe('test servers', () => {
  it('a nats-server keeps its port, its store and its sync rule through a crash', async () => {
    const server = await startNats();
    try {
      const connection = await connect(server.connection);
      const manager = await jetstreamManager(connection);
      await manager.streams.add({ name: 'KEPT', subjects: ['kept.>'] });
      await jetstream(connection).publish('kept.one', 'x');
      await connection.close();
      const before = server.pid;
      await server.kill();
      await server.restart();
      expect(server.pid).not.toBe(before);
      const again = await connect(server.connection);
      expect((await (await jetstreamManager(again)).streams.info('KEPT')).state.messages).toBe(1);
      await again.close();
      const report = (await (await fetch(`${server.monitorUrl}/jsz?config=1`)).json()) as {
        config: { sync_always?: boolean };
      };
      expect(report.config.sync_always).toBe(true);
    } finally {
      await server.stop();
    }
  });

  it('a subscriber reads events and can append none', async () => {
    const server = await startNats();
    try {
      const platform = await connect(server.connection);
      await (await jetstreamManager(platform)).streams.add({ name: 'EVENTS', subjects: ['evt.>'] });
      await jetstream(platform).publish('evt.model.m', 'x');
      const subscriber = await connect({
        ...server.connection,
        user: 'subscriber',
        pass: 'reader',
        inboxPrefix: '_INBOX_subscriber',
      });
      const consumer = await jetstream(subscriber).consumers.get('EVENTS');
      expect((await consumer.next())?.string()).toBe('x');
      await expect(jetstream(subscriber).publish('evt.model.m', 'y')).rejects.toThrow(/permission/i);
      await subscriber.close();
      await platform.close();
    } finally {
      await server.stop();
    }
  });

  it('three servers replicate a stream and survive the loss of one', async () => {
    const nodes = await startNatsCluster(3);
    try {
      const connection = await connect({
        ...nodes[0]!.connection,
        servers: nodes.map((node) => node.connection.servers),
      });
      // Without a leader nobody answers: asked again rather than waited for.
      const manager = await jetstreamManager(connection, { timeout: 1_000 });
      const info = await manager.streams.add({ name: 'KEPT', subjects: ['kept.>'], num_replicas: 3 });
      expect(info.cluster?.replicas).toHaveLength(2);
      await jetstream(connection).publish('kept.one', 'x');
      await nodes[0]!.kill();
      await nodes[0]!.restart();
      const found = await until(async () => (await manager.streams.info('KEPT')).state.messages, {
        what: 'the stream to have a leader',
      });
      expect(found).toBe(1);
      await connection.close();
    } finally {
      await Promise.all(nodes.map((node) => node.kill()));
    }
  });

  it('a database is empty, and gone after its drop', async () => {
    const database = await createDatabase('support');
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await database.drop();
    const late = new pg.Client({ connectionString: database.url });
    await expect(late.connect()).rejects.toThrow(/does not exist/);
  });
});
