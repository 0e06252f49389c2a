import { readFileSync } from 'node:fs';
import {
  monitoringEvents,
  type GovernanceEvent,
  type MonitoringEvent,
  type RecordedEvent,
} from '#libs/contracts/index.js';
import { conditionsOf } from '#libs/domain/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';
import { Changes, type Projection } from '#libs/projecting/index.js';
import { cleared, raisedBy, raises } from './fold.js';
import { findingTable, type FindingRow } from './table.js';

type MonitoringRecord = RecordedEvent<MonitoringEvent>;

/** What was found of deployments, from EVENTS. */
export const findings: Projection<LogRecord<GovernanceEvent>, MonitoringRecord> = {
  name: 'findings',
  version: 1,
  stream: 'EVENTS',
  schemaSql: readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
  tables: [findingTable],

  decode(record) {
    if (isUnknown(record)) return { kind: 'unreadable', reason: record.unknown.code };
    return isOfMonitoring(record) ? { kind: 'fact', fact: record } : { kind: 'irrelevant' };
  },

  needs: ({ fact }) => conditionsOf(fact.event).map(({ finding_id }) => ({ table: findingTable, key: { finding_id } })),

  apply(before, facts) {
    const changes = new Changes(before);
    for (const { fact } of facts) {
      if (raises(fact.event)) raise(changes, raisedBy(fact.event, fact));
      else clear(changes, fact);
    }
    return changes.operations;
  },
};

const kinds: ReadonlySet<string> = new Set(monitoringEvents.map(({ type }) => type));

const isOfMonitoring = (record: RecordedEvent<GovernanceEvent>): record is MonitoringRecord =>
  kinds.has(record.event.type);

function raise(changes: Changes, rows: readonly FindingRow[]): void {
  for (const row of rows) {
    const { finding_id, raised_seq: seq } = row;
    if (changes.get(findingTable, { finding_id }) === undefined) changes.put(findingTable, seq, { ...row });
    else changes.skip(seq, `finding ${finding_id} was raised already`);
  }
}

function clear(changes: Changes, record: MonitoringRecord): void {
  for (const change of conditionsOf(record.event)) {
    // What `raise` put, as its columns say.
    const known = changes.get(findingTable, { finding_id: change.finding_id }) as FindingRow | undefined;
    const row = cleared(known, change, record);
    if (row.ok) changes.put(findingTable, record.seq, { ...row.value });
    else changes.skip(record.seq, row.rejection);
  }
}
