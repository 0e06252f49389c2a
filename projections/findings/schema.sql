-- What was found of deployments: a row per finding, from its raising to its clearing. What is null is not cleared.

create table findings (
  finding_id text collate "C" primary key,
  deployment text collate "C" not null,
  model text collate "C" not null,
  version text collate "C" not null,
  condition text collate "C" not null,
  raised_seq bigint not null,
  -- The log's time of the traffic that caused it, milliseconds since the epoch.
  raised_at bigint not null,
  -- Sequence and id of the event, window, last row of traffic.
  raised jsonb not null,
  cleared_seq bigint,
  cleared_at bigint,
  cleared jsonb,
  -- Inputs, positions, reference and method.
  basis jsonb not null,
  -- The numbers that it was found with.
  details jsonb not null
);
create unique index findings_in_order on findings (raised_seq, finding_id);
create unique index findings_of_deployment on findings (deployment, raised_seq, finding_id);
-- By when a finding was open, in the log's time of traffic; and by when a clearing was recorded.
create index findings_standing on findings using gist (
  int8range(raised_at, case when cleared_at is null then null else greatest(raised_at, cleared_at) end, '[]')
);
create index findings_by_clearing on findings (cleared_seq);
create index findings_open on findings (deployment, raised_seq, finding_id) where cleared_seq is null;
