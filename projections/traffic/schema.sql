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
  -- Rows that waited in the writer's process when the chunk was closed.
  queued bigint not null,
  -- Of served and failed rows, microseconds; null where there are none.
  latency_min_us bigint,
  latency_max_us bigint,
  latency_sum_us bigint not null,
  -- The same numbers per version that took part, and its histogram of latencies.
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

-- How versions did per span of the log's time (10 s, a minute, an hour). Only the newest spans still change.
create table operations (
  deployment text collate "C" not null,
  model text collate "C" not null,
  version text collate "C" not null,
  span_s integer not null,
  -- Its beginning, milliseconds since the epoch.
  at bigint not null,
  chunks bigint not null,
  served bigint not null,
  failed bigint not null,
  refused bigint not null,
  -- Of served and failed rows: bucket, rows, bucket, rows …
  latency jsonb not null,
  latency_sum_us bigint not null,
  latency_max_us bigint,
  -- Rows that waited: added up over the chunks, and the most.
  queued_sum bigint not null,
  queued_max bigint not null,
  primary key (deployment, span_s, at, model, version)
);
create index operations_in_order on operations (span_s, at);

-- Labels: one row per message, and one per message and chunk of predictions that it is about; never one per label.
create table label_messages (
  traffic_seq bigint primary key,
  event_id text collate "C" not null,
  command_id text collate "C" not null,
  command_digest text not null,
  deployment text collate "C" not null,
  stored_at bigint not null,
  labels integer not null
);
create index label_messages_of_command on label_messages (command_id);

create table labelled_chunks (
  epoch text collate "C" not null,
  counter bigint not null,
  traffic_seq bigint not null,
  event_id text collate "C" not null,
  -- By row of the chunk: the newest moment observed, milliseconds since the epoch.
  rows jsonb not null,
  primary key (epoch, counter, traffic_seq)
);
