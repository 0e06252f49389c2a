-- What monitoring measured: a row per window of a version, and what its labels said, at every past sequence of WINDOWS.

-- A window never changes once it is closed; it is shown from its sequence on.
create table windows (
  deployment text collate "C" not null,
  model text collate "C" not null,
  version text collate "C" not null,
  "window" integer not null,
  seq bigint not null,
  closed_by text not null,
  -- The log's time of its first and last row, milliseconds since the epoch.
  from_time bigint not null,
  to_time bigint not null,
  first jsonb not null,
  last jsonb not null,
  rows jsonb not null,
  sampled bigint not null,
  events_seq bigint not null,
  configuration_seq bigint not null,
  reference jsonb,
  latency_ms jsonb,
  -- Numbers of up to 1,000 columns each.
  quality jsonb not null,
  drift jsonb not null,
  estimated jsonb,
  notes jsonb not null,
  open jsonb not null,
  primary key (deployment, model, version, "window")
);
create unique index windows_in_order on windows (deployment, seq);
create index windows_by_time on windows (deployment, model, version, to_time) include (seq);

-- What the labels of a window say; of a window, the row that stands is what counts.
create table performance (
  deployment text collate "C" not null,
  model text collate "C" not null,
  version text collate "C" not null,
  "window" integer not null,
  at bigint not null,
  traffic_seq bigint not null,
  events_seq bigint not null,
  configuration_seq bigint not null,
  served bigint not null,
  labels bigint not null,
  mismatched bigint not null,
  final boolean not null,
  metrics jsonb not null,
  no_change_accuracy double precision,
  label_drift jsonb,
  detectors jsonb not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (deployment, model, version, "window", valid_from_seq)
);
create unique index performance_current on performance (deployment, model, version, "window")
  where valid_to_seq is null;
create index performance_in_order on performance (deployment, model, version, valid_from_seq);

-- Versions of which anything was measured.
create table versions (
  deployment text collate "C" not null,
  model text collate "C" not null,
  version text collate "C" not null,
  first_seq bigint not null,
  primary key (deployment, model, version)
);
