/** The event log's contract on all that it runs on: briefly by the specs beside this file, at length by event-log.soak.ts. */
import { afterAll } from '@jest/globals';
import type { NatsConnection } from '@nats-io/nats-core';
import { eventLogContract, type ContractSizes } from './event-log.contract.js';
import { jetStreamBackend } from './jetstream-backend.js';
import { memoryBackend } from './memory-backend.js';
import { streamNames } from '#config/streams.js';
import { startNats, startNatsCluster, type NatsHandle } from '#tests/support/nats.js';

const replicaNames = { 1: 'memory, as one replica', 3: 'memory, as three replicas' } as const;

export function onMemory(replicas: 1 | 3, sizes: ContractSizes): void {
  eventLogContract(replicaNames[replicas], { open: () => Promise.resolve(memoryBackend(replicas)), ...sizes });
}

export function onOneServer(sizes: ContractSizes): void {
  let server: NatsHandle | undefined;
  eventLogContract('one JetStream server', {
    open: async () => {
      const started = await startNats();
      server = started;
      return jetStreamBackend([started], 1, () => started.restart());
    },
    ...sizes,
  });
  afterAll(() => server?.stop());
}

export function onThreeServers(sizes: ContractSizes): void {
  let servers: readonly NatsHandle[] = [];
  eventLogContract('three JetStream servers', {
    open: async () => {
      servers = await startNatsCluster(3);
      return jetStreamBackend(servers, 3, (connection) => killLeader(servers, connection));
    },
    ...sizes,
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));
}

async function killLeader(servers: readonly NatsHandle[], connection: NatsConnection): Promise<void> {
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
