/**
 * What every governance event carries beside its data, as NATS headers. `ce-*` is the CloudEvents 1.0 NATS binding.
 * The names are a storage contract: a header may be added, none renamed.
 */
export const header = {
  messageId: 'Nats-Msg-Id',
  expectedLastSubjectSequence: 'Nats-Expected-Last-Subject-Sequence',
  expectedLastSequence: 'Nats-Expected-Last-Sequence',
  id: 'ce-id',
  type: 'ce-type',
  source: 'ce-source',
  subject: 'ce-subject',
  time: 'ce-time',
  specVersion: 'ce-specversion',
  eventVersion: 'Event-Version',
  aggregateVersion: 'Aggregate-Version',
  commandId: 'Command-Id',
  commandDigest: 'Command-Digest',
  correlationId: 'Correlation-Id',
  causationId: 'Causation-Id',
  configSeq: 'Config-Seq',
  /** On WINDOWS: the message of TRAFFIC that caused the record. */
  trafficSeq: 'Traffic-Seq',
  actor: 'Actor',
  traceparent: 'traceparent',
  previousHash: 'Prev-Hash',
  hash: 'Hash',
} as const;

/**
 * Headers that the hash of an event covers, beside its data and the previous hash. `Nats-*` belongs to the server and
 * `traceparent` to tracing, which may be sampled or rewritten: neither is part of the fact.
 */
export const hashedHeaders = [
  header.id,
  header.type,
  header.source,
  header.subject,
  header.time,
  header.specVersion,
  header.eventVersion,
  header.aggregateVersion,
  header.commandId,
  header.commandDigest,
  header.correlationId,
  header.causationId,
  header.configSeq,
  header.actor,
] as const;

export const eventSource = 'modelog';

/** What a command knows of itself when it is decided: ids, actor and time come from outside the decision. */
export interface CommandMeta {
  /** uuidv5 of actor, call, name of the thing changed and Idempotency-Key; or of a process step. */
  readonly commandId: string;
  /** sha256 of the canonical JSON of the command's body: the same id with another digest is refused. */
  readonly digest: string;
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** ISO-8601 instant of the decision. */
  readonly at: string;
  /** EVENTS sequence of the configuration the decision rests on. */
  readonly configSeq?: number;
  readonly traceparent?: string;
}

/** A governance event as read back from the log. */
export interface RecordedEvent<Event extends { readonly type: string; readonly data: unknown } = AnyEvent> {
  readonly seq: number;
  /** Time the server stored it, milliseconds since the epoch. */
  readonly storedAt: number;
  readonly subject: string;
  readonly id: string;
  readonly event: Event;
  /** Version of the event's schema it was stored with (before upcasting). */
  readonly eventVersion: number;
  readonly aggregateVersion: number;
  readonly meta: CommandMeta;
  readonly previousHash: string;
  readonly hash: string;
}

export interface AnyEvent {
  readonly type: string;
  readonly data: unknown;
}
