import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { servingBucket, servingMember, type ServingMember } from '#libs/contracts/index.js';
import type { NatsConnection } from './nats-connection.js';

export interface ServingMembersOptions {
  readonly connection: NatsConnection;
  /** Copies of the bucket, where it has to be made. */
  readonly replicas: number;
}

const keyPrefix = `$KV.${servingBucket.name}.`;

/**
 * The serving processes that are alive: a bucket whose entries expire. It lies on disk, so that it outlives a restart of
 * the server: who was left out of the list then could route by an older table than a rollback answers for.
 */
export class ServingMembers {
  #bucket: Promise<KV> | null = null;

  constructor(private readonly options: ServingMembersOptions) {}

  /** Enters a member, or renews it: to be called every `servingBucket.heartbeatMs`. Rejects when the log is away. */
  async put(member: ServingMember): Promise<void> {
    const entry = JSON.stringify(member);
    await this.#withBucket(async (bucket) => bucket.put(member.instance, entry));
  }

  /** Takes a member out at once, without waiting for its entry to expire. */
  async remove(instance: string): Promise<void> {
    await this.#withBucket((bucket) => bucket.purge(instance));
  }

  /** Every member whose entry has not expired, as the leader knows them. */
  list(): Promise<ServingMember[]> {
    return this.#withBucket(async (bucket) => {
      const instances = await this.#instances();
      const entries = await Promise.all(instances.map((instance) => bucket.get(instance)));
      return entries
        .filter((entry) => entry?.operation === 'PUT')
        .map((entry) => servingMember.parse(JSON.parse(entry!.string())));
    });
  }

  /** From the stream's own state: its consumers, by which a bucket lists its keys, may read a replica that lags. */
  async #instances(): Promise<string[]> {
    const manager = await jetstreamManager(this.options.connection, { checkAPI: false });
    const { state } = await manager.streams.info(`KV_${servingBucket.name}`, { subjects_filter: `${keyPrefix}>` });
    return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(keyPrefix.length));
  }

  async #withBucket<T>(use: (bucket: KV) => Promise<T>): Promise<T> {
    try {
      return await use(await this.#open());
    } catch {
      this.#bucket = null;
      return use(await this.#open());
    }
  }

  #open(): Promise<KV> {
    const { connection, replicas } = this.options;
    this.#bucket ??= new Kvm(jetstream(connection)).create(servingBucket.name, {
      description: 'Serving processes that are alive',
      ttl: servingBucket.ttlMs,
      replicas,
      // Read through the leader: a member that is registered must be seen.
      allow_direct: false,
    });
    return this.#bucket;
  }
}
