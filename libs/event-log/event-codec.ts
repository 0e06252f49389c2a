/**
 * A governance event as a stored message. The body is canonical JSON (RFC 8785); everything else is headers. Each event
 * of an aggregate carries the hash of the one before it, so that no stored event can change, vanish or move unnoticed.
 */
import { createHash } from 'node:crypto';
import {
  decodeEvent,
  eventSource,
  hashedHeaders,
  header,
  type AnyEvent,
  type CommandMeta,
  type DecodeFailure,
  type EventCatalogue,
  type RecordedEvent,
} from '#libs/contracts/index.js';
import { accept, canonicalJson, eventIdOf, messageOf, reject, type Result } from '#libs/kernel/index.js';
import { InvalidEvent } from './errors.js';
import type { OutgoingMessage, StreamMessage } from './stream-store.js';

/** `Prev-Hash` of an aggregate's first event. */
export const genesisHash = '0'.repeat(64);

/** Where an event goes and what it follows. */
export interface EventPlace {
  readonly subject: string;
  /** 1 for the aggregate's first event. */
  readonly aggregateVersion: number;
  /** Hash of the event before, or `genesisHash`. */
  readonly previousHash: string;
}

export interface EncodedEvent<Event extends AnyEvent> {
  readonly id: string;
  readonly hash: string;
  /** The event as every later reader will see it: fold this one, not the one that was passed in. */
  readonly event: Event;
  readonly message: Omit<OutgoingMessage, 'expectedLastSubjectSeq'>;
}

/** @throws InvalidEvent for an event that could not be read back: stored, it would stay in the way for ever. */
export function encodeEvent<Event extends AnyEvent>(
  catalogue: EventCatalogue,
  event: Event,
  meta: CommandMeta,
  place: EventPlace,
): EncodedEvent<Event> {
  const definition = catalogue.get(event.type);
  if (definition === undefined) throw new InvalidEvent(event.type, 'its type is not in the catalogue');
  const body = canonicalBody(event);
  const readBack = decode(catalogue, event.type, definition.version, body);
  if (!readBack.ok) throw new InvalidEvent(event.type, describeFailure(readBack.rejection));

  const id = eventIdOf(meta.commandId);
  const headers: Record<string, string> = {
    [header.id]: id,
    [header.type]: event.type,
    [header.source]: eventSource,
    [header.subject]: place.subject,
    [header.time]: meta.at,
    [header.specVersion]: '1.0',
    [header.eventVersion]: String(definition.version),
    [header.aggregateVersion]: String(place.aggregateVersion),
    [header.commandId]: meta.commandId,
    [header.commandDigest]: meta.digest,
    [header.correlationId]: meta.correlationId,
    [header.actor]: meta.actor,
    ...(meta.causationId === undefined ? {} : { [header.causationId]: meta.causationId }),
    ...(meta.configSeq === undefined ? {} : { [header.configSeq]: String(meta.configSeq) }),
    ...(meta.traceparent === undefined ? {} : { [header.traceparent]: meta.traceparent }),
    [header.previousHash]: place.previousHash,
  };
  for (const [name, value] of Object.entries(headers)) checkHeader(event.type, name, value);
  const hash = hashOf(place.previousHash, new Map(Object.entries(headers)), body);
  headers[header.hash] = hash;
  const message = { subject: place.subject, headers, data: Buffer.from(body, 'utf8'), messageId: id };
  const envelope = decodeEnvelope({ ...message, seq: 0, time: 0, headers: new Map(Object.entries(headers)) });
  if (!envelope.ok) throw new InvalidEvent(event.type, envelope.rejection);
  return { id, hash, event: { type: event.type, data: readBack.value.data } as Event, message };
}

/** An event's headers, parsed. Says nothing yet about its data or its hash. */
export type Envelope = Omit<RecordedEvent, 'event'> & { readonly type: string };

/** @returns what is wrong with the headers, in words, as rejection. */
export function decodeEnvelope(message: StreamMessage): Result<Envelope, string> {
  const { headers } = message;
  const missing = requiredHeaders.filter((name) => !headers.has(name));
  if (missing.length > 0) return reject(`headers are missing: ${missing.join(', ')}`);
  const text = (name: string): string => headers.get(name) ?? '';
  for (const name of [header.eventVersion, header.aggregateVersion, header.configSeq]) {
    if (headers.has(name) && !/^[1-9]\d{0,15}$/.test(text(name)))
      return reject(`${name} is '${text(name)}', expected a positive integer`);
  }
  if (text(header.subject) !== message.subject)
    return reject(`${header.subject} is '${text(header.subject)}', but it is stored on '${message.subject}'`);
  if (text(header.id) !== eventIdOf(text(header.commandId)))
    return reject(`${header.id} is not the id that follows from ${header.commandId}`);
  return accept({
    seq: message.seq,
    storedAt: message.time,
    subject: message.subject,
    id: text(header.id),
    type: text(header.type),
    eventVersion: Number(text(header.eventVersion)),
    aggregateVersion: Number(text(header.aggregateVersion)),
    meta: {
      commandId: text(header.commandId),
      digest: text(header.commandDigest),
      actor: text(header.actor),
      correlationId: text(header.correlationId),
      at: text(header.time),
      ...(headers.has(header.causationId) ? { causationId: text(header.causationId) } : {}),
      ...(headers.has(header.configSeq) ? { configSeq: Number(text(header.configSeq)) } : {}),
      ...(headers.has(header.traceparent) ? { traceparent: text(header.traceparent) } : {}),
    },
    previousHash: text(header.previousHash),
    hash: text(header.hash),
  });
}

/** The event in a message's body, upcast to the catalogue's current version. */
export function decodeBody(
  catalogue: EventCatalogue,
  envelope: Envelope,
  message: StreamMessage,
): Result<AnyEvent, DecodeFailure> {
  return decode(catalogue, envelope.type, envelope.eventVersion, Buffer.from(message.data).toString('utf8'));
}

/** The hash that a stored message ought to carry, given the previous hash it names. */
export const hashOfMessage = (message: StreamMessage): string =>
  hashOf(message.headers.get(header.previousHash) ?? '', message.headers, message.data);

export function describeFailure(failure: DecodeFailure): string {
  switch (failure.code) {
    case 'unknown_event_type':
      return `the type ${failure.type} is not in the catalogue`;
    case 'newer_event_version':
      return `version ${failure.version} is not known, only up to ${failure.known}`;
    case 'malformed_event':
      return failure.detail;
  }
}

const requiredHeaders: readonly string[] = [
  ...hashedHeaders.filter((name) => name !== header.causationId && name !== header.configSeq),
  header.previousHash,
  header.hash,
];

function canonicalBody(event: AnyEvent): string {
  try {
    return canonicalJson(event.data);
  } catch (error) {
    throw new InvalidEvent(event.type, messageOf(error), { cause: error });
  }
}

function decode(
  catalogue: EventCatalogue,
  type: string,
  version: number,
  body: string,
): Result<AnyEvent, DecodeFailure> {
  try {
    return decodeEvent(catalogue, type, version, JSON.parse(body));
  } catch (error) {
    // Not JSON, or an upcaster met data that its version never had.
    return reject({ code: 'malformed_event', type, detail: messageOf(error) });
  }
}

const hashedInOrder = [...hashedHeaders].sort();

/**
 * sha256 of the previous hash and the canonical JSON of {data, headers}. The stored body is canonical already, and
 * `data` sorts before `headers`: the form is put together from the stored bytes, so that every bit of them counts.
 */
function hashOf(previousHash: string, headers: ReadonlyMap<string, string>, body: string | Uint8Array): string {
  const members: string[] = [];
  for (const name of hashedInOrder) {
    const value = headers.get(name);
    if (value !== undefined) members.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  }
  return createHash('sha256')
    .update(`${previousHash}{"data":`, 'utf8')
    .update(body)
    .update(`,"headers":{${members.join(',')}}}`, 'utf8')
    .digest('hex');
}

/** NATS trims header values and ends them at a line break: such a value would come back as another one. */
function checkHeader(type: string, name: string, value: string): void {
  if (plainText.test(value)) return;
  if (value === '' || value !== value.trim() || /\p{Cc}/u.test(value) || !value.isWellFormed())
    throw new InvalidEvent(
      type,
      `header ${name} is ${JSON.stringify(value)}: expected text without control characters or outer spaces`,
    );
}

const plainText = /^[!-~](?:[ -~]*[!-~])?$/;
