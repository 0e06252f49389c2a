import type { TrafficPosition } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { RecordedErrors, type ErrorCounts, type ErrorLabel, type MonitorContext } from '#libs/monitoring/index.js';
import {
  detectorFrom,
  detectorKind,
  scoreAlarms,
  type AlarmScore,
  type DetectorParameters,
  type DetectorReading,
  type StreamDetector,
} from '#libs/statistics/index.js';
import { ChangePlaces, type GivenChange } from './change-places.js';
import type { WantedDetector } from './request.js';

/** What a detector told of a version. */
export interface DetectorReport {
  /** As it was asked for. */
  readonly detector: string;
  readonly method: { readonly name: string; readonly version: number; readonly parameters: DetectorParameters };
  readonly model: string;
  readonly version: string;
  /** Samples of the span that it took. */
  readonly samples: number;
  readonly warnings: number;
  readonly alarms: readonly DetectorAlarm[];
  readonly score: AlarmScore;
}

export interface DetectorAlarm {
  /** Of the sample, from 0 at the span's beginning. */
  readonly index: number;
  /** The label that it was told at, and the log's time there. */
  readonly label: TrafficPosition;
  readonly at: string;
  /** What it rests on. */
  readonly reading: DetectorReading;
}

/** The labels of a version in the span, and how far a predictor comes that answers as the label before. */
export interface VersionErrors extends ErrorCounts {
  readonly model: string;
  readonly version: string;
}

/** Labels of a message, where it stands in the log. */
export interface PlacedLabels {
  readonly seq: number;
  readonly logTime: number;
  readonly labels: { readonly rows: readonly (ErrorLabel & { readonly model: string; readonly version: string })[] };
}

interface Running {
  readonly wanted: WantedDetector;
  readonly detector: StreamDetector;
  readonly takesErrors: boolean;
  readonly alarms: DetectorAlarm[];
  warnings: number;
}

interface Stream {
  readonly model: string;
  readonly version: string;
  readonly errors: RecordedErrors;
  readonly changes: ChangePlaces;
  readonly running: readonly Running[];
  /** In the span. */
  samples: number;
}

export type Versions = Pick<MonitorContext, 'versionOf'>;

/** Detectors over the recorded errors, all in one pass; each version has its own, as when it is watched. */
export class DetectorPass {
  readonly #streams = new Map<string, Stream>();

  /** @param version of this one alone; null: of all. */
  constructor(
    private readonly wanted: readonly WantedDetector[],
    private readonly version: string | null,
    private readonly changes: readonly GivenChange[],
  ) {}

  /** The next labels. @param told false: the detectors see them, and nothing is told. */
  take({ seq, logTime, labels: { rows } }: PlacedLabels, told: boolean, versions: Versions): void {
    let last: Stream | undefined;
    for (const [index, row] of rows.entries()) {
      if (this.version !== null && row.version !== this.version) continue;
      const stream = last?.version === row.version && last.model === row.model ? last : this.#streamOf(row, versions);
      if (stream === undefined) continue;
      if (told && stream !== last) stream.changes.reached(seq, logTime, stream.samples);
      last = stream;
      const error = stream.errors.take(row, seq, told);
      if (error === null) continue;
      for (const each of stream.running) {
        const signal = each.detector.update(each.takesErrors ? Number(error.wrong) : error.scaled);
        if (!told || signal === 'none') continue;
        if (signal === 'warning') each.warnings++;
        else each.alarms.push(alarmOf(stream.samples, { seq, row: index }, logTime, each.detector));
      }
      if (told) stream.samples++;
    }
  }

  /** Versions that have labels in the span. */
  versions(): readonly VersionErrors[] {
    return [...this.#streams.values()].flatMap(({ model, version, errors }) => {
      const counts = errors.counts();
      return counts.labels + counts.unfit === 0 ? [] : [{ model, version, ...counts }];
    });
  }

  /** @throws CommandFailed for changes that are behind the span's samples */
  reports(within: number | null): DetectorReport[] {
    return [...this.#streams.values()].flatMap(({ model, version, changes, running, samples }) => {
      if (samples === 0) return [];
      const places = changes.of(samples, 'labelled predictions');
      return running.map(({ wanted, detector, alarms, warnings }): DetectorReport => {
        const at = alarms.map(({ index }) => index);
        const { name, version: ofMethod, parameters } = detector;
        return {
          ...{ detector: wanted.text, method: { name, version: ofMethod, parameters }, model, version },
          ...{ samples, warnings, alarms },
          score: scoreAlarms({ samples, alarms: at, changes: places, within: within ?? undefined }),
        };
      });
    });
  }

  #streamOf(
    { model, version }: { readonly model: string; readonly version: string },
    versions: Versions,
  ): Stream | undefined {
    const key = `${model}@${version}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const watched = versions.versionOf(model, version);
    if (watched === undefined) return undefined;
    const stream = {
      ...{ model, version, errors: new RecordedErrors(watched), changes: new ChangePlaces(this.changes), samples: 0 },
      running: this.wanted.map((wanted): Running => ({
        wanted,
        detector: detectorFrom(wanted.name, wanted.parameters),
        takesErrors: detectorKind(wanted.name).takes === 'errors',
        alarms: [],
        warnings: 0,
      })),
    };
    this.#streams.set(key, stream);
    return stream;
  }
}

const alarmOf = (index: number, label: TrafficPosition, logTime: number, detector: StreamDetector): DetectorAlarm => ({
  ...{ index, label, at: isoTime(logTime) },
  reading: detector.reading(),
});
