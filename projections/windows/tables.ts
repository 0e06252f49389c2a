/** The tables of schema.sql, and what their rows hold. */
import type { PerformanceMeasured, WindowClosed } from '#libs/contracts/index.js';
import { current, temporal, type Row } from '#libs/projecting/index.js';

const place = { deployment: 'text', model: 'text', version: 'text', window: 'integer' } as const;
const key = Object.keys(place);

export const windowTable = current({
  name: 'windows',
  key,
  columns: {
    ...place,
    seq: 'bigint',
    closed_by: 'text',
    from_time: 'bigint',
    to_time: 'bigint',
    first: 'jsonb',
    last: 'jsonb',
    rows: 'jsonb',
    sampled: 'bigint',
    events_seq: 'bigint',
    configuration_seq: 'bigint',
    reference: 'jsonb',
    latency_ms: 'jsonb',
    quality: 'jsonb',
    drift: 'jsonb',
    estimated: 'jsonb',
    notes: 'jsonb',
    open: 'jsonb',
  },
});

export const performanceTable = temporal({
  name: 'performance',
  key,
  columns: {
    ...place,
    at: 'bigint',
    traffic_seq: 'bigint',
    events_seq: 'bigint',
    configuration_seq: 'bigint',
    served: 'bigint',
    labels: 'bigint',
    mismatched: 'bigint',
    final: 'boolean',
    metrics: 'jsonb',
    no_change_accuracy: 'double precision',
    label_drift: 'jsonb',
    detectors: 'jsonb',
  },
});

/** Versions of which anything was measured. */
export const versionTable = current({
  name: 'versions',
  key: ['deployment', 'model', 'version'],
  columns: { deployment: 'text', model: 'text', version: 'text', first_seq: 'bigint' },
});

export const tables = [windowTable, performanceTable, versionTable];

export const windowRow = ({ from, to, ...data }: WindowClosed, seq: number): Row => ({
  ...data,
  seq,
  from_time: Date.parse(from),
  to_time: Date.parse(to),
});

export const performanceRow = ({ at, ...data }: PerformanceMeasured): Row => ({ ...data, at: Date.parse(at) });

export const placeOf = ({ deployment, model, version, window }: WindowClosed | PerformanceMeasured): Row => ({
  deployment,
  model,
  version,
  window,
});

export const versionOf = ({ deployment, model, version }: WindowClosed | PerformanceMeasured): Row => ({
  deployment,
  model,
  version,
});
