/** The table of schema.sql, and its row. */
import type { api } from '#libs/contracts/index.js';
import { current } from '#libs/projecting/index.js';

export const findingTable = current({
  name: 'findings',
  key: ['finding_id'],
  columns: {
    finding_id: 'text',
    deployment: 'text',
    model: 'text',
    version: 'text',
    condition: 'text',
    raised_seq: 'bigint',
    raised_at: 'bigint',
    raised: 'jsonb',
    cleared_seq: 'bigint',
    cleared_at: 'bigint',
    cleared: 'jsonb',
    basis: 'jsonb',
    details: 'jsonb',
  },
});

export interface FindingRow {
  readonly finding_id: string;
  readonly deployment: string;
  readonly model: string;
  readonly version: string;
  readonly condition: string;
  readonly raised_seq: number;
  readonly raised_at: number;
  readonly raised: api.Finding['raised'];
  readonly cleared_seq: number | null;
  readonly cleared_at: number | null;
  readonly cleared: api.Finding['cleared'];
  readonly basis: Pick<api.Finding, 'inputs' | 'events_seq' | 'configuration_seq' | 'reference' | 'method'>;
  readonly details: api.FindingDetails;
}
