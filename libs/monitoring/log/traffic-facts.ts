/** Messages of TRAFFIC as facts of one deployment. What the facts carry of time and of EVENTS never runs back. */
import {
  decodeChunk,
  decodeLabels,
  decodeTick,
  header,
  labelsRecorded,
  nameOfToken,
  predictionsRecorded,
  ticked,
  type Chunk,
} from '#libs/contracts/index.js';
import { assertNever, messageOf } from '#libs/kernel/index.js';
import type { TrafficFact } from '../contract.js';

/** A stored message. */
export interface TrafficMessage {
  readonly seq: number;
  /** Server time, milliseconds since the epoch. */
  readonly time: number;
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
}

/** How far a deployment's messages were read. The maxima are of its own messages: whoever reads those alone has the same. */
export interface LogPosition {
  /** In TRAFFIC. */
  readonly seq: number;
  /** Largest server time, milliseconds since the epoch. */
  readonly logTime: number;
  /** Largest position in EVENTS that a message names. */
  readonly eventsSeq: number;
}

export const nothingRead: LogPosition = { seq: 0, logTime: 0, eventsSeq: 0 };

export interface ReadMessage {
  readonly position: LogPosition;
  /** Null: nothing that the monitor is told of. */
  readonly fact: TrafficFact | null;
  /** Why it could not be read; null where it could. Such a message counts for nothing but its time. */
  readonly unreadable: string | null;
}

/** Of a message's subject, `pred.<name>`, `label.<name>` or `tick.<name>`; undefined for any other. */
export function deploymentOf(subject: string): string | undefined {
  const match = /^(?:pred|label|tick)\.([^.]+)$/.exec(subject);
  if (match === null) return undefined;
  try {
    return nameOfToken(match[1]!);
  } catch {
    return undefined;
  }
}

/** @param message of the deployment, behind `before`. */
export function readTraffic(deployment: string, message: TrafficMessage, before: LogPosition): ReadMessage {
  const { seq } = message;
  const logTime = Math.max(before.logTime, message.time);
  try {
    const fact = factOf(deployment, message, logTime);
    return { fact, position: { seq, logTime, eventsSeq: Math.max(before.eventsSeq, namedBy(fact)) }, unreadable: null };
  } catch (error) {
    return { fact: null, position: { ...before, seq, logTime }, unreadable: messageOf(error) };
  }
}

/** @throws whatever says why it is none. */
function factOf(deployment: string, { seq, subject, headers, data }: TrafficMessage, logTime: number): TrafficFact {
  const type = headers.get(header.type);
  const kind = subject.slice(0, subject.indexOf('.'));
  switch (kind) {
    case 'pred': {
      expectType(type ?? predictionsRecorded.type, predictionsRecorded.type);
      const chunk = decodeChunk(data);
      expectDeployment(chunk.schema.deployment, deployment);
      expectRecorded(chunk);
      return { kind: 'chunk', seq, logTime, chunk };
    }
    case 'label': {
      expectType(type, labelsRecorded.type);
      const eventId = headers.get(header.id);
      if (eventId === undefined) throw new TypeError('labels without an event id');
      const labels = decodeLabels(data);
      expectDeployment(labels.deployment, deployment);
      return { kind: 'labels', seq, logTime, eventId, labels };
    }
    case 'tick': {
      expectType(type, ticked.type);
      const tick = decodeTick(data);
      expectDeployment(tick.deployment, deployment);
      return { kind: 'tick', seq, logTime, tick };
    }
    default:
      throw new TypeError(`subject ${subject}: expected pred, label or tick and a deployment`);
  }
}

function expectType(found: string | undefined, expected: string): void {
  if (found !== expected) throw new TypeError(`has the type ${found ?? 'none'}: expected ${expected}`);
}

function expectDeployment(found: string, expected: string): void {
  if (found !== expected) throw new TypeError(`is of deployment ${found}, on the subject of ${expected}`);
}

/** What decodes and cannot have come from a recorder. */
function expectRecorded({ schema, counter, givenUp, arm, beganAt }: Chunk): void {
  const isCounter = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  if (!isCounter(counter)) throw new TypeError(`counter ${counter}: expected a whole number from 1`);
  const wrong = givenUp.find((other) => !isCounter(other) || other >= counter);
  if (wrong !== undefined) throw new TypeError(`gives up counter ${wrong}: expected one before its own, ${counter}`);
  const strange = arm.find((index) => index >= schema.arms.length);
  if (strange !== undefined) throw new TypeError(`a row names arm ${strange} of ${schema.arms.length}`);
  if (!Number.isFinite(beganAt)) throw new TypeError(`began at ${beganAt}: expected an instant`);
}

function namedBy(fact: TrafficFact): number {
  switch (fact.kind) {
    case 'chunk':
      return fact.chunk.schema.routing_seq;
    case 'labels':
      return fact.labels.events_seq;
    case 'tick':
      return fact.tick.events_seq;
    default:
      return assertNever(fact, 'fact of TRAFFIC');
  }
}
