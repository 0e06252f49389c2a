import { header, labelsRecorded, subjects } from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import {
  readTraffic,
  scanLabels,
  type LogPosition,
  type ReadMessage,
  type ScannedLabels,
  type TrafficFact,
} from '#libs/monitoring/index.js';

/** Labels of which no more was read than their errors rest on. */
export interface ScannedFact {
  readonly kind: 'scanned';
  readonly seq: number;
  readonly logTime: number;
  readonly labels: ScannedLabels;
}

export type BacktestFact = TrafficFact | ScannedFact;

export type Read = Omit<ReadMessage, 'fact'> & { readonly fact: BacktestFact | null };

/** What of a deployment's messages is wanted; of others the time alone counts. */
export interface Wanted {
  readonly chunks: boolean;
  /** `errors`: what detectors take. */
  readonly labels: 'all' | 'errors' | 'none';
}

/** @param message of the deployment, behind `before`. */
export function readMessage(deployment: string, message: StreamMessage, before: LogPosition, wanted: Wanted): Read {
  const isLabels = message.subject === subjects.labels(deployment);
  const { seq, time } = message;
  const position = { ...before, seq, logTime: Math.max(before.logTime, time) };
  if (isLabels ? wanted.labels === 'none' : !wanted.chunks) return { fact: null, position, unreadable: null };
  const labels = isLabels && wanted.labels === 'errors' ? scanned(deployment, message) : null;
  if (labels === null) return readTraffic(deployment, message, before);
  const { logTime } = position;
  return {
    fact: { kind: 'scanned', seq, logTime, labels },
    position: { ...position, eventsSeq: Math.max(before.eventsSeq, labels.events_seq) },
    unreadable: null,
  };
}

function scanned(deployment: string, { headers, data }: StreamMessage): ScannedLabels | null {
  if (headers.get(header.type) !== labelsRecorded.type || !headers.has(header.id)) return null;
  const labels = scanLabels(data);
  return labels?.deployment === deployment ? labels : null;
}
