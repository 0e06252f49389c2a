import { readFileSync } from 'node:fs';
import type { EventOf, GovernanceEvent, RecordedEvent, VersionRegistered } from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';
import { sha256Hex } from '#libs/kernel/index.js';
import { Changes, content, current, temporal, type Projection } from '#libs/projecting/index.js';

type Registration = RecordedEvent<EventOf<typeof VersionRegistered>>;

interface RegistryFact {
  readonly record: Registration;
  readonly signature: string;
}

const models = temporal({
  name: 'models',
  key: ['model'],
  columns: {
    model: 'text',
    versions: 'integer',
    latest_version: 'text',
    champion: 'text',
    aliases: 'jsonb',
    created_at: 'text',
    updated_at: 'text',
  },
});

const versions = temporal({
  name: 'versions',
  key: ['model', 'registered_seq'],
  columns: {
    model: 'text',
    registered_seq: 'bigint',
    version: 'text',
    stage: 'text',
    description: 'text',
    task: 'text',
    metrics: 'jsonb',
    tags: 'jsonb',
  },
});

const registrations = current({
  name: 'registrations',
  key: ['model', 'registered_seq'],
  columns: {
    model: 'text',
    registered_seq: 'bigint',
    artifact: 'text',
    size: 'bigint',
    signature: 'text',
    lineage: 'jsonb',
    baseline: 'jsonb',
    created_at: 'text',
    created_by: 'text',
    event_id: 'text',
  },
});

/** Named by their JSON as it was stored: another order of members would be kept twice, which costs space only. */
const signatures = content({
  name: 'signatures',
  key: ['digest'],
  columns: { digest: 'text', signature: 'jsonb' },
});

/** Registered models and their versions, from EVENTS. */
export const registry: Projection<LogRecord<GovernanceEvent>, RegistryFact> = {
  name: 'registry',
  version: 1,
  stream: 'EVENTS',
  schemaSql: readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
  tables: [models, versions, registrations, signatures],

  decode(record) {
    if (isUnknown(record)) return { kind: 'unreadable', reason: record.unknown.code };
    if (!isRegistration(record)) return { kind: 'irrelevant' };
    return { kind: 'fact', fact: { record, signature: sha256Hex(JSON.stringify(record.event.data.signature)) } };
  },

  needs: ({ fact }) => [
    { table: models, key: { model: fact.record.event.data.model } },
    { table: signatures, key: { digest: fact.signature } },
  ],

  apply(before, facts) {
    const changes = new Changes(before);
    for (const { seq, fact } of facts) {
      const { data } = fact.record.event;
      const { at, actor } = fact.record.meta;
      const known = changes.get(models, { model: data.model });
      changes.put(models, seq, {
        model: data.model,
        versions: Number(known?.['versions'] ?? 0) + 1,
        latest_version: data.version,
        champion: known?.['champion'] ?? null,
        aliases: known?.['aliases'] ?? {},
        created_at: known?.['created_at'] ?? at,
        updated_at: at,
      });
      changes.put(versions, seq, {
        model: data.model,
        registered_seq: seq,
        version: data.version,
        stage: 'development',
        description: data.description ?? null,
        task: data.task ?? null,
        metrics: data.metrics,
        tags: data.tags,
      });
      changes.put(registrations, seq, {
        model: data.model,
        registered_seq: seq,
        artifact: data.artifact,
        size: data.size,
        signature: fact.signature,
        lineage: data.lineage,
        baseline: data.baseline ?? null,
        created_at: at,
        created_by: actor,
        event_id: fact.record.id,
      });
      if (changes.get(signatures, { digest: fact.signature }) === undefined)
        changes.put(signatures, seq, { digest: fact.signature, signature: data.signature });
    }
    return changes.operations;
  },
};

const isRegistration = (record: RecordedEvent<GovernanceEvent>): record is Registration =>
  record.event.type === 'VersionRegistered';
