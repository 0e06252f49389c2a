-- Deployments and the rollouts that changed them.

create table deployments (
  deployment text collate "C" not null,
  environment text not null,
  state text not null,
  recording text not null,
  -- The rollouts that take the traffic, that are kept warm and that are being loaded, whole.
  live jsonb,
  former jsonb,
  pending jsonb,
  -- Why it did not go along with the champion it follows.
  stayed jsonb,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (deployment, valid_from_seq)
);
create unique index deployments_current on deployments (deployment) where valid_to_seq is null;

create table rollouts (
  deployment text collate "C" not null,
  rollout_id text collate "C" not null,
  model text not null,
  version text not null,
  artifact text not null,
  environment text not null,
  strategy jsonb not null,
  recording text not null,
  follows boolean not null,
  champion_seq bigint,
  state text not null,
  requested_at text not null,
  requested_by text not null,
  requested_seq bigint not null,
  live_at text,
  live_seq bigint,
  settled_at text,
  settled_seq bigint,
  failure jsonb,
  crashes integer not null,
  cut_off jsonb,
  ready_instances integer not null,
  valid_from_seq bigint not null,
  valid_to_seq bigint,
  primary key (deployment, rollout_id, valid_from_seq)
);
create unique index rollouts_current on rollouts (deployment, rollout_id) where valid_to_seq is null;
create index rollouts_in_order on rollouts (deployment, requested_seq, valid_from_seq);
create index rollouts_by_version on rollouts (model, version);
