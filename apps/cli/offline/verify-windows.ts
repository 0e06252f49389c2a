import {
  decodeWindowRecord,
  subjects,
  WindowRecordMalformed,
  type PerformanceMeasured,
  type WindowClosed,
  type WindowRecord,
} from '#libs/contracts/index.js';
import type { StreamMessage, StreamStore } from '#libs/event-log/index.js';
import { verifyStream, type ReadingOptions } from './verify-stream.js';

/** A promise of WINDOWS that is broken. */
export interface WindowsProblem {
  readonly code:
    | 'sequence_gap'
    | 'undecodable_record'
    | 'wrong_subject'
    /** Windows of a version are numbered from 1 on, without a gap. */
    | 'window_gap'
    | 'window_repeated'
    /** Labels are told of a window that has not begun. */
    | 'unknown_window'
    /** Labels are told of a window after it was said that none count any more. */
    | 'measured_when_final'
    /** A record rests on what TRAFFIC or EVENTS do not have. */
    | 'unknown_position';
  readonly seq: number;
  readonly detail: string;
}

export interface WindowsSummary {
  readonly lastSeq: number;
  readonly windows: number;
  readonly measurements: number;
  readonly problems: number;
}

export interface VerifyWindowsOptions extends ReadingOptions {
  /** Ends of TRAFFIC and EVENTS, taken after that of WINDOWS. */
  readonly trafficEnd: number;
  readonly eventsEnd: number;
}

/** A record tells up to 1,000 columns. */
const pageSize = 64;

/** Of a version in a deployment. */
interface Version {
  /** Windows that have closed. */
  closed: number;
  /** Those of them whose labels still count. */
  readonly waiting: Set<number>;
}

/**
 * Reads WINDOWS up to an end and yields every broken promise. Memory: some bytes for each window that waits for labels.
 * What the records say of the traffic is proved by `modelog backtest`, which makes the findings anew.
 */
export async function* verifyWindows(
  store: StreamStore,
  lastSeq: number,
  options: VerifyWindowsOptions,
): AsyncGenerator<WindowsProblem, WindowsSummary> {
  const versions = new Map<string, Version>();
  const counts = { windows: 0, measurements: 0 };
  const check = (message: StreamMessage): WindowsProblem[] => problemsOf(message, versions, counts, options);
  const problems = yield* verifyStream<WindowsProblem>(store, lastSeq, { ...options, pageSize, check });
  return { lastSeq, ...counts, problems };
}

function problemsOf(
  message: StreamMessage,
  versions: Map<string, Version>,
  counts: { windows: number; measurements: number },
  ends: Pick<VerifyWindowsOptions, 'trafficEnd' | 'eventsEnd'>,
): WindowsProblem[] {
  const { seq, subject } = message;
  let record: WindowRecord;
  try {
    record = decodeWindowRecord(message);
  } catch (error) {
    if (!(error instanceof WindowRecordMalformed)) throw error;
    return [{ code: 'undecodable_record', seq, detail: error.message }];
  }
  const { data } = record;
  if (subject !== subjects.windows(data.deployment))
    return [{ code: 'wrong_subject', seq, detail: `it is of ${data.deployment}, on ${subject}` }];
  const version = versionOf(versions, data);
  const found =
    record.type === 'WindowClosed' ? closed(record.data, version, seq) : measured(record.data, version, seq);
  counts[record.type === 'WindowClosed' ? 'windows' : 'measurements'] += 1;
  const rests = record.type === 'WindowClosed' ? record.data.last.seq : record.data.traffic_seq;
  return [...found, ...unknownPositions(seq, rests, data.events_seq, ends)];
}

function closed({ window, ...of }: WindowClosed, version: Version, seq: number): WindowsProblem[] {
  const expected = version.closed + 1;
  if (window < expected)
    return [{ code: 'window_repeated', seq, detail: `window ${window} of ${nameOf(of)} has closed before` }];
  version.closed = window;
  version.waiting.add(window);
  if (window === expected) return [];
  return [{ code: 'window_gap', seq, detail: `window ${window} of ${nameOf(of)}: expected ${expected}` }];
}

function measured({ window, final, ...of }: PerformanceMeasured, version: Version, seq: number): WindowsProblem[] {
  if (window > version.closed)
    return [{ code: 'unknown_window', seq, detail: `window ${window} of ${nameOf(of)} has not closed before` }];
  const isWaited = version.waiting.has(window);
  if (final) version.waiting.delete(window);
  if (isWaited) return [];
  return [{ code: 'measured_when_final', seq, detail: `window ${window} of ${nameOf(of)}` }];
}

function unknownPositions(
  seq: number,
  trafficSeq: number,
  eventsSeq: number,
  { trafficEnd, eventsEnd }: Pick<VerifyWindowsOptions, 'trafficEnd' | 'eventsEnd'>,
): WindowsProblem[] {
  const unknown = [
    ...(trafficSeq > trafficEnd ? [`TRAFFIC ${trafficSeq}, which ends at ${trafficEnd}`] : []),
    ...(eventsSeq > eventsEnd ? [`EVENTS ${eventsSeq}, which ends at ${eventsEnd}`] : []),
  ];
  return unknown.map((what) => ({ code: 'unknown_position', seq, detail: `it rests on ${what}` }));
}

function versionOf(versions: Map<string, Version>, data: WindowRecord['data']): Version {
  const key = JSON.stringify([data.deployment, data.model, data.version]);
  const known = versions.get(key) ?? { closed: 0, waiting: new Set<number>() };
  versions.set(key, known);
  return known;
}

const nameOf = ({ model, version }: { readonly model: string; readonly version: string }): string =>
  `${model}@${version}`;
