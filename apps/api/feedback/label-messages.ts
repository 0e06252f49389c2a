import {
  eventSource,
  header,
  labelsRecorded,
  subjects,
  type CommandMeta,
  type FieldError,
  type LabelRow,
  type LabelsRecorded,
} from '#libs/contracts/index.js';
import type { OutgoingMessage } from '#libs/event-log/index.js';
import { nameOf, namespaces, uuidv5 } from '#libs/kernel/index.js';
import type { Observed, PathOf } from './check-observations.js';

/** A message of labels, and what it holds. */
export interface LabelMessageToSend extends OutgoingMessage {
  readonly messageId: string;
  /** Positions in the request. */
  readonly items: readonly number[];
}

/** A message of labels should not exceed this; a row that is larger travels alone (EVENT_LOG.md, rule 8). */
export const maxMessageBytes = 512 * 1024;
/** The server takes messages of 1 MiB, headers included. */
const mostBytes = 1024 * 1024 - 16 * 1024;
/** Of a message's JSON around its rows, generously. */
const frameBytes = 512;

/**
 * The labels of a request as messages: one per deployment and at most 512 KiB, in the order of the request. Ids derive
 * from the request and the items in the message: the same request, resolved alike, makes the same messages.
 * @param eventsSeq last sequence of EVENTS when they were accepted
 */
export function labelMessages(
  observed: readonly Observed[],
  meta: CommandMeta,
  eventsSeq: number,
): LabelMessageToSend[] {
  const deployments = new Map<string, Observed[]>();
  for (const each of observed) {
    const { deployment } = each.prediction;
    const known = deployments.get(deployment);
    if (known === undefined) deployments.set(deployment, [each]);
    else known.push(each);
  }
  return [...deployments].flatMap(([deployment, all]) =>
    cut(all).map((part) => messageOf(deployment, part, meta, eventsSeq)),
  );
}

/** A prediction whose output makes a message alone that the server would refuse. */
export const sizeFaults = ({ items, data }: LabelMessageToSend, pathOf: PathOf): FieldError[] =>
  data.length <= mostBytes
    ? []
    : items.map((index) => ({
        path: pathOf(index, 'prediction_id'),
        message: `expected a prediction whose output is at most ${mostBytes} bytes as JSON; with it this one has ${data.length}`,
      }));

interface Encoded {
  readonly index: number;
  readonly json: string;
}

/** Rows are written once, and put together as they are. */
function cut(observed: readonly Observed[]): Encoded[][] {
  const parts: Encoded[][] = [];
  let bytes = Infinity;
  for (const each of observed) {
    const json = JSON.stringify(rowOf(each));
    const size = Buffer.byteLength(json) + 1;
    if (bytes + size > maxMessageBytes) {
      parts.push([]);
      bytes = frameBytes;
    }
    parts.at(-1)!.push({ index: each.index, json });
    bytes += size;
  }
  return parts;
}

const rowOf = ({ prediction_id, prediction, label, observed_at }: Observed): LabelRow => ({
  prediction_id,
  traffic_seq: prediction.traffic_seq,
  epoch: prediction.epoch,
  counter: prediction.counter,
  row: prediction.row,
  model: prediction.model,
  version: prediction.version,
  predicted_at: prediction.predicted_at,
  observed_at,
  predicted: prediction.predicted,
  label,
});

function messageOf(
  deployment: string,
  part: readonly Encoded[],
  meta: CommandMeta,
  events_seq: number,
): LabelMessageToSend {
  const subject = subjects.labels(deployment);
  const items = part.map(({ index }) => index);
  const messageId = uuidv5(namespaces.event, nameOf(meta.commandId, deployment, items.join(',')));
  const head = JSON.stringify({ deployment, events_seq } satisfies Omit<LabelsRecorded, 'rows'>);
  return {
    ...{ subject, messageId, items },
    headers: {
      [header.id]: messageId,
      [header.type]: labelsRecorded.type,
      [header.source]: eventSource,
      [header.subject]: subject,
      [header.time]: meta.at,
      [header.specVersion]: '1.0',
      [header.eventVersion]: String(labelsRecorded.version),
      [header.commandId]: meta.commandId,
      [header.commandDigest]: meta.digest,
      [header.correlationId]: meta.correlationId,
      [header.actor]: meta.actor,
      ...(meta.traceparent === undefined ? {} : { [header.traceparent]: meta.traceparent }),
    },
    data: Buffer.from(`${head.slice(0, -1)},"rows":[${part.map(({ json }) => json).join(',')}]}`, 'utf8'),
  };
}
