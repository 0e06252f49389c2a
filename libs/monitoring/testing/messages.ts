/** Messages of TRAFFIC and what EVENTS say, as specs of this library need them. */
import {
  catalogueOf,
  monitoringConfig,
  monitoringEvents,
  monitoringOf,
  performanceMeasured,
  windowClosed,
  type Chunk,
  type ChunkSchema,
  type MonitoringSettings,
  type OutputColumnSpec,
} from '#libs/contracts/index.js';
import { referenceFromRows, type RowsOfColumn } from '#libs/statistics/index.js';
import type { MonitorContext, MonitorOutput, ReferenceSet, TrafficFact, WatchedVersion } from '../contract.js';
import type { DeploymentMonitor } from '../monitor.js';

export const deployment = 'churn';
export const model = 'churn-model';
export const artifact = `sha256:${'a'.repeat(64)}`;

type Columns = Readonly<Record<string, readonly number[] | readonly string[]>>;

/** Rows of a classifier with two classes, or of a model that answers a value. */
export interface Rows {
  /** Numbers are float32, one input for all of them; texts an input each. */
  readonly features: Columns;
  /** The probability of `yes`; left out: the model answers a plain value. */
  readonly probability?: readonly number[];
  readonly value?: readonly number[];
  /** By failed row its features stand at the end of `features`. */
  readonly failed?: number;
  /** By refused row its recorded detail. */
  readonly refused?: readonly string[];
  readonly latencyUs?: readonly number[];
}

export interface Sent {
  readonly version?: string;
  /** By row the version; with `version` the first arm's. */
  readonly arms?: readonly string[];
  readonly armOf?: readonly number[];
  readonly epoch?: string;
  readonly counter?: number;
  readonly givenUp?: readonly number[];
  readonly routingSeq?: number;
}

/** A chunk as serving writes it. */
export function chunkOf(rows: Rows, sent: Sent = {}): Chunk {
  const entries = Object.entries(rows.features);
  const reached = entries[0]?.[1].length ?? 0;
  const { failed = 0, refused = [] } = rows;
  const served = reached - failed;
  const all = reached + refused.length;
  const numbers = entries.filter(([, values]) => values.every((value) => typeof value === 'number'));
  const texts = entries.filter(([, values]) => values.some((value) => typeof value === 'string'));
  const tensor = new Float32Array(reached * numbers.length);
  for (const [place, [, values]] of numbers.entries())
    for (let row = 0; row < reached; row++) tensor[row * numbers.length + place] = Number(values[row]);
  const { version = '1.0.0', arms = [version], epoch = 'e1', counter = 1, givenUp = [], routingSeq = 10 } = sent;
  const answers = outputsOf(rows, served);
  const schema: ChunkSchema = {
    ...{ deployment, routing_seq: routingSeq, epoch, instance: 'serving-1' },
    arms: arms.map((each) => ({ role: 'live', model, version: each, rollout_id: `r-${each}`, artifact })),
    inputs: [
      ...(numbers.length === 0
        ? []
        : [{ name: 'x', type: 'float32' as const, width: numbers.length, features: numbers.map(([name]) => name) }]),
      ...texts.map(([name]) => ({ name, type: 'string' as const, width: 1, features: [name] })),
    ],
    outputs: answers.specs,
    ...(rows.probability === undefined ? {} : { classes: ['no', 'yes'] }),
  };
  return {
    ...{ schema, counter, givenUp, beganAt: 0, served, failed, refused: refused.length },
    arm: Uint8Array.from({ length: all }, (_, row) => sent.armOf?.[row] ?? 0),
    latencyUs: Uint32Array.from({ length: all }, (_, row) => rows.latencyUs?.[row] ?? 2000),
    beganOffsetUs: new Uint32Array(all),
    codes: [...Array.from({ length: failed }, () => 'model_failed'), ...refused.map(() => 'ill_typed_feature')],
    details: [...Array.from({ length: failed }, () => '"failed"'), ...refused],
    inputs: [...(numbers.length === 0 ? [] : [tensor]), ...texts.map(([, values]) => values.map(String))],
    outputs: answers.columns,
  };
}

function outputsOf(
  { probability, value }: Rows,
  served: number,
): { specs: OutputColumnSpec[]; columns: Chunk['outputs'] } {
  if (probability !== undefined) {
    const both = new Float32Array(2 * served);
    for (let row = 0; row < served; row++) both.set([1 - probability[row]!, probability[row]!], 2 * row);
    return {
      specs: [
        { name: 'label', type: 'string', width: 1, role: 'label' },
        { name: 'p', type: 'float32', width: 2, role: 'probabilities' },
      ],
      columns: [Array.from({ length: served }, (_, row) => (probability[row]! >= 0.5 ? 'yes' : 'no')), both],
    };
  }
  return {
    specs: [{ name: 'y', type: 'float32', width: 1, role: 'value' }],
    columns: [Float32Array.from({ length: served }, (_, row) => value?.[row] ?? 0)],
  };
}

/** Facts one after another, so many milliseconds apart. */
export const chunkFacts = (chunks: readonly Chunk[], { from = 0, every = 1000, seq = 1 } = {}): TrafficFact[] =>
  chunks.map((chunk, index) => ({ kind: 'chunk', seq: seq + index, logTime: from + index * every, chunk }));

export const tickFact = (seq: number, logTime: number): TrafficFact => ({
  ...{ kind: 'tick', seq, logTime },
  tick: { deployment, at: new Date(logTime).toISOString(), events_seq: 1 },
});

/** Settings with these in place of defaults. */
export function settingsOf(given: {
  readonly [Part in keyof MonitoringSettings]?: Partial<MonitoringSettings[Part]>;
}): MonitoringSettings {
  return monitoringOf(monitoringConfig.parse({ monitoring: given }), deployment);
}

/** A reference of such rows. */
export function referenceOfRows({ features, probability, value }: Rows): ReferenceSet {
  const column = (name: string, data: readonly number[] | readonly string[]): RowsOfColumn =>
    data.every((each) => typeof each === 'number')
      ? { name, kind: 'numeric', data: Float64Array.from(data, (each) => Math.fround(each)) }
      : { name, kind: 'categorical', data: data.map(String) };
  const predictions: Columns = probability
    ? {
        label: probability.map((each) => (each >= 0.5 ? 'yes' : 'no')),
        'probabilities.no': probability.map((each) => 1 - each),
        'probabilities.yes': probability,
      }
    : { value: value ?? [] };
  const columnsOf = (columns: Columns) =>
    referenceFromRows(
      Object.entries(columns).map(([name, data]) => column(name, data)),
      1,
    );
  return {
    reference: { kind: 'training', artifact },
    features: columnsOf(features),
    predictions: columnsOf(predictions),
    labels: null,
    labelled: null,
  };
}

/** @param versions by version its reference, or why it has none */
export function contextOf(
  settings: MonitoringSettings,
  versions: Readonly<Record<string, WatchedVersion['reference']>>,
): MonitorContext {
  return {
    ...{ eventsSeq: 10, configurationSeq: 2, settings },
    versionOf: (name, version) =>
      name === model && versions[version] !== undefined
        ? { signature: { inputs: [], outputs: [], features: [] }, reference: versions[version] }
        : undefined,
  };
}

export const applyAll = (
  monitor: DeploymentMonitor,
  facts: readonly TrafficFact[],
  context: MonitorContext,
): MonitorOutput[] => stored(facts.flatMap((fact) => monitor.apply(fact, context)));

export const windowsIn = (outputs: readonly MonitorOutput[]) =>
  outputs.flatMap((output) =>
    output.kind === 'record' && output.record.type === 'WindowClosed' ? [output.record.data] : [],
  );

export const findingsIn = (outputs: readonly MonitorOutput[]) =>
  outputs.flatMap((output) => (output.kind === 'finding' ? [output.finding] : []));

const finding = catalogueOf(monitoringEvents);

/** What is to be stored, as whoever reads it will check it. @throws ZodError for what does not fit */
export function stored(outputs: readonly MonitorOutput[]): MonitorOutput[] {
  for (const output of outputs) {
    if (output.kind === 'finding') finding.get(output.finding.type)!.schema.parse(output.finding.data);
    else if (output.record.type === 'WindowClosed') windowClosed.schema.parse(output.record.data);
    else performanceMeasured.schema.parse(output.record.data);
  }
  return JSON.parse(JSON.stringify(outputs)) as MonitorOutput[];
}
