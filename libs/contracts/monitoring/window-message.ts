/** A record of WINDOWS as a stored message: the type in a header, its data as canonical JSON. */
import { assertNever, canonicalJson, isoTime, messageOf, nameOf, namespaces, uuidv5 } from '#libs/kernel/index.js';
import { eventSource, header } from '../envelope.js';
import { subjects } from '../names.js';
import { performanceMeasured, windowClosed, type WindowRecord } from './windows.js';

/** The message of TRAFFIC that caused a record, and which of that message's outputs it is. */
export interface RecordCause {
  readonly seq: number;
  /** The log's time, milliseconds since the epoch. */
  readonly logTime: number;
  /** From 0. */
  readonly index: number;
}

export interface WindowMessage {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  /** The same for the same cause, whoever makes the record. */
  readonly messageId: string;
}

/** The same record of the same cause always has the same bytes. */
export function encodeWindowRecord({ type, data }: WindowRecord, cause: RecordCause): WindowMessage {
  const subject = subjects.windows(data.deployment);
  const messageId = uuidv5(namespaces.event, nameOf('window', data.deployment, String(cause.seq), String(cause.index)));
  return {
    subject,
    messageId,
    headers: {
      [header.id]: messageId,
      [header.type]: type,
      [header.source]: eventSource,
      [header.subject]: subject,
      [header.time]: isoTime(cause.logTime),
      [header.specVersion]: '1.0',
      [header.eventVersion]: String(schemaOf(type).version),
      [header.trafficSeq]: String(cause.seq),
    },
    data: Buffer.from(canonicalJson(data), 'utf8'),
  };
}

/** @throws WindowRecordMalformed for what is no record of a version known here, naming what was expected where. */
export function decodeWindowRecord({
  headers,
  data,
}: {
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
}): WindowRecord {
  const type = headers.get(header.type);
  if (type !== windowClosed.type && type !== performanceMeasured.type)
    throw new WindowRecordMalformed(`has the type ${type ?? 'none'}: expected WindowClosed or PerformanceMeasured`);
  const { version, schema } = schemaOf(type);
  const stored = headers.get(header.eventVersion);
  if (stored !== String(version))
    throw new WindowRecordMalformed(`is ${type} of version ${stored ?? 'none'}: expected ${version}`);
  const parsed = schema.safeParse(jsonOf(data));
  if (parsed.success) return { type, data: parsed.data } as WindowRecord;
  const { path, message } = parsed.error.issues[0]!;
  throw new WindowRecordMalformed(`does not fit: ${path.join('.') || 'the whole'}: ${message}`);
}

export class WindowRecordMalformed extends Error {
  constructor(detail: string) {
    super(`a stored record of a window ${detail}`);
    this.name = 'WindowRecordMalformed';
  }
}

function schemaOf(type: WindowRecord['type']) {
  switch (type) {
    case 'WindowClosed':
      return windowClosed;
    case 'PerformanceMeasured':
      return performanceMeasured;
    default:
      return assertNever(type, 'record of WINDOWS');
  }
}

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch (error) {
    throw new WindowRecordMalformed(`is not JSON: ${messageOf(error)}`);
  }
}
