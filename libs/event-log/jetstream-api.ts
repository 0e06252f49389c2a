/** The few requests of JetStream's wire API that the event log makes (ADR-8, ADR-31), with their errors typed. */
import {
  createInbox,
  errors as natsErrors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from '@nats-io/nats-core';
import { z } from 'zod';
import { messageOf } from '#libs/kernel/index.js';
import { StreamConflict, StreamRefused, StreamTimeout, StreamUnavailable, type EventLogError } from './errors.js';
import type { Expectation, StreamMessage } from './stream-store.js';

/** JetStream's `err_code`s that the log treats apart. */
export const errorCodes = {
  wrongLastSequence: 10071,
  wrongLastSequenceInFlight: 10164,
  duplicateInFlight: 10158,
  tooManyRequests: 10167,
  messageNotFound: 10037,
  streamNotFound: 10059,
  consumerNotFound: 10014,
  invalidStreamConfiguration: 10052,
  replicasWithoutCluster: 10074,
} as const;

/** Answered with status 4xx although the server may do it a moment later: its queue for the stream is full, for example. */
const passing: ReadonlySet<number> = new Set([errorCodes.tooManyRequests, errorCodes.duplicateInFlight]);

/** Answered with status 500 although the server will never do it. */
const lasting: ReadonlySet<number> = new Set([
  errorCodes.invalidStreamConfiguration,
  errorCodes.replicasWithoutCluster,
]);

/** @throws StreamTimeout, StreamUnavailable */
export async function request(
  connection: NatsConnection,
  subject: string,
  payload: string | Uint8Array,
  options: { readonly timeoutMs: number; readonly what: string; readonly headers?: MsgHdrs },
): Promise<Msg> {
  try {
    return await connection.request(subject, payload, {
      timeout: options.timeoutMs,
      ...(options.headers === undefined ? {} : { headers: options.headers }),
    });
  } catch (error) {
    throw asLogError(error, options.what);
  }
}

/** A request that answers in JSON, as all of `$JS.API` does. @throws and StreamRefused, by the server's own error. */
export async function apiRequest<T>(
  connection: NatsConnection,
  subject: string,
  body: object,
  answer: z.ZodType<T>,
  options: { readonly timeoutMs: number; readonly what: string },
): Promise<T> {
  const reply = await request(connection, subject, JSON.stringify(body), options);
  const json: unknown = reply.json();
  const failure = apiError(json);
  if (failure !== undefined) throw asStreamError(failure, options.what);
  return answer.parse(json);
}

export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/** The `error` member of an answer, if it has one. */
export function apiError(answer: unknown): ApiError | undefined {
  const { error } = answer as { readonly error?: Partial<ApiError> };
  return error && { code: error.code ?? 0, err_code: error.err_code ?? 0, description: error.description ?? 'unknown' };
}

/** A refused publish. A wrong last sequence is one error, be it the subject's or the stream's. */
export function asPublishError(
  failure: ApiError,
  { subject, expectedLastSubjectSeq, expectedLastSeq }: Expectation & { readonly subject: string },
): EventLogError {
  const expected = { expectedLastSubjectSeq, expectedLastSeq };
  switch (failure.err_code) {
    case errorCodes.wrongLastSequence: {
      const last = /(\d+)\s*$/.exec(failure.description)?.[1];
      return new StreamConflict(subject, expected, last === undefined ? undefined : Number(last));
    }
    case errorCodes.wrongLastSequenceInFlight:
    case errorCodes.duplicateInFlight:
      return new StreamConflict(subject, expected, undefined);
    default:
      return asStreamError(failure, `publish to ${subject}`);
  }
}

/** 5xx: the server cannot now. 4xx: it will not, but for what is over in a moment. */
export function asStreamError({ code, err_code, description }: ApiError, what: string): EventLogError {
  return (code >= 500 && !lasting.has(err_code)) || passing.has(err_code)
    ? new StreamUnavailable(what, description)
    : new StreamRefused(what, description, err_code === 0 ? undefined : err_code);
}

/** What the client library throws. */
export function asLogError(error: unknown, what: string): EventLogError {
  const cause = error instanceof natsErrors.RequestError && error.cause !== undefined ? error.cause : error;
  if (cause instanceof natsErrors.TimeoutError) return new StreamTimeout(what, { cause: error });
  if (cause instanceof natsErrors.NoRespondersError)
    return new StreamUnavailable(what, 'no responders: JetStream or the stream has no leader now', { cause: error });
  if (cause instanceof natsErrors.InvalidArgumentError || cause instanceof natsErrors.PermissionViolationError)
    return new StreamRefused(what, cause.message, undefined, { cause: error });
  if (cause instanceof natsErrors.ClosedConnectionError || cause instanceof natsErrors.DrainingConnectionError)
    return new StreamUnavailable(what, cause.message, { cause: error });
  // The connection broke with the request on its way: whether it arrived is not known.
  return new StreamTimeout(`${what} (${messageOf(error)})`, { cause: error });
}

const directHeaders = {
  stream: 'Nats-Stream',
  subject: 'Nats-Subject',
  sequence: 'Nats-Sequence',
  time: 'Nats-Time-Stamp',
  pending: 'Nats-Num-Pending',
  last: 'Nats-Last-Sequence',
  upTo: 'Nats-UpTo-Sequence',
} as const;

/** A message as direct get answers it: what the server added to its headers is taken off again. */
function directMessage(message: Msg, headers: Map<string, string>): StreamMessage {
  const place = {
    seq: Number(headers.get(directHeaders.sequence)),
    time: Date.parse(headers.get(directHeaders.time) ?? ''),
    subject: headers.get(directHeaders.subject) ?? '',
  };
  for (const name of Object.values(directHeaders)) headers.delete(name);
  return { ...place, headers, data: message.data };
}

/** A message as a consumer delivers it: place and time are tokens of its reply subject (ADR-15, both forms). */
export function consumedMessage(message: Msg, headers: ReadonlyMap<string, string>): StreamMessage {
  const tokens = (message.reply ?? '').split('.');
  const first = tokens.length === 9 ? 5 : 7;
  return {
    seq: Number(tokens[first]),
    // Nanoseconds; the last six digits are below a millisecond.
    time: Number(tokens[first + 2]?.slice(0, -6)),
    subject: message.subject,
    headers,
    data: message.data,
  };
}

export interface Headers {
  /** 0 for a message; else what the server has to say instead of one. */
  readonly status: number;
  readonly description: string;
  readonly values: Map<string, string>;
}

/**
 * A received message's headers. Read from its bytes, which lie before its data: the client library takes 65 µs for the
 * 25 headers of an event, most of it looking for names it might have had before; this takes 18 µs.
 */
export function headersOf(message: Msg): Headers {
  const { data } = message;
  // Left out of the library's type: bytes of subject, reply, headers and data.
  const size = (message as Msg & { size?(): number }).size?.() ?? 0;
  const length = size - data.length - Buffer.byteLength(message.subject) - Buffer.byteLength(message.reply ?? '');
  if (length > 0 && length <= data.byteOffset) {
    const block = Buffer.from(data.buffer, data.byteOffset - length, length).toString('utf8');
    if (block.startsWith('NATS/1.0\r\n') || block.startsWith('NATS/1.0 ')) return parseHeaders(block);
  }
  const values = new Map<string, string>();
  for (const [name, all] of message.headers ?? []) values.set(name, all.at(-1) ?? '');
  return { status: message.headers?.code ?? 0, description: message.headers?.description ?? '', values };
}

const storedMessage = z.object({
  message: z.object({
    subject: z.string(),
    seq: z.int(),
    time: z.string(),
    hdrs: z.string().optional(),
    data: z.string().optional(),
  }),
});

/** The leader's own answer: `$JS.API.STREAM.MSG.GET`. Undefined where there is no message. */
export async function leaderGet(
  connection: NatsConnection,
  stream: string,
  query: { readonly seq: number; readonly next_by_subj?: string } | { readonly last_by_subj: string },
  timeoutMs: number,
): Promise<StreamMessage | undefined> {
  const what = `read ${stream} through its leader`;
  const reply = await request(connection, `$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify(query), {
    timeoutMs,
    what,
  });
  const json: unknown = reply.json();
  const failure = apiError(json);
  if (failure?.err_code === errorCodes.messageNotFound) return undefined;
  if (failure !== undefined) throw asStreamError(failure, what);
  const { message } = storedMessage.parse(json);
  return {
    seq: message.seq,
    time: Date.parse(message.time),
    subject: message.subject,
    headers: parseHeaders(Buffer.from(message.hdrs ?? '', 'base64').toString('utf8')).values,
    data: Buffer.from(message.data ?? '', 'base64'),
  };
}

/** Any server's answer: direct get of one message. Undefined where there is no message. */
export async function directGet(
  connection: NatsConnection,
  stream: string,
  query: { readonly seq: number } | { readonly lastOf: string },
  timeoutMs: number,
): Promise<StreamMessage | undefined> {
  const what = `read ${stream}`;
  const subject = `$JS.API.DIRECT.GET.${stream}`;
  const reply =
    'seq' in query
      ? await request(connection, subject, JSON.stringify({ seq: query.seq }), { timeoutMs, what })
      : await request(connection, `${subject}.${query.lastOf}`, '', { timeoutMs, what });
  const { status, description, values } = headersOf(reply);
  if (status === 404) return undefined;
  if (status !== 0) throw asStreamError({ code: status, err_code: 0, description }, what);
  return directMessage(reply, values);
}

export interface DirectBatch {
  readonly messages: readonly StreamMessage[];
  /** Whether the server that answered has more of them. */
  readonly more: boolean;
}

/**
 * Any server's answer: consecutive messages of a subject filter. The server may cut the batch short.
 * Made here because the client library's own leaves its subscription behind and takes silence for an end.
 */
export function directBatch(
  connection: NatsConnection,
  stream: string,
  query: { readonly seq: number; readonly batch: number; readonly next_by_subj?: string },
  timeoutMs: number,
): Promise<DirectBatch> {
  const what = `read ${stream}`;
  return new Promise<DirectBatch>((resolve, reject) => {
    const messages: StreamMessage[] = [];
    const inbox = createInbox();
    let subscription: Subscription | undefined;
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      subscription?.unsubscribe();
      finish();
    };
    const fail = (error: EventLogError): void => {
      settle(() => {
        reject(error);
      });
    };
    const timer = setTimeout(() => {
      fail(new StreamTimeout(what));
    }, timeoutMs);
    const receive = (message: Msg): void => {
      const { status, description, values } = headersOf(message);
      switch (status) {
        case 0:
          timer.refresh();
          messages.push(directMessage(message, values));
          break;
        case 204: // end of batch
          settle(() => {
            resolve({ messages, more: Number(values.get(directHeaders.pending) ?? 0) > 0 });
          });
          break;
        case 404:
          settle(() => {
            resolve({ messages, more: false });
          });
          break;
        default:
          fail(asStreamError({ code: status, err_code: 0, description: description || 'no responders' }, what));
      }
    };
    try {
      subscription = connection.subscribe(inbox, {
        callback: (error, message) => {
          if (error === null) receive(message);
          else fail(asLogError(error, what));
        },
      });
      connection.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), { reply: inbox });
    } catch (error) {
      fail(asLogError(error, what));
    }
  });
}

function parseHeaders(block: string): Headers {
  const values = new Map<string, string>();
  const [first = '', ...lines] = block.split('\r\n');
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) values.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const [, status = '0', description = ''] = /^NATS\/1\.0\s+(\d+)\s*(.*)$/.exec(first) ?? [];
  return { status: Number(status), description: description.trim(), values };
}
