-- Of the monitoring processes; every statement may run again. Everything here follows from the log: it can be dropped.
create schema if not exists monitoring_process;

-- Processes that were heard of, and which life of each.
create table if not exists monitoring_process.processes (
  name text primary key,
  incarnation text not null,
  seen_at timestamptz not null
);

create table if not exists monitoring_process.checkpoints (
  deployment text primary key,
  -- Who may write: raised by every take-over.
  epoch bigint not null default 0,
  -- Incarnation of the process that watches it.
  owner text,
  -- Of the monitor's state; null before the first one is kept.
  state_version integer,
  -- Position in TRAFFIC, its time and the position in EVENTS that it names; last sequence of its records on WINDOWS.
  traffic_seq bigint not null default 0,
  log_time bigint not null default 0,
  events_seq bigint not null default 0,
  windows_seq bigint not null default 0,
  state bytea,
  -- Of all that was saved, in hexadecimal: what does not have it is not gone on with.
  sha256 text,
  saved_at timestamptz
);
alter table monitoring_process.checkpoints add column if not exists sha256 text;
