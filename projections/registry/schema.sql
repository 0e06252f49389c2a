-- Registered models and their versions. Names are compared byte by byte, so that pages are in the same order everywhere.

create table models (
  model text collate "C" not null,
  versions integer not null,
  latest_version text not null,
  champion text,
  aliases jsonb not null,
  created_at text not null,
  updated_at text not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, valid_from_seq)
);
create unique index models_current on models (model) where valid_to_seq is null;

-- What may change of a version.
create table versions (
  model text collate "C" not null,
  registered_seq bigint not null,
  version text not null,
  stage text not null,
  description text,
  task text,
  metrics jsonb not null,
  tags jsonb not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, registered_seq, valid_from_seq)
);
create unique index versions_current on versions (model, registered_seq) where valid_to_seq is null;
create index versions_by_name on versions (model, version);

-- What never changes of a version.
create table registrations (
  model text collate "C" not null,
  registered_seq bigint not null,
  artifact text not null,
  size bigint not null,
  -- Row of signatures.
  signature text not null,
  lineage jsonb not null,
  baseline jsonb,
  created_at text not null,
  created_by text not null,
  event_id text not null,
  primary key (model, registered_seq)
);
create index registrations_by_artifact on registrations (artifact);

-- Large, and mostly the same for all versions of a model: kept once, by the digest of its JSON.
create table signatures (
  digest text collate "C" primary key,
  signature jsonb not null
);
