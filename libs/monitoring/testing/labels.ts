/** Predictions of one version with their labels, as specs of `labels` need them. */
import type {
  LabelRow,
  MonitoringSettings,
  PerformanceMeasured,
  Signature,
  TrafficPosition,
} from '#libs/contracts/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';
import { Random } from '#libs/learning/index.js';
import { referenceFromRows } from '#libs/statistics/index.js';
import type { MonitorContext, MonitorOutput, WatchedVersion } from '../contract.js';
import type { EstimatedMetrics, WindowSpan } from '../labels/label-horizon.js';
import type { VersionPerformance } from '../labels/version-performance.js';
import { artifact, deployment, model, settingsOf, stored } from './messages.js';

export const version = '1.0.0';
export const place = { deployment, model, version };

const output = (name: string, role: Signature['outputs'][number]['role'], type: 'string' | 'float32', width = 1) =>
  ({ name, role, type, shape: width === 1 ? [null] : [null, width] }) as const;

const inputs = {
  inputs: [{ name: 'x', type: 'float32' as const, shape: [null, 1] }],
  features: [{ name: 'x', type: 'float32' as const, nullable: false, input: 'x', index: 0 }],
};

export const classifierOf = (classes: string[]): Signature => ({
  ...inputs,
  outputs: [output('label', 'label', 'string'), output('p', 'probabilities', 'float32', classes.length)],
  classes,
});

export const regressor: Signature = { ...inputs, outputs: [output('y', 'value', 'float32')] };

/** A classifier of two classes whose probabilities were right in training, on so many rows. */
export function churnVersion(rows: number, seed = 1): WatchedVersion {
  const random = new Random(seed);
  const yes = Array.from({ length: rows }, () => Math.fround(random.float()));
  const target = yes.map((share) => (random.float() < share ? 'yes' : 'no'));
  return {
    signature: classifierOf(['no', 'yes']),
    reference: {
      ...{ reference: { kind: 'training', artifact }, features: [], predictions: [] },
      labels: referenceFromRows([{ name: 'target', kind: 'categorical', data: target }], 1)[0]!,
      labelled: {
        rows: [...target.keys()],
        features: {},
        outputs: {
          label: yes.map((share) => (share >= 0.5 ? 'yes' : 'no')),
          'probabilities.no': yes.map((share) => 1 - share),
          'probabilities.yes': yes,
        },
        target,
      },
    },
  };
}

/** A regression whose target had these values in training. */
export const priceVersion = (target: readonly number[]): WatchedVersion => ({
  signature: regressor,
  reference: {
    ...{ reference: { kind: 'training', artifact }, features: [], predictions: [], labelled: null },
    labels: referenceFromRows([{ name: 'target', kind: 'numeric', data: Float64Array.from(target) }], 1)[0]!,
  },
});

export const contextOf = (
  watched: WatchedVersion,
  settings: Parameters<typeof settingsOf>[0] | MonitoringSettings = {},
): MonitorContext => ({
  ...{ eventsSeq: 10, configurationSeq: 2, settings: settingsOf(settings) },
  versionOf: (name, wanted) => (name === model && wanted === version ? watched : undefined),
});

/** What a version of `churnVersion` answers. */
export const churnAnswer = (yes: number): LabelRow['predicted'] => ({
  label: yes >= 0.5 ? 'yes' : 'no',
  probabilities: { no: 1 - yes, yes },
});

/** A label and where it stands in the log. */
export interface Told {
  readonly place: TrafficPosition;
  readonly predicted: LabelRow['predicted'];
  readonly label: LabelRow['label'];
  /** Of its message in TRAFFIC. */
  readonly seq: number;
  /** Milliseconds; left out: the moment of the message. */
  readonly observedAt?: number;
  /** Names the message; left out: its sequence does. */
  readonly event?: string;
  readonly index?: number;
}

const eventIds = new Map<string, string>();

export function eventId(name: string): string {
  const id = eventIds.get(name) ?? uuidv5(namespaces.event, name);
  eventIds.set(name, id);
  return id;
}

export const tell = (performance: VersionPerformance, told: Told, context: MonitorContext): MonitorOutput[] => {
  const { seq, observedAt = 1000 * seq, index = 0, predicted, label, event = String(seq) } = told;
  const row: LabelRow = {
    ...{ prediction_id: `${told.place.seq}-${told.place.row}`, traffic_seq: told.place.seq, row: told.place.row },
    ...{ epoch: 'e1', counter: told.place.seq, model, version, predicted, label },
    ...{ predicted_at: new Date(0).toISOString(), observed_at: new Date(observedAt).toISOString() },
  };
  const at = { seq, logTime: 1000 * seq };
  return stored(performance.label({ row, place: told.place, eventId: eventId(event), index }, at, context));
};

/** The window `number` ends, of `served` rows of a chunk each. */
export const close = (
  performance: VersionPerformance,
  span: WindowSpan,
  seq: number,
  context: MonitorContext,
  estimated: EstimatedMetrics = {},
): MonitorOutput[] => stored(performance.closeWindow(span, estimated, { seq, logTime: 1000 * seq }, context));

/** Windows of so many rows, a chunk for each, beginning at these sequences. */
export const spanOf = (number: number, firstSeq: number, served: number): WindowSpan => ({
  number,
  first: { seq: firstSeq, row: 0 },
  last: { seq: firstSeq, row: served - 1 },
  served,
});

export const measuredIn = (outputs: readonly MonitorOutput[]): PerformanceMeasured[] =>
  outputs.flatMap((output) =>
    output.kind === 'record' && output.record.type === 'PerformanceMeasured' ? [output.record.data] : [],
  );
