-- What came of what: nodes and edges. A key is the node's id, or a digest of it where the id is long (node.ts).
-- Keys and ids are compared byte by byte, so that a truncated graph keeps the same nodes everywhere.

create table nodes (
  key text collate "C" not null,
  id text collate "C" not null,
  recorded boolean not null,
  -- Of recorded versions: their model and the position of their registration.
  model text collate "C",
  registered_seq bigint,
  attributes jsonb not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (key, valid_from_seq)
);
create unique index nodes_current on nodes (key) where valid_to_seq is null;
create index nodes_of_model on nodes (model, registered_seq) where model is not null;

create table edges (
  from_key text collate "C" not null,
  to_key text collate "C" not null,
  type text collate "C" not null,
  -- Position of the event that said so first.
  seq bigint not null,
  attributes jsonb not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (from_key, to_key, type, valid_from_seq)
);
create unique index edges_current on edges (from_key, to_key, type) where valid_to_seq is null;
create index edges_upstream on edges (to_key, from_key);
create index edges_of_parents on edges (to_key, from_key) where type = 'parent_of';

-- State of the fold, for no reader: the edges of the versions that a deployment serves and is loading, whole.
create table serving (
  deployment text collate "C" primary key,
  live jsonb,
  pending jsonb,
  pending_rollout text
);
