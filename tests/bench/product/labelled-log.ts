import { Readable } from 'node:stream';
import type { RecordedLog } from '#apps/cli/offline/backtest/run.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { openArtifactStore } from '#libs/artifacts/index.js';
import {
  baselineFormat,
  encodeChunk,
  encodeChunkSchema,
  encodePredictionId,
  epochCheck,
  eventCatalogue,
  header,
  labelsRecorded,
  predictionsRecorded,
  subjects,
  type GovernanceEvent,
  type LabelRow,
} from '#libs/contracts/index.js';
import { encodeEvent, ensureStreams, EventReader, genesisHash, JetStreamStore } from '#libs/event-log/index.js';
import { namespaces, sha256Hex, systemClock, uuidv5 } from '#libs/kernel/index.js';
import { Random } from '#libs/learning/index.js';
import { connectNats, createLogger } from '#libs/nest/index.js';
import {
  baselineOf,
  chunkOf,
  drawRows,
  epoch,
  labelOf,
  modelArtifact,
  schemaOf,
  signature,
  version,
} from './bench-classifier.js';

/** A nats-server with the recorded traffic of one deployment. */
export interface LabelledLog extends RecordedLog {
  readonly deployment: string;
  readonly traffic: JetStreamStore;
  readonly rows: number;
  close(): Promise<void>;
}

const deployment = 'bench';
const rowsPerChunk = 1000;
const baselineRows = 5000;
const at = '2026-01-01T00:00:00.000Z';

/** @param rows of a classifier of 30 float32 features, each with its label, a thousand to a message. */
export async function openLabelledLog(rows: number): Promise<LabelledLog> {
  const { startNats } = await import('#tests/support/nats.js');
  const server = await startNats();
  const logger = createLogger({ component: 'bench', instance: 'bench', level: 'silent' });
  const connection = await connectNats({ url: server.url, name: 'bench', logger });
  await ensureStreams(connection, streamDeclarations(1));
  const events = new JetStreamStore({ connection, stream: streamNames.events });
  const traffic = new JetStreamStore({ connection, stream: streamNames.traffic });
  const artifacts = await openArtifactStore({ connection, replicas: 1, clock: systemClock });
  const random = new Random(1);
  const { digest } = await artifacts.put(
    Readable.from([Buffer.from(JSON.stringify(baselineOf(drawRows(random, baselineRows))))]),
  );
  await append(events, subjects.model(version.model), {
    type: 'VersionRegistered',
    data: {
      ...{ ...version, artifact: modelArtifact, size: 1, tags: {}, metrics: {}, signature, lineage: {} },
      baseline: { artifact: digest, format: baselineFormat },
    },
  });
  const routingSeq = await append(events, subjects.deployment(deployment), {
    type: 'DeploymentWentLive',
    data: { deployment, rollout_id: namespaces.entity, ...version, instances: [{ instance: 's', load_ms: 1 }] },
  });
  for (let chunk = 0; chunk < rows / rowsPerChunk; chunk++) await record(traffic, random, chunk, routingSeq);
  return {
    ...{ deployment, traffic, rows: Math.ceil(rows / rowsPerChunk) * rowsPerChunk, artifacts },
    reader: new EventReader<GovernanceEvent>(events, eventCatalogue),
    async close() {
      await connection.drain();
      await server.stop();
    },
  };
}

async function append(events: JetStreamStore, subject: string, event: GovernanceEvent): Promise<number> {
  const meta = {
    ...{ commandId: uuidv5(namespaces.command, subject), digest: sha256Hex(subject), actor: 'bench' },
    ...{ correlationId: uuidv5(namespaces.command, subject), at },
  };
  const place = { subject, aggregateVersion: 1, previousHash: genesisHash };
  const { message } = encodeEvent(eventCatalogue, event, meta, place);
  return (await events.publish({ ...message, expectedLastSubjectSeq: 0 })).seq;
}

async function record(traffic: JetStreamStore, random: Random, chunk: number, routingSeq: number): Promise<void> {
  const schema = schemaOf(deployment, routingSeq);
  const drawn = drawRows(random, rowsPerChunk);
  const { seq } = await traffic.publish({
    subject: subjects.predictions(deployment),
    headers: { [header.type]: predictionsRecorded.type },
    data: encodeChunk(
      schema,
      encodeChunkSchema(schema),
      chunkOf(drawn, { counter: chunk + 1, beganAt: Date.parse(at), random }),
    ),
  });
  const labels = Array.from(drawn.probability, (yes, row): LabelRow => ({
    prediction_id: encodePredictionId({ seq, row, check: epochCheck(epoch) }),
    ...{ traffic_seq: seq, epoch, counter: chunk + 1, row, ...version, predicted_at: at, observed_at: at },
    predicted: { label: labelOf(yes), probabilities: { no: 1 - yes, yes } },
    label: drawn.isYes[row] === 1 ? 'yes' : 'no',
  }));
  await traffic.publish({
    subject: subjects.labels(deployment),
    headers: { [header.type]: labelsRecorded.type, [header.id]: uuidv5(namespaces.event, String(chunk)) },
    data: Buffer.from(JSON.stringify({ deployment, events_seq: routingSeq, rows: labels })),
  });
}
