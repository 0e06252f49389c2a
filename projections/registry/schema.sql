-- Registered models, their versions and everything decided about them. Text that is compared or ordered is compared
-- byte by byte. A text of unbounded size is indexed by its beginning: an index entry holds 2,704 bytes at most.
-- What lists look through is in the indexes whole (include): a model's rows lie far apart in the tables, in the order of
-- the log, and side by side in an index that begins with the model.

create table models (
  model text collate "C" primary key,
  created_seq bigint not null,
  created_at text not null
);

-- What never changes of a version.
create table registrations (
  model text collate "C" not null,
  version text collate "C" not null,
  registered_seq bigint not null,
  artifact text collate "C" not null,
  size bigint not null,
  -- Row of signatures.
  signature text not null,
  task text collate "C",
  -- Whole, to be shown; the tables metrics and hyperparameters hold them to be searched.
  metrics jsonb not null,
  hyperparameters jsonb not null,
  dataset text collate "C",
  training_job text collate "C",
  source text,
  parent_version text collate "C",
  baseline jsonb,
  derivation jsonb,
  created_at text collate "C" not null,
  created_by text collate "C" not null,
  event_id text not null,
  primary key (model, version)
);
create unique index registrations_in_order on registrations (model, registered_seq) include (version);
create index registrations_by_artifact on registrations (artifact);
create index registrations_by_dataset on registrations (dataset) where dataset is not null;
create index registrations_by_training_job on registrations (training_job) where training_job is not null;
create index registrations_by_parent on registrations (parent_version) where parent_version is not null;
create index registrations_by_author on registrations (created_by) include (model, version, registered_seq);
create index registrations_by_time on registrations (created_at) include (model, version, registered_seq);

create table metrics (
  model text collate "C" not null,
  version text collate "C" not null,
  metric text collate "C" not null,
  value double precision not null,
  registered_seq bigint not null,
  primary key (model, version, metric) include (value)
);
create index metrics_by_value on metrics (metric, value) include (model, version, registered_seq);

-- As numbers, texts or booleans, as they were given; null is left out.
create table hyperparameters (
  model text collate "C" not null,
  version text collate "C" not null,
  name text collate "C" not null,
  number double precision,
  text text collate "C",
  boolean boolean,
  primary key (model, version, name)
);
create index hyperparameters_by_number on hyperparameters (name, number) where number is not null;
create index hyperparameters_by_text on hyperparameters (name, left(text, 128)) where text is not null;

-- Large, and mostly the same for all versions of a model: kept once, by the digest of its JSON.
create table signatures (
  digest text collate "C" primary key,
  signature jsonb not null
);

-- What decisions change of a version: narrow, for a list may read many of them.
create table versions (
  model text collate "C" not null,
  version text collate "C" not null,
  stage text collate "C" not null,
  archived boolean not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, version, valid_from_seq) include (stage, archived, valid_to_seq)
);
create unique index versions_current on versions (model, version) where valid_to_seq is null;
create index versions_by_stage on versions (stage, model) include (version, archived, valid_from_seq, valid_to_seq);
create index versions_archived on versions (model) where archived;

create table annotations (
  model text collate "C" not null,
  version text collate "C" not null,
  description text collate "C",
  -- Whole, to be shown; the table tags holds them to be searched.
  tags jsonb not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, version, valid_from_seq)
);
create unique index annotations_current on annotations (model, version) where valid_to_seq is null;

create table tags (
  model text collate "C" not null,
  version text collate "C" not null,
  tag text collate "C" not null,
  value text collate "C" not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, version, tag, valid_from_seq)
);
create unique index tags_current on tags (model, version, tag) where valid_to_seq is null;
create index tags_by_value on tags (tag, left(value, 128));

-- champion is one of them: whose stage is production.
create table aliases (
  model text collate "C" not null,
  alias text collate "C" not null,
  version text collate "C" not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, alias, valid_from_seq)
);
create unique index aliases_current on aliases (model, alias) where valid_to_seq is null;
create index aliases_by_name on aliases (alias, model) include (version, valid_from_seq, valid_to_seq);
create index aliases_by_version on aliases (model, version);

-- The newest evaluation on each data set and split ('': none); the sequence it was recorded at is valid_from_seq.
create table evaluations (
  model text collate "C" not null,
  version text collate "C" not null,
  dataset text collate "C" not null,
  split text collate "C" not null,
  evaluation jsonb not null,
  actor text not null,
  at text not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, version, dataset, split, valid_from_seq)
);
create unique index evaluations_current on evaluations (model, version, dataset, split) where valid_to_seq is null;

-- Of each metric, the value in the newest evaluation that has it.
create table evaluation_metrics (
  model text collate "C" not null,
  version text collate "C" not null,
  metric text collate "C" not null,
  value double precision not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, version, metric, valid_from_seq) include (value, valid_to_seq)
);
create unique index evaluation_metrics_current on evaluation_metrics (model, version, metric)
  where valid_to_seq is null;
create index evaluation_metrics_by_value on evaluation_metrics (metric, value)
  include (model, version, valid_from_seq, valid_to_seq);

-- The newest request for each stage.
create table requests (
  model text collate "C" not null,
  version text collate "C" not null,
  target text collate "C" not null,
  actor text not null,
  reason text not null,
  at text not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, version, target, valid_from_seq)
);
create unique index requests_current on requests (model, version, target) where valid_to_seq is null;

-- The newest word of each actor for each stage.
create table approvals (
  model text collate "C" not null,
  version text collate "C" not null,
  target text collate "C" not null,
  actor text collate "C" not null,
  decision text not null,
  reason text not null,
  at text not null,
  expires_at text,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (model, version, target, actor, valid_from_seq)
);
create unique index approvals_current on approvals (model, version, target, actor) where valid_to_seq is null;

-- Every event of a model, told for people.
create table decisions (
  model text collate "C" not null,
  seq bigint not null,
  event_id text not null,
  type text not null,
  at text not null,
  actor text not null,
  version text collate "C",
  alias text collate "C",
  reason text,
  config_seq bigint,
  evidence jsonb,
  details jsonb not null,
  primary key (model, seq)
);

-- Which events concern a version: also as the champion before, or as the one an alias leaves.
create table version_events (
  model text collate "C" not null,
  version text collate "C" not null,
  seq bigint not null,
  at text collate "C" not null,
  primary key (model, version, seq)
);
create index version_events_by_time on version_events (at);
