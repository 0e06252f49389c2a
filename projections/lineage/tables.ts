import { current, temporal } from '#libs/projecting/index.js';

export const nodes = temporal({
  name: 'nodes',
  key: ['key'],
  columns: {
    key: 'text',
    id: 'text',
    recorded: 'boolean',
    model: 'text',
    registered_seq: 'bigint',
    attributes: 'jsonb',
  },
});

export const edges = temporal({
  name: 'edges',
  key: ['from_key', 'to_key', 'type'],
  columns: { from_key: 'text', to_key: 'text', type: 'text', seq: 'bigint', attributes: 'jsonb' },
});

export const serving = current({
  name: 'serving',
  key: ['deployment'],
  columns: { deployment: 'text', live: 'jsonb', pending: 'jsonb', pending_rollout: 'text' },
});

export type Attributes = Readonly<Record<string, unknown>>;
