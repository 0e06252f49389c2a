-- Recorded traffic: one row per chunk, never one per prediction.

create table chunks (
  epoch text collate "C" not null,
  counter bigint not null,
  traffic_seq bigint not null,
  deployment text collate "C" not null,
  instance text not null,
  routing_seq bigint not null,
  -- Milliseconds since the epoch: first row's start; stored by the server; the log's time (never steps back).
  began_at double precision not null,
  stored_at bigint not null,
  log_time bigint not null,
  served integer not null,
  failed integer not null,
  refused integer not null,
  -- Of served and failed rows, microseconds; null where there are none.
  latency_min_us bigint,
  latency_max_us bigint,
  latency_sum_us bigint not null,
  -- The same numbers per version that took part.
  arms jsonb not null,
  primary key (epoch, counter)
);
create unique index chunks_in_order on chunks (deployment, traffic_seq);
create unique index chunks_of_all_in_order on chunks (traffic_seq);

-- Per writer's life: which counters were seen, as the highest and the ranges missing below it.
create table epochs (
  epoch text collate "C" primary key,
  instance text not null,
  highest bigint not null,
  missing jsonb not null,
  chunks bigint not null,
  dropped bigint not null,
  first_seq bigint not null,
  last_seq bigint not null
);

-- Sums per minute of the log's time. Only the newest minute still changes.
create table minutes (
  deployment text collate "C" not null,
  model text collate "C" not null,
  version text collate "C" not null,
  minute bigint not null,
  chunks bigint not null,
  served bigint not null,
  failed bigint not null,
  refused bigint not null,
  latency_min_us bigint,
  latency_max_us bigint,
  latency_sum_us bigint not null,
  primary key (deployment, minute, model, version)
);
create index minutes_of_version on minutes (model, version, minute);
