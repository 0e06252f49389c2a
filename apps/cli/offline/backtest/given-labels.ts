import {
  epochCheck,
  decodePredictionId,
  type Chunk,
  type LabelRow,
  type LabelsRecorded,
  type OutputInfo,
} from '#libs/contracts/index.js';
import { outputReader, type ColumnData } from '#libs/inference/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { givenLabel } from '#libs/monitoring/index.js';
import type { Versions } from './detector-pass.js';

interface Given {
  readonly id: string;
  readonly row: number;
  readonly check: number;
  readonly text: string;
}

/** Labels from outside of the log, each as if it had been observed right behind its prediction. */
export class GivenLabels {
  readonly #bySeq = new Map<number, Given[]>();
  #used = 0;
  #unfit = 0;

  /** @param labels by prediction id */
  constructor(private readonly labels: ReadonlyMap<string, string>) {
    for (const [id, text] of labels) {
      const place = decodePredictionId(id);
      if (place === undefined) continue;
      const { seq, row, check } = place;
      const known = this.#bySeq.get(seq);
      if (known === undefined) this.#bySeq.set(seq, [{ id, row, check, text }]);
      else known.push({ id, row, check, text });
    }
    for (const given of this.#bySeq.values()) given.sort((a, b) => a.row - b.row);
  }

  /** What was given of a chunk's served rows; null: nothing. */
  of(chunk: Chunk, seq: number, versions: Versions): LabelsRecorded | null {
    const given = this.#bySeq.get(seq);
    if (given === undefined) return null;
    const { schema } = chunk;
    const check = epochCheck(schema.epoch);
    const rows = given.flatMap((each): LabelRow[] => {
      const arm = schema.arms[chunk.arm[each.row] ?? -1];
      if (each.check !== check || each.row >= chunk.served || arm === undefined) return [];
      const version = versions.versionOf(arm.model, arm.version);
      const label = version === undefined ? null : givenLabel(version.signature, each.text);
      if (label === null) {
        this.#unfit++;
        return [];
      }
      this.#used++;
      const predicted_at = isoTime(chunk.beganAt + chunk.beganOffsetUs[each.row]! / 1000);
      return [
        {
          ...{ prediction_id: each.id, traffic_seq: seq, epoch: schema.epoch, counter: chunk.counter, row: each.row },
          ...{ model: arm.model, version: arm.version, predicted_at, observed_at: predicted_at, label },
          predicted: predictedIn(chunk, each.row),
        },
      ];
    });
    return rows.length === 0 ? null : { deployment: schema.deployment, events_seq: schema.routing_seq, rows };
  }

  /** What became of them, where it is not that they were used. */
  notes(): string[] {
    const others = this.labels.size - this.#used - this.#unfit;
    return [
      ...(this.#unfit === 0 ? [] : [`--labels: ${this.#unfit} labels do not fit what their version answers`]),
      ...(others === 0 ? [] : [`--labels: ${others} prediction ids name no served row that was read`]),
    ];
  }
}

function predictedIn({ schema, outputs }: Chunk, row: number): LabelRow['predicted'] {
  const infos = schema.outputs.map(({ name, type, width, role }): OutputInfo => ({
    name,
    type,
    role,
    shape: [null, width],
  }));
  const columns = schema.outputs.map(({ name, type, width }, index) => ({
    ...{ name, type, width },
    data: outputs[index] as ColumnData,
  }));
  const classes = schema.classes === undefined ? {} : { classes: schema.classes };
  return outputReader({ inputs: [], features: [], outputs: infos, ...classes }).outputOf(columns, row);
}
