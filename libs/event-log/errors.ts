import { ModelogError } from '#libs/kernel/index.js';
import type { Expectation } from './stream-store.js';

/** Anything the log can throw. What a caller may retry, and what is known to be stored, differs by class. */
export abstract class EventLogError extends ModelogError {}

/** Another message got in between: nothing was stored. */
export class StreamConflict extends EventLogError {
  constructor(
    readonly subject: string,
    readonly expected: Expectation,
    /**
     * Last sequence of the subject, or of the stream where that was expected too and is wrong: the server does not say
     * which. Absent for a clash with a message still in flight.
     */
    readonly lastSeq: number | undefined,
    options?: ErrorOptions,
  ) {
    super(
      'stream_conflict',
      `${subject}: expected ${describe(expected)}, found ${lastSeq ?? 'a message in flight'}`,
      options,
    );
  }
}

const describe = ({ expectedLastSubjectSeq, expectedLastSeq }: Expectation): string =>
  `last sequence ${expectedLastSubjectSeq ?? 'any'}${expectedLastSeq === undefined ? '' : ` and ${expectedLastSeq} of the stream`}`;

/** An append to `evt.>` that names no last sequence of its subject: a defect of its caller. Nothing was sent. */
export class ExpectationMissing extends EventLogError {
  constructor(readonly subject: string) {
    super(
      'expectation_missing',
      `${subject}: an append to evt.> names the last sequence of its subject, 0 for the first`,
    );
  }
}

/**
 * A guarded append came too late: others have appended since the position that its command rests on. The event is not
 * stored and never will be under this guard. Look again at `lastSeq` and repeat with the same command id.
 */
export class StreamMovedOn extends EventLogError {
  constructor(
    readonly subject: string,
    readonly seenThrough: number,
    /** Last sequence of the whole stream, as the leader told it. */
    readonly lastSeq: number,
  ) {
    super(
      'stream_moved_on',
      `${subject}: decided on what there was at ${seenThrough}, and the log is at ${lastSeq} now`,
    );
  }
}

/** No answer in time: the message may or may not be stored. Read before you write again. */
export class StreamTimeout extends EventLogError {
  constructor(what: string, options?: ErrorOptions) {
    super('stream_timeout', `${what}: no answer in time`, options);
  }
}

/** The server is known not to have done it; it may later. HTTP 503. */
export class StreamUnavailable extends EventLogError {
  constructor(what: string, reason: string, options?: ErrorOptions) {
    super('stream_unavailable', `${what}: ${reason}`, options);
  }
}

/** The server refused this very message and would refuse it again (too large, wrong stream, limits). Not stored. */
export class StreamRefused extends EventLogError {
  constructor(
    what: string,
    readonly reason: string,
    /** JetStream's `err_code`, where the server gave one. */
    readonly errorCode: number | undefined,
    options?: ErrorOptions,
  ) {
    super('stream_refused', `${what}: ${reason}`, options);
  }
}

/** An append was still contended when its time was up. It may be stored: repeat with the same command id. HTTP 503. */
export class AppendContention extends EventLogError {
  constructor(
    readonly subject: string,
    readonly attempts: number,
    afterMs: number,
    options?: ErrorOptions,
  ) {
    super('append_contention', `${subject}: not settled after ${attempts} attempts in ${afterMs} ms`, options);
  }
}

/** What is stored breaks a promise of the log: hash chain, contiguous versions, gap-free sequence. Needs a person. */
export class LogCorrupt extends EventLogError {
  constructor(
    readonly problem: LogProblemCode,
    readonly seq: number,
    detail: string,
    options?: ErrorOptions,
  ) {
    super('log_corrupt', `sequence ${seq}: ${problem}: ${detail}`, options);
  }
}

/** Stable names of the ways in which a log can be broken. */
export type LogProblemCode =
  | 'sequence_gap'
  | 'malformed_envelope'
  | 'undecodable_event'
  | 'version_gap'
  | 'chain_broken'
  | 'hash_mismatch'
  | 'repeated_command';

/** A write model met an event that it cannot fold: an unknown type, a newer version, or data its schema refuses. */
export class UnknownEvent extends EventLogError {
  constructor(
    readonly seq: number,
    readonly type: string,
    detail: string,
  ) {
    super('unknown_event', `sequence ${seq}: ${type}: ${detail}`);
  }
}

/** A decision gave an event that the log could not give back. A defect of the decider or its catalogue; nothing was stored. */
export class InvalidEvent extends EventLogError {
  constructor(
    readonly type: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super('invalid_event', `${type}: ${detail}`, options);
  }
}

/** The server says the message is a duplicate, but what it stored under this id is another one. Nothing was stored. */
export class DuplicateMessageId extends EventLogError {
  constructor(
    readonly subject: string,
    readonly messageId: string,
    /** Sequence of the message that carries the id. */
    readonly seq: number,
    readonly foundSubject: string | undefined,
  ) {
    super(
      'duplicate_message_id',
      `${subject}: message id ${messageId} is already used by sequence ${seq} on ${foundSubject ?? 'no readable message'}`,
    );
  }
}

/** A declared stream differs from the server's in a way that cannot be applied. */
export class StreamMismatch extends EventLogError {
  constructor(
    readonly stream: string,
    readonly differences: readonly string[],
  ) {
    super('stream_mismatch', `stream ${stream} cannot be brought to its declaration: ${differences.join('; ')}`);
  }
}

/** Too many publishes in flight: refused before anything was sent. HTTP 429 or 503 with Retry-After. */
export class Overloaded extends EventLogError {
  constructor(
    readonly inFlight: number,
    readonly inFlightBytes: number,
    limit: string,
  ) {
    super('overloaded', `${inFlight} messages (${inFlightBytes} bytes) in flight: ${limit}`);
  }
}
