import { afterAll } from '@jest/globals';
import type { NatsConnection } from '@nats-io/nats-core';
import { eventLogContract } from './event-log.contract.js';
import { jetStreamBackend } from './jetstream-backend.js';
import { streamNames } from '#config/streams.js';
import { startNatsCluster, type NatsHandle } from '#tests/support/nats.js';

let servers: readonly NatsHandle[] = [];

eventLogContract('three JetStream servers', {
  open: async () => {
    servers = await startNatsCluster(3);
    return jetStreamBackend(servers, 3, killLeader);
  },
  raceRounds: 300,
});

afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function killLeader(connection: NatsConnection): Promise<void> {
  const reply = await connection.request(`$JS.API.STREAM.INFO.${streamNames.events}`, '', { timeout: 5_000 });
  const leader = reply.json<{ cluster?: { leader?: string } }>().cluster?.leader;
  for (const server of servers) {
    const { server_name: name } = (await (await fetch(`${server.monitorUrl}/varz`)).json()) as { server_name: string };
    if (name === leader) {
      await server.kill();
      return;
    }
  }
  throw new Error(`no server is called ${String(leader)}, which leads ${streamNames.events}`);
}
