/** config/monitoring_config.yaml. What is recorded has every value filled in: a replay must not depend on later defaults. */
import { z } from 'zod';
import { deploymentName } from '../names.js';

const share = z.number().min(0).max(1);
const metricBounds = z
  .strictObject({ min: z.number().optional(), max: z.number().optional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected min, max or both');
const parameters = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));

const driftDetection = z.strictObject({
  /** Error rate of the data set's verdict, over all windows of a version. */
  threshold: z.number().gt(0).lt(1),
  /** Rows of a window; null: windows end by time alone. */
  window_size: z.int().min(1).max(10_000_000).nullable(),
  /** Seconds of a window by the log's time; null: windows end by count alone. With both, whichever comes first. */
  window_seconds: z.int().min(60).max(31_536_000).nullable(),
  policy: z.enum(['calibrated', 'evidently']),
  /** How large a difference has to be to count (`calibrated`). */
  effect: share,
  correction: z.enum(['benjamini_hochberg', 'bonferroni', 'holm']),
  /** Tests of single columns by name, and thresholds of their own. */
  tests: z.record(z.string(), z.string()),
  thresholds: z.record(z.string(), z.number()),
  /** `training`: the version's baseline; or one of its own windows. */
  reference: z.union([z.literal('training'), z.strictObject({ window: z.int().positive() })]),
  multivariate: z.enum(['none', 'pca', 'domain_classifier']),
  /** Rows below which a window is not enough evidence. */
  min_rows: z.int().min(1).max(1_000_000),
  /** Windows in a row after which drift is told, and after which it is over. */
  raise_after: z.int().min(1).max(1000),
  clear_after: z.int().min(1).max(1000),
});

const quality = z.strictObject({
  /** Shares of the rows that may be so, missing values beyond the reference's own share. */
  max_missing_increase: share,
  max_out_of_range: share,
  max_unseen: share,
  max_type_errors: share,
  /** A column that varied in the reference and has one value in a window. */
  constant: z.boolean(),
  /** Seconds without a row; null: silence is no issue. */
  max_silence_s: z.number().min(60).nullable(),
  /** A window's rate of rows that is so many times above or below that of the windows before it; null: any rate will do. */
  volume_factor: z.number().gt(1).nullable(),
  clear_after: z.int().min(1).max(1000),
});

const performance = z.strictObject({
  /** Below it (its 95 % interval wholly) a classifier's accuracy is degraded; null: no bound. */
  accuracy_threshold: share.nullable(),
  /** Milliseconds that 95 % of a window's predictions may take; null: no bound. */
  latency_threshold: z.number().positive().nullable(),
  /** Bounds of any other metric. */
  metrics: z.record(z.string(), metricBounds),
  /** Labels below which a window is not judged. */
  min_labels: z.int().min(1).max(1_000_000),
  /** Share of a window's predictions that have labels when it is judged; the others are waited for. */
  label_share: z.number().gt(0).max(1),
  /** Later windows for which labels of a window are waited for. */
  label_wait_windows: z.int().min(1).max(200),
  /** Without labels, performance is estimated from the version's own probabilities (CBPE). */
  estimate: z.boolean(),
  clear_after: z.int().min(1).max(1000),
});

const conceptDrift = z.strictObject({
  /** Detectors on the errors of labelled predictions, each with its parameters. */
  detectors: z.record(z.string(), parameters),
  /** Labels without a further change after which concept drift is over. */
  clear_after_labels: z.int().min(1).max(10_000_000),
});

type DriftDetection = z.infer<typeof driftDetection>;
type Quality = z.infer<typeof quality>;
type Performance = z.infer<typeof performance>;
type ConceptDrift = z.infer<typeof conceptDrift>;

const driftDetectionDefaults: DriftDetection = {
  threshold: 0.05,
  window_size: 1000,
  window_seconds: null,
  policy: 'calibrated',
  effect: 0.1,
  correction: 'benjamini_hochberg',
  tests: {},
  thresholds: {},
  reference: 'training',
  multivariate: 'none',
  min_rows: 100,
  raise_after: 1,
  clear_after: 2,
};

const qualityDefaults: Quality = {
  max_missing_increase: 0.05,
  max_out_of_range: 0.05,
  max_unseen: 0.01,
  max_type_errors: 0.01,
  constant: true,
  max_silence_s: null,
  volume_factor: 5,
  clear_after: 2,
};

const performanceDefaults: Performance = {
  accuracy_threshold: 0.85,
  latency_threshold: 100,
  metrics: {},
  min_labels: 100,
  label_share: 0.9,
  label_wait_windows: 20,
  estimate: true,
  clear_after: 2,
};

const conceptDriftDefaults: ConceptDrift = { detectors: { adwin: {} }, clear_after_labels: 2000 };

const overrides = z.strictObject({
  drift_detection: driftDetection.partial().optional(),
  quality: quality.partial().optional(),
  performance: performance.partial().optional(),
  concept_drift: conceptDrift.partial().optional(),
});

export const monitoringConfig = z
  .strictObject({
    monitoring: z
      .strictObject({
        // What is left out takes its default.
        drift_detection: driftDetection
          .partial()
          .transform((given): DriftDetection => ({ ...driftDetectionDefaults, ...given }))
          .prefault({}),
        quality: quality
          .partial()
          .transform((given): Quality => ({ ...qualityDefaults, ...given }))
          .prefault({}),
        performance: performance
          .partial()
          .transform((given): Performance => ({ ...performanceDefaults, ...given }))
          .prefault({}),
        concept_drift: conceptDrift
          .partial()
          .transform((given): ConceptDrift => ({ ...conceptDriftDefaults, ...given }))
          .prefault({}),
        /** What is different for single deployments, by name. */
        deployments: z.record(deploymentName, overrides).default({}),
      })
      .prefault({}),
  })
  .prefault({});
export type MonitoringConfig = z.infer<typeof monitoringConfig>;

/** How one deployment is watched. */
export interface MonitoringSettings {
  readonly drift_detection: DriftDetection;
  readonly quality: Quality;
  readonly performance: Performance;
  readonly concept_drift: ConceptDrift;
}

/** The settings of a deployment: its own where it has some, else those of all. */
export function monitoringOf({ monitoring }: MonitoringConfig, deployment: string): MonitoringSettings {
  const own = monitoring.deployments[deployment];
  return {
    drift_detection: { ...monitoring.drift_detection, ...own?.drift_detection },
    quality: { ...monitoring.quality, ...own?.quality },
    performance: { ...monitoring.performance, ...own?.performance },
    concept_drift: { ...monitoring.concept_drift, ...own?.concept_drift },
  };
}
