-- Training jobs and data sets.

-- What was requested never changes.
create table jobs (
  job_id text collate "C" primary key,
  model text collate "C" not null,
  target text collate "C" not null,
  -- `random_forest`, `auto`, `command:<name>`.
  algorithm text collate "C" not null,
  -- `name@1.0.0`; null: bytes that have no name here.
  dataset text collate "C",
  spec jsonb not null,
  requested_seq bigint not null,
  requested_at text collate "C" not null,
  requested_by text collate "C" not null
);
create index jobs_in_order on jobs (requested_at desc, requested_seq);
create index jobs_by_model on jobs (model, requested_at desc, requested_seq);

-- How it stands: narrow, for every hundredth of a stage's progress is a row.
create table job_states (
  job_id text collate "C" not null,
  status text collate "C" not null,
  -- The first one that is not finished, from the first claim on; null: all are.
  stage text collate "C",
  -- Of the stage, in whole hundredths.
  progress double precision not null,
  -- It has a search.
  searches boolean not null,
  -- Who has it.
  worker text collate "C",
  claims integer not null,
  started_at text collate "C",
  finished_at text collate "C",
  model_version text collate "C",
  error jsonb,
  not_registered jsonb not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (job_id, valid_from_seq)
);
create unique index job_states_current on job_states (job_id) where valid_to_seq is null;

create table stage_results (
  job_id text collate "C" not null,
  stage text collate "C" not null,
  finished_seq bigint not null,
  finished_at text not null,
  duration_s double precision not null,
  result jsonb not null,
  primary key (job_id, stage)
);

create table datasets (
  dataset text collate "C" primary key,
  created_seq bigint not null,
  created_at text not null
);

create table dataset_versions (
  dataset text collate "C" not null,
  version text collate "C" not null,
  digest text not null,
  source jsonb not null,
  format text not null,
  bytes bigint not null,
  rows bigint not null,
  schema jsonb not null,
  profile text not null,
  description text,
  created_at text not null,
  created_by text not null,
  seq bigint not null,
  primary key (dataset, version)
);
create unique index dataset_versions_in_order on dataset_versions (dataset, seq);
