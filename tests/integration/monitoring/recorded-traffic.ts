/** A classifier of two features in production: its version, rows as serving records them, labels as feedback does. */
import {
  baselineFormat,
  encodeChunk,
  encodeChunkSchema,
  encodePredictionId,
  epochCheck,
  header,
  labelsRecorded,
  predictionsRecorded,
  subjects,
  type ChunkSchema,
  type LabelRow,
  type Signature,
} from '#libs/contracts/index.js';
import { buildBaseline } from '#libs/datasets/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';
import type { MonitoringRig } from '#tests/support/monitoring.js';

export const model = 'churn-model';
const artifact = `sha256:${'a'.repeat(64)}`;
const classes = ['no', 'yes'];

const signature: Signature = {
  inputs: [{ name: 'X', type: 'float32', shape: [null, 2] }],
  outputs: [
    { name: 'label', type: 'string', shape: [null], role: 'label' },
    { name: 'probabilities', type: 'float32', shape: [null, 2], role: 'probabilities' },
  ],
  features: [
    { name: 'age', type: 'float32', nullable: true, input: 'X', index: 0 },
    { name: 'income', type: 'float32', nullable: true, input: 'X', index: 1 },
  ],
  classes,
};

/** Rows of what the model is asked, drawn with a seed. */
export interface Drawn {
  readonly rows: number;
  readonly age: Float32Array;
  readonly income: Float32Array;
  /** Of `yes`, as the model answers. */
  readonly probability: Float32Array;
  readonly truth: readonly string[];
}

/** @param shift of the ages, in standard deviations. @param flipped share of labels that say otherwise than before. */
export function draw(rows: number, seed: number, { shift = 0, flipped = 0 } = {}): Drawn {
  const random = generator(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const [age, income, probability] = [new Float32Array(rows), new Float32Array(rows), new Float32Array(rows)];
  const truth: string[] = [];
  for (let row = 0; row < rows; row++) {
    age[row] = normal() + shift;
    income[row] = normal();
    probability[row] = 1 / (1 + Math.exp(-2 * (age[row]! - income[row]!)));
    const isYes = random() < probability[row]!;
    truth.push(isYes === random() < flipped ? 'no' : 'yes');
  }
  return { rows, age, income, probability, truth };
}

/** mulberry32 */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const answered = (drawn: Drawn): string[] => Array.from(drawn.probability, (p) => (p >= 0.5 ? 'yes' : 'no'));

/** Of 600 rows as they were in training. */
export function baselineOf(seed: number) {
  const drawn = draw(600, seed);
  const numbers = (name: string, values: Float32Array) =>
    ({ name, type: 'numeric', values: Float64Array.from(values) }) as const;
  return buildBaseline(
    { rows: drawn.rows, columns: [numbers('age', drawn.age), numbers('income', drawn.income)] },
    {
      rows: Int32Array.from({ length: drawn.rows }, (_, row) => row),
      features: ['age', 'income'],
      outputs: {
        label: answered(drawn),
        'probabilities.no': Array.from(drawn.probability, (p) => 1 - p),
        'probabilities.yes': Array.from(drawn.probability),
      },
      target: drawn.truth,
      seed,
    },
  );
}

/** Registers a version. @param baseline digest of an artifact; null: none. @returns the event's sequence */
export const registerVersion = (rig: MonitoringRig, version: string, baseline: string | null): Promise<number> =>
  rig.append(subjects.model(model), {
    type: 'VersionRegistered',
    data: {
      ...{ model, version, artifact, size: 1, tags: {}, metrics: {}, signature, lineage: {} },
      ...(baseline !== null && { baseline: { artifact: baseline, format: baselineFormat } }),
    },
  });

/** Says that a deployment takes traffic. @returns the event's sequence: what its chunks are routed by */
export function goLive(rig: MonitoringRig, deployment: string, version: string): Promise<number> {
  const rollout_id = uuidv5(namespaces.entity, `${deployment} ${version}`);
  return rig.append(subjects.deployment(deployment), {
    type: 'DeploymentWentLive',
    data: { deployment, rollout_id, model, version, instances: [{ instance: 'serving-0', load_ms: 1 }] },
  });
}

/** Where the rows of a chunk are. */
export interface Sent extends Drawn {
  readonly seq: number;
  readonly counter: number;
}

/** A serving process that records what it answered. */
export class Recorder {
  #counter = 0;

  constructor(
    private readonly rig: MonitoringRig,
    private readonly deployment: string,
    private readonly version: string,
    private readonly routingSeq: number,
    private readonly epoch = uuidv5(namespaces.entity, `${deployment} ${version} epoch`),
  ) {}

  async record(drawn: Drawn): Promise<Sent> {
    const { rows, age, income, probability } = drawn;
    this.#counter += 1;
    const counter = this.#counter;
    const inputs = new Float32Array(2 * rows);
    const probabilities = new Float32Array(2 * rows);
    for (let row = 0; row < rows; row++) {
      inputs.set([age[row]!, income[row]!], 2 * row);
      probabilities.set([1 - probability[row]!, probability[row]!], 2 * row);
    }
    const schema = this.#schema();
    const { seq } = await this.rig.traffic.publish({
      subject: subjects.predictions(this.deployment),
      headers: { [header.type]: predictionsRecorded.type },
      messageId: `${this.epoch}-${counter}`,
      data: encodeChunk(schema, encodeChunkSchema(schema), {
        ...{ counter, givenUp: [], beganAt: Date.now(), served: rows, failed: 0, refused: 0 },
        arm: new Uint8Array(rows),
        latencyUs: new Uint32Array(rows).fill(2000),
        beganOffsetUs: new Uint32Array(rows),
        ...{ codes: [], details: [], inputs: [inputs], outputs: [answered(drawn), probabilities] },
      }),
    });
    return { ...drawn, seq, counter };
  }

  /** Labels of some rows, of all by default. */
  async label(sent: Sent, rows: readonly number[] = Array.from(sent.truth.keys())): Promise<void> {
    const eventId = uuidv5(namespaces.event, `${this.epoch} ${sent.counter} ${rows.join()}`);
    const at = new Date().toISOString();
    const labels = rows.map((row): LabelRow => {
      const p = sent.probability[row]!;
      return {
        prediction_id: encodePredictionId({ seq: sent.seq, row, check: epochCheck(this.epoch) }),
        ...{ traffic_seq: sent.seq, epoch: this.epoch, counter: sent.counter, row, model, version: this.version },
        ...{ predicted_at: at, observed_at: at },
        predicted: { label: p >= 0.5 ? 'yes' : 'no', probabilities: { no: 1 - p, yes: p } },
        label: sent.truth[row]!,
      };
    });
    await this.rig.traffic.publish({
      subject: subjects.labels(this.deployment),
      headers: { [header.type]: labelsRecorded.type, [header.id]: eventId },
      data: Buffer.from(JSON.stringify({ deployment: this.deployment, events_seq: this.routingSeq, rows: labels })),
      messageId: eventId,
    });
  }

  #schema(): ChunkSchema {
    return {
      ...{
        deployment: this.deployment,
        routing_seq: this.routingSeq,
        epoch: this.epoch,
        instance: 'serving-0',
        classes,
      },
      arms: [{ role: 'live', model, version: this.version, rollout_id: 'r', artifact }],
      inputs: [{ name: 'X', type: 'float32', width: 2, features: ['age', 'income'] }],
      outputs: [
        { name: 'label', type: 'string', width: 1, role: 'label' },
        { name: 'probabilities', type: 'float32', width: 2, role: 'probabilities' },
      ],
    };
  }
}
