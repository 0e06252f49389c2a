/** The streams of Modelog (design: EVENT_LOG.md). Handed to `ensureStreams` by whoever starts first. */
import type { StreamDeclaration } from '#libs/event-log/index.js';

export const streamNames = {
  events: 'EVENTS',
  traffic: 'TRAFFIC',
  windows: 'WINDOWS',
  snapshots: 'SNAPSHOTS',
  operations: 'OPERATIONS',
} as const;

const minute = 60_000;
const day = 24 * 60 * minute;

/** @param replicas 1 on one server, 3 in a cluster */
export const streamDeclarations = (replicas: number): readonly StreamDeclaration[] => [
  {
    name: streamNames.events,
    description: 'Governance facts, one literal subject per aggregate',
    subjects: ['evt.>'],
    replicas,
    permanent: true,
    // Aggregates are read back one event here and one there (libs/event-log/README.md: 15 ms instead of 2 to 4 s).
    compression: 'none',
    duplicateWindowMs: 2 * minute,
  },
  {
    name: streamNames.traffic,
    description: 'Predictions, in chunks, and labels',
    subjects: ['pred.*', 'label.*', 'tick.*'],
    replicas,
    permanent: true,
    compression: 's2',
    // Ids of every message of the window live in the server's memory; a retry comes within seconds.
    duplicateWindowMs: minute / 2,
  },
  {
    name: streamNames.windows,
    description: 'What monitoring measured, window by window',
    subjects: ['window.*'],
    replicas,
    permanent: true,
    compression: 's2',
    duplicateWindowMs: 2 * minute,
  },
  {
    name: streamNames.snapshots,
    description: 'The newest snapshot of each aggregate; disposable',
    subjects: ['snap.>'],
    replicas,
    permanent: false,
    // They are packed one by one.
    compression: 'none',
    maxMessagesPerSubject: 1,
    duplicateWindowMs: minute / 2,
  },
  {
    name: streamNames.operations,
    description: 'Logs and trials of training jobs, scaling decisions',
    subjects: ['ops.>'],
    replicas,
    permanent: false,
    // A job's log is read whole, and its lines lie close together.
    compression: 's2',
    maxAgeMs: 90 * day,
    duplicateWindowMs: minute / 2,
  },
];
