import { describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { startNats } from '#tests/support/nats.js';
import { until } from '#tests/support/wait.js';
import { ServingMembers } from './serving-members.js';

const member = (instance: string) => ({ instance, epoch: 'e', pid: 1, started_at: '2026-11-23T12:00:00.000Z' });

describe('the serving processes', () => {
  it('are still known after the server crashed, until they leave', async () => {
    const nats = await startNats();
    const connection = await connect({ ...nats.connection, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
    try {
      const members = new ServingMembers({ connection, replicas: 1 });
      expect(await members.list()).toEqual([]);
      for (const instance of ['serving-0-a', 'serving-1-b']) await members.put(member(instance));
      await nats.kill();
      await nats.restart();
      await until(() => connection.rtt().catch(() => undefined), { what: 'the connection' });
      expect((await members.list()).map(({ instance }) => instance).sort()).toEqual(['serving-0-a', 'serving-1-b']);
      await members.remove('serving-0-a');
      expect(await members.list()).toEqual([member('serving-1-b')]);
    } finally {
      await connection.close();
      await nats.stop();
    }
  });
});
