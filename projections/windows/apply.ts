import { readFileSync } from 'node:fs';
import {
  decodeWindowRecord,
  subjects,
  WindowRecordMalformed,
  type WindowClosed,
  type PerformanceMeasured,
  type WindowRecord,
} from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { assertNever } from '#libs/kernel/index.js';
import { Changes, type Decoded, type Projection } from '#libs/projecting/index.js';
import {
  performanceRow,
  performanceTable,
  placeOf,
  tables,
  versionOf,
  versionTable,
  windowRow,
  windowTable,
} from './tables.js';

/** Windows of versions and what their labels said, from WINDOWS. */
export const windows: Projection<StreamMessage, WindowRecord> = {
  name: 'windows',
  version: 1,
  stream: 'WINDOWS',
  schemaSql: readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
  tables,
  decode,

  needs: ({ fact: { type, data } }) => [
    { table: type === 'WindowClosed' ? windowTable : performanceTable, key: placeOf(data) },
    { table: versionTable, key: versionOf(data) },
  ],

  apply(before, facts) {
    const changes = new Changes(before);
    for (const { seq, fact } of facts) {
      note(changes, seq, fact.data);
      switch (fact.type) {
        case 'WindowClosed':
          close(changes, seq, fact.data);
          break;
        case 'PerformanceMeasured':
          measure(changes, seq, fact.data);
          break;
        default:
          assertNever(fact, 'record of WINDOWS');
      }
    }
    return changes.operations;
  },
};

/** What is no record of the deployment that its subject names is counted. */
function decode(message: StreamMessage): Decoded<WindowRecord> {
  let record: WindowRecord;
  try {
    record = decodeWindowRecord(message);
  } catch (error) {
    if (!(error instanceof WindowRecordMalformed)) throw error;
    return { kind: 'unreadable', reason: error.message };
  }
  if (message.subject !== subjects.windows(record.data.deployment))
    return { kind: 'unreadable', reason: `${message.subject} holds a record of ${record.data.deployment}` };
  return { kind: 'fact', fact: record };
}

function note(changes: Changes, seq: number, data: WindowClosed | PerformanceMeasured): void {
  const version = versionOf(data);
  if (changes.get(versionTable, version) === undefined) changes.put(versionTable, seq, { ...version, first_seq: seq });
}

function close(changes: Changes, seq: number, data: WindowClosed): void {
  if (changes.get(windowTable, placeOf(data)) === undefined) changes.put(windowTable, seq, windowRow(data, seq));
  else changes.skip(seq, `window ${nameOf(data)} was closed already`);
}

function measure(changes: Changes, seq: number, data: PerformanceMeasured): void {
  if (changes.get(performanceTable, placeOf(data))?.['final'] === true)
    changes.skip(seq, `window ${nameOf(data)} is final`);
  else changes.put(performanceTable, seq, performanceRow(data));
}

const nameOf = ({ model, version, window }: WindowClosed | PerformanceMeasured): string =>
  `${window} of ${model}@${version}`;
