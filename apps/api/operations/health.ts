import type { HealthRegistry, NatsConnection, ServingMembers } from '#libs/nest/index.js';
import type { Database, ProjectionReader } from '#libs/projecting/index.js';

export interface HealthSources {
  readonly connection: NatsConnection;
  readonly database: Database;
  readonly members: ServingMembers;
  readonly readers: readonly ProjectionReader[];
}

/** What must work for the api to be of use: `/health/ready` names what does not. */
export function registerHealth(
  health: HealthRegistry,
  { connection, database, members, readers }: HealthSources,
): void {
  health.register('nats', async () => {
    await connection.flush();
  });
  health.register('postgres', async () => {
    await database.query('select 1');
  });
  health.register('projector', async () => {
    for (const reader of readers) {
      const checkpoint = await reader.checkpoint();
      if (checkpoint === undefined) throw new Error(`the read model ${reader.projection} is not built yet`);
    }
  });
  health.register('serving', async () => {
    if ((await members.list()).length === 0) throw new Error('no serving process is registered');
  });
}
